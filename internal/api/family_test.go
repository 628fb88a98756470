package api

import (
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// child makes an account below another.
func (w *world) child(of, name string) string {
	w.Helper()
	return resource.Text(w.must(201, "PUT /v2/accounts/"+of, `{"name":"`+name+`"}`).data(), "id")
}

func TestMove(t *testing.T) { onEach(t, testMove) }

func testMove(t *testing.T, w *world) {
	t.Helper()
	a := w.child(w.creds.AccountID, "A")
	b := w.child(w.creds.AccountID, "B")
	mid := w.child(a, "Mid")
	low := w.child(mid, "Low")
	key := resource.Text(w.must(200, "GET /v2/accounts/"+a+"/api_key", "").data(), "api_key")
	move := func(account, to string, code int) {
		t.Helper()
		w.must(code, "POST /v2/accounts/"+account+"/move", `{"to":"`+to+`"}`)
	}
	master := w.token
	w.token = key
	move(mid, b, 403)                 // out of reach
	move(a, mid, 403)                 // its own
	move(low, w.creds.AccountID, 403) // above itself
	w.token = master
	move(mid, low, 400)
	move(mid, mid, 400)
	move(mid, resource.NewID(), 403)
	move(mid, "x", 400)
	move(mid, b, 200)
	for of, want := range map[string]string{a: "", b: mid, mid: low} {
		if got := w.must(200, "GET /v2/accounts/"+of+"/children", "").ids(); got != want {
			t.Errorf("below %s: %s, not %s", of, got, want)
		}
	}
	if got := w.must(200, "GET /v2/accounts/"+low+"/parents", "").ids(); got != w.creds.AccountID+" "+b+" "+mid {
		t.Errorf("above: %s", got)
	}
	w.token = key
	w.must(403, "GET /v2/accounts/"+low, "")
}

func TestReseller(t *testing.T) {
	w := newWorld(t)
	a := w.child(w.creds.AccountID, "A")
	b := w.child(a, "B")
	of := func(account string) any {
		t.Helper()
		return w.must(200, "GET /v2/accounts/"+account, "").data()["reseller_id"]
	}
	if of(b) != w.creds.AccountID {
		t.Error(of(b))
	}
	if d := w.must(201, "PUT /v2/accounts/"+a+"/reseller", "").data(); d["is_reseller"] != true || d["reseller_id"] != w.creds.AccountID {
		t.Errorf("%v", d)
	}
	if of(b) != a {
		t.Error(of(b))
	}
	master := w.token
	w.token = resource.Text(w.must(200, "GET /v2/accounts/"+a+"/api_key", "").data(), "api_key")
	w.must(403, "PUT /v2/accounts/"+b+"/reseller", "")
	w.token = master
	w.must(200, "DELETE /v2/accounts/"+a+"/reseller", "")
	if of(b) != w.creds.AccountID {
		t.Error(of(b))
	}
}

// TestNothingOfAnAccount is that a deleted account leaves nothing behind and
// holds nothing back.
func TestNothingOfAnAccount(t *testing.T) { onEach(t, testNothingOfAnAccount) }

func testNothingOfAnAccount(t *testing.T, w *world) {
	t.Helper()
	w.must(405, "DELETE /v2/accounts/"+w.creds.AccountID, "")
	w.must(400, "PUT /v2/accounts", `{"name":"S","id":"short"}`)
	fill := func(code int) string {
		t.Helper()
		id := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Gone","realm":"gone.example"}`).data(), "id")
		at := "/v2/accounts/" + id
		w.must(code, "PUT "+at+"/phone_numbers/+12025551234", `{"voice_url":"https://x.example/"}`)
		w.must(201, "PUT "+at+"/users", `{"first_name":"A","last_name":"B","username":"ab","password":"pass"}`)
		w.must(201, "PUT "+at+"/media", `{"name":"m"}`)
		return id
	}
	id := fill(201)
	if err := w.store.Append(t.Context(), []store.Entry{{Account: id, Kind: "cdr", Call: "c", At: time.Now(), JSON: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	w.must(200, "DELETE /v2/accounts/"+id, "")
	w.must(404, "GET /v2/accounts/"+id, "")
	for _, kind := range []string{"user", "media", "phone_number"} {
		if left, err := w.store.List(t.Context(), store.Query{Account: id, Type: kind}); err != nil || len(left) > 0 {
			t.Errorf("%s: %v %v", kind, left, err)
		}
	}
	if lines, err := w.store.Read(t.Context(), store.Window{Account: id}); err != nil || len(lines) > 0 {
		t.Errorf("%v %v", lines, err)
	}
	again := fill(201) // name, realm and number are free
	w.must(200, "DELETE /v2/accounts/"+again, "")
}
