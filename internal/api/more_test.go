package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestOperations holds what is declared of each operation to what docs need.
func TestOperations(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for _, op := range w.Operations() {
		name := op.Method + " " + op.Path
		if seen[name] || op.Summary == "" || op.Group == "" || op.Do == nil {
			t.Errorf("%s: twice, or not told: %+v", name, op)
		}
		seen[name] = true
		for _, p := range op.Params {
			if p.Name == "" || p.Summary == "" {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if op.Who == rest.Account && !strings.HasPrefix(op.Path, "accounts/{account_id}") {
			t.Errorf("%s asks for an account that its path has not", name)
		}
	}
}

// TestNobodyGetsIn asks for every operation without a token, and with one of
// another account: only what is for anyone answers.
func TestNobodyGetsIn(t *testing.T) {
	w := newWorld(t)
	_, _, stranger := w.tenants()
	fill := strings.NewReplacer("{account_id}", w.creds.AccountID, "{id}", "x", "{call_id}", "x", "{cdr_id}", "x", "{token}", "x", "{name}", "x", "{number}", "x")
	for i, op := range w.Operations() {
		if op.Who == rest.Anyone {
			continue
		}
		w.T, w.token, w.from = t, "", fmt.Sprintf("198.51.100.%d:1", i%250) // a bucket each
		if a := w.do(op.Method+" /v2/"+fill.Replace(op.Path), ""); a.code != http.StatusUnauthorized {
			t.Errorf("%s %s without a token: %d", op.Method, op.Path, a.code)
		}
		w.from = "192.0.2.77:1"
		if w.token = stranger; op.Who > rest.Linked {
			continue
		}
		if a := w.do(op.Method+" /v2/"+fill.Replace(op.Path), ""); a.code != http.StatusForbidden {
			t.Errorf("%s %s of another account: %d", op.Method, op.Path, a.code)
		}
	}
}

func TestLoginByNumber(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/callflows", `{"numbers":["2025551234"]}`)
	w.token = ""
	digest, _ := identity.Digests("admin", "secret")
	w.must(201, "PUT /v2/user_auth", `{"credentials":"`+digest+`","phone_number":"12025551234"}`)
	w.must(401, "PUT /v2/user_auth", `{"credentials":"`+digest+`","phone_number":"999"}`)
	w.must(401, "PUT /v2/user_auth", `{"credentials":"`+digest+`","account_name":"nobody"}`)
}

// TestHeartbeat keeps a quiet stream open, and ends it with its client.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/accounts/"+w.creds.AccountID+"/calls/c1/events", nil)
		req.Header.Set("Accept", rest.TypeEvents)
		req.Header.Set("X-Auth-Token", w.token)
		w.add("c1", w.offered("bob"), event.Answered{})
		rec := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.ServeHTTP(rec, req)
		}()
		time.Sleep(46 * time.Second)
		w.add("c1", ended)
		<-done
		if n := strings.Count(rec.Body.String(), ": still here\n\n"); n != 3 {
			t.Errorf("%d heartbeats in %s", n, rec.Body)
		}
		if !strings.HasSuffix(rec.Body.String(), "event: end\ndata: {}\n\n") {
			t.Error(rec.Body)
		}
		w.calls.Close()
	})
}

// TestFullLocation is the path of what was made, whatever way was taken there.
func TestFullLocation(t *testing.T) {
	w := newWorld(t)
	a := w.must(201, "PUT /v2/account/callflows/", `{"id":"a@b","numbers":["1"]}`)
	if want := "/v2/accounts/" + w.creds.AccountID + "/callflows/a@b"; a.head.Get("Location") != want {
		t.Errorf("%q, not %q", a.head.Get("Location"), want)
	}
	w.must(200, "GET "+a.head.Get("Location"), "")
}

// TestTooDeep is that a document nested too deeply is told of where bad JSON
// is, too: under a name.
func TestTooDeep(t *testing.T) {
	w := newWorld(t)
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	a := w.must(400, "PUT A/menus", `{"name":"M","x":`+deep+`}`)
	if !strings.Contains(a.fault("json", "invalid"), "nested deeper than 200") {
		t.Errorf("%s", a.text)
	}
}

// TestSoftDelete is that what is deleted is not to be seen, and that its id
// stays taken: nothing else is ever found under a link to it. What only one
// document may have is free again.
func TestSoftDelete(t *testing.T) {
	w := newWorld(t)
	for _, res := range w.resources {
		if res.Fixed || res.Name == "media" { // media are removed for good, if they are prompts
			continue
		}
		path := "A/" + res.Name
		id := resource.Text(w.must(201, "PUT "+path, string(res.Example)).data(), "id")
		gone := w.must(200, "DELETE "+path+"/"+id, "")
		if resource.Text(gone.data(), "id") != id || !strings.Contains(gone.text, `"_read_only":{"deleted":true}`) {
			t.Errorf("deleting of %s is answered with %s", path, gone.text)
		}
		for _, again := range []string{"GET", "POST", "PATCH", "DELETE"} {
			if a := w.do(again+" "+path+"/"+id, string(res.Example)); a.code != 404 {
				t.Errorf("%s %s, deleted: %d", again, path, a.code)
			}
		}
		if rows := w.must(200, "GET "+path, "").text; strings.Contains(rows, id) {
			t.Errorf("%s lists what is deleted: %s", path, rows)
		}
		with := strings.Replace(string(res.Example), "{", `{"id":"`+id+`",`, 1)
		if a := w.do("PUT "+path, with); a.code != 409 || a.env["message"] != "datastore_conflict" {
			t.Errorf("an id of %s is taken again: %d %s", path, a.code, a.text)
		}
		w.must(201, "PUT "+path, string(res.Example))
	}
}

// TestHardDelete frees the id, and no old revision fits what takes it.
func TestHardDelete(t *testing.T) {
	w := newWorld(t)
	first := w.must(201, "PUT A/callflows", `{"id":"f","numbers":["1"]}`)
	w.must(200, "DELETE A/callflows/f?should_soft_delete=false", "")
	second := w.must(201, "PUT A/callflows", `{"id":"f","numbers":["1"]}`)
	if first.data()["id"] != second.data()["id"] || first.env["revision"] == second.env["revision"] {
		t.Errorf("%s %s", first.text, second.text)
	}
	if all, err := w.store.History(t.Context(), store.Key{Account: w.creds.AccountID, Type: "callflow", ID: "f"}, 0); err != nil || len(all) != 1 {
		t.Errorf("%d revisions, %v", len(all), err)
	}
}

// TestChanged is what the rest of the server learns of.
func TestChanged(t *testing.T) {
	var got []string
	w := newWorld(t, func(c *Config) {
		c.Changed = func(ch resource.Change) { got = append(got, ch.New.Type+" "+ch.New.ID) }
	})
	w.must(201, "PUT A/callflows", `{"id":"f","numbers":["1"]}`)
	w.must(200, "PATCH A/callflows/f", `{"x":1}`)
	w.must(200, "DELETE A/callflows/f", "")
	if strings.Join(got, ",") != "callflow f,callflow f,callflow f" {
		t.Errorf("%v", got)
	}
}
