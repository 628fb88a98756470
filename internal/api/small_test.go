package api

import (
	"testing"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/resource"
)

func TestSmall(t *testing.T) {
	w := newWorld(t)
	for _, what := range []string{"GET /v2/about", "GET A/about"} {
		if d := w.must(200, what, "").data(); d["version"] != "1.2.3" {
			t.Errorf("%v", d)
		}
	}
	for _, e := range empties {
		if a := w.must(200, "GET A/"+e.name, ""); asJSON(t, a.env["data"]) != "[]" || asJSON(t, a.env["page_size"]) != "0" {
			t.Error(a.text)
		}
	}
	if a := w.must(200, "GET A/registrations/count", ""); asJSON(t, a.env["data"]) != `{"count":0}` {
		t.Error(a.text)
	}
	w.must(404, "GET A/whitelabel", "")
	w.token = ""
	for _, what := range []string{"", "/logo", "/icon", "/welcome"} {
		if a := w.must(404, "GET /v2/whitelabel/ui.example"+what, ""); a.env["message"] != "not_found" {
			t.Error(a.text)
		}
	}
	w.must(401, "GET /v2/nothing", "")
}

func TestLimits(t *testing.T) { onEach(t, testLimits) }

func testLimits(t *testing.T, w *world) {
	t.Helper()
	child := w.child(w.creds.AccountID, "Child")
	at := "/v2/accounts/" + child + "/limits"
	limit := func(want int) {
		t.Helper()
		if n, err := answering.New(w.store.Docs).Limit(t.Context(), child); n != want || err != nil {
			t.Errorf("%d, not %d: %v", n, want, err)
		}
	}
	limit(-1)
	if d := w.must(200, "GET "+at, "").data(); d["calls"] != nil || d["allow_prepay"] != true {
		t.Errorf("%v", d)
	}
	if d := w.must(200, "POST "+at, `{"calls":2}`).data(); asJSON(t, d["calls"]) != "2" {
		t.Errorf("%v", d)
	}
	limit(2)
	for body, path := range map[string]string{
		`{"calls":-1}`: "calls", `{"calls":1,"inbound_trunks":3}`: "inbound_trunks", `{"allow_prepay":false}`: "allow_prepay",
	} {
		if a := w.must(400, "POST "+at, body); a.data()[path] == nil {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	limit(2)
	master := w.token
	w.token = resource.Text(w.must(200, "GET /v2/accounts/"+child+"/api_key", "").data(), "api_key")
	w.must(200, "GET "+at, "")
	w.must(403, "POST "+at, `{"calls":9}`) // its own
	w.token = master
	w.must(200, "POST "+at, `{}`)
	limit(-1)
}

func TestChannels(t *testing.T) {
	w := newWorld(t)
	w.add("c1", w.offered("+12025551234@a.example"))
	rows := w.must(200, "GET A/channels", "").rows()
	if len(rows) != 1 {
		t.Fatalf("%v", rows)
	}
	d := w.must(200, "GET A/channels/c1", "").data()
	if d["uuid"] != "c1" || d["answered"] != false || d["direction"] != "inbound" || asJSON(t, rows[0]) == "" {
		t.Errorf("%v", d)
	}
	if a := w.must(404, "GET A/channels/other", ""); a.data()["cause"] != "other" {
		t.Error(a.text)
	}
	if a := w.must(400, "POST A/channels/c1", `{"action":"transfer"}`); a.fault("action", "enum") == "" {
		t.Error(a.text)
	}
	w.must(200, "POST A/channels/c1", `{"action":"hangup"}`)
	w.must(404, "POST A/channels/other", `{"action":"hangup"}`)
	if len(w.ended) != 1 || w.ended[0] != "c1" {
		t.Errorf("%v", w.ended)
	}
}
