package api

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// lit is a world with lamps.
func lit(t *testing.T) (*world, *presence.Board) {
	t.Helper()
	st := store.Memory()
	b := presence.New(st.Docs)
	w := worldOn(t, st, func(c *Config) { c.Presence = b })
	if err := b.Load(t.Context(), w.creds.AccountID); err != nil {
		t.Fatal(err)
	}
	return w, b
}

// TestPresence sets, reads, lists and resets lamps as Kazoo's clients do.
func TestPresence(t *testing.T) {
	w, b := lit(t)
	const all = " /v2/accounts/its/presence"
	path := func(s string) string { return strings.Replace(s, "its", w.creds.AccountID, 1) }
	if got := w.must(200, path("GET"+all), ""); lampsIn(got) != "" {
		t.Error(got.text)
	}
	before := gregorian.Seconds(time.Now())
	set := w.must(200, path("POST"+all+"/100"), `{"action":"set","state":"confirmed"}`).data()
	if set["id"] != "100" || set["presence_id"] != "100@"+w.creds.Realm || set["state"] != "confirmed" || set["manual_state"] != "confirmed" {
		t.Errorf("%v", set)
	}
	if since, ok := set["since"].(interface{ Int64() (int64, error) }); !ok {
		t.Errorf("since %v", set["since"])
	} else if n, err := since.Int64(); err != nil || n < before {
		t.Errorf("since %d, not %d", n, before)
	}
	w.must(201, path("PUT"+all+"/101"), `{"state":"early"}`)
	b.Add(event.Event{Call: "x", What: event.Offered{Account: w.creds.AccountID, Direction: "inbound", Request: "102@" + w.creds.Realm}})
	phone, err := b.Watch("103", w.creds.Realm, func() {})
	if err != nil {
		t.Fatal(err)
	}
	phone.By(presence.Subscriber{
		CallID: "a call", Event: "dialog", From: "104@here", Since: time.Now(), Until: time.Now().Add(time.Hour),
	})
	if got := w.must(200, path("GET"+all), ""); lampsIn(got) != "100 101 102 103" {
		t.Errorf("%s", got.text)
	}
	if got := w.must(200, path("GET"+all+"?ascending=false&page_size=3"), ""); lampsIn(got) != "101 102 103" || got.env["next_start_key"] != "100" {
		t.Errorf("%s", got.text)
	}
	if got := w.must(200, path("GET"+all+"?start_key=102&page_size=1"), ""); lampsIn(got) != "102" || got.env["next_start_key"] != "103" {
		t.Errorf("%s", got.text)
	}
	at, _ := resource.At(w.must(200, path("GET"+all+"?start_key=103"), "").data(), "subscriptions.103.dialog.a call")
	if subscription, _ := at.(resource.Object); subscription["from"] != "104@here" || subscription["timestamp"] == nil || subscription["expires"] == nil {
		t.Errorf("%v", at)
	}
	live, watched := w.must(200, path("GET"+all+"/102"), "").data(), w.must(200, path("GET"+all+"/103@"+w.creds.Realm), "").data()
	if live["state"] != "early" || resource.Text(live, "manual_state") != "" || live["calls"] == watched["calls"] {
		t.Errorf("%v", live)
	}
	if watched["state"] != "terminated" || live["subscriptions"] == watched["subscriptions"] {
		t.Errorf("%v", watched)
	}
	if got := w.must(200, path("POST"+all+"/100"), `{"action":"reset"}`).data(); got["state"] != "terminated" {
		t.Errorf("%v", got)
	}
	if got := w.must(201, path("PUT"+all+"/101"), `{"state":"terminated"}`).data(); got["state"] != "terminated" {
		t.Errorf("%v", got)
	}
	if got := w.must(200, path("GET"+all), ""); lampsIn(got) != "102 103" {
		t.Errorf("%s", got.text)
	}
}

// lampsIn are the extensions in a list of lamps.
func lampsIn(a answer) string {
	all, _ := a.data()["subscriptions"].(resource.Object)
	return strings.Join(slices.Sorted(maps.Keys(all)), " ")
}

// TestLampsOf sets and resets the lamps of users and devices, by all the words
// that Kazoo's clients have for it.
func TestLampsOf(t *testing.T) {
	w, _ := lit(t)
	its := " /v2/accounts/" + w.creds.AccountID
	user := func(name, more string) string {
		return w.must(201, "PUT"+its+"/users", `{"first_name":"A","last_name":"B","username":"`+name+`","password":"pass"`+more+`}`).data()["id"].(string)
	}
	device := func(more string) string {
		return w.must(201, "PUT"+its+"/devices", `{"name":"D"`+more+`}`).data()["id"].(string)
	}
	named, bare := user("ada", `,"presence_id":"1001"`), user("bob", "")
	desk := device(`,"owner_id":"` + bare + `","sip":{"username":"desk"}`)
	soft := device(`,"owner_id":"` + bare + `","presence_id":"1003","sip":{"username":"soft"}`)
	none := device(`,"owner_id":"` + bare + `"`)
	for _, c := range []struct {
		code                  int
		path, body, lit, name string
	}{
		{200, "/users/" + named + "/presence", `{"action":"set","state":"confirmed"}`, "1001", "a user's own"},
		{200, "/users/" + bare + "/presence", `{"state":"early"}`, "1001 1003 desk", "those of a user's devices"},
		{200, "/devices/" + soft + "/presence", `{"reset":true}`, "1001 desk", "reset: true"},
		{200, "/devices/" + desk + "/presence", `{"reset":"true"}`, "1001", "as a text"},
		{200, "/presence/1001", `{"reset":true}`, "", "of an extension"},
		{200, "/devices/" + desk + "/presence", `{"action":"set","state":"early"}`, "desk", "a SIP username"},
		{200, "/users/" + bare + "/presence", `{"action":"reset"}`, "", "all again"},
		{400, "/devices/" + none + "/presence", `{"reset":true}`, "", "a device without a name"},
		{400, "/users/" + named + "/presence", `{}`, "", "no state"},
		{404, "/users/nobody/presence", `{"reset":true}`, "", "no user"},
		{404, "/devices/nothing/presence", `{"reset":true}`, "", "no device"},
	} {
		w.must(c.code, "POST"+its+c.path, c.body)
		if got := w.must(200, "GET"+its+"/presence", ""); lampsIn(got) != c.lit {
			t.Errorf("%s: %s", c.name, got.text)
		}
	}
}

// TestPresenceRefused is what cannot be set or asked, and who may.
func TestPresenceRefused(t *testing.T) {
	w, _ := lit(t)
	one := " /v2/accounts/" + w.creds.AccountID + "/presence/"
	for _, c := range []struct {
		what, body string
		code       int
		path, rule string
	}{
		{"PUT" + one + "100", `{}`, 400, "state", "required"},
		{"PUT" + one + "100", `{"state":"asleep"}`, 400, "state", "enum"},
		{"POST" + one + "100", `{"action":"dance"}`, 400, "action", "enum"},
		{"PUT" + one + "100@other.test", `{"state":"early"}`, 404, "", ""},
		{"GET" + one + "100@other.test", "", 404, "", ""},
		{"GET" + one + strings.Repeat("1", 200), "", 404, "", ""},
		{"DELETE" + one + "100", "", 405, "", ""},
	} {
		a := w.must(c.code, c.what, c.body)
		if c.path != "" && a.fault(c.path, c.rule) == "" {
			t.Errorf("%s %s: %s", c.what, c.body, a.text)
		}
	}
	full := shownError(t, presence.ErrFull)
	if full.Status != 400 {
		t.Errorf("%+v", full)
	}
	w.must(201, "PUT /v2/accounts/"+w.creds.AccountID+"/users",
		`{"first_name":"A","last_name":"B","username":"ab","password":"pass","priv_level":"user"}`)
	w.token = w.tokenOf("pivot", "ab", "pass", "md5")
	w.must(200, "GET"+one+"100", "")
	w.must(403, "PUT"+one+"100", `{"state":"early"}`)
}

// shownError is the answer to an error of the board.
func shownError(t *testing.T, err error) *rest.Error {
	t.Helper()
	r := &rest.Request{}
	_, err = shownLamp(r, presence.Status{}, err)
	return r.Explain(err)
}
