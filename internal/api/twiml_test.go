package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// CheckDocument makes a DocumentChecker of the world: "bad" is a fault.
func (w *world) CheckDocument(_ context.Context, d Document) Report {
	r := Report{Language: strings.Join([]string{d.ContentType, d.Format, d.Compat}, "|")}
	if at := strings.Index(string(d.Body), "bad"); at >= 0 {
		r.Faults = schema.Faults{{
			Path: []string{"Response", "bad"}, Rule: "verb", Message: "bad is no verb",
			Extra: map[string]any{"line": 1, "column": at + 1, "code": 12200, "suggestion": "Say"},
		}}
	}
	return r
}

func TestCheckDocument(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ kind, query, body, language, faults string }{
		{"text/xml", "", "raw:<Response/>", "text/xml||", "[]"},
		{"text/xml", "?req_format=twiml&compat=twilio", "raw:<bad/>", "text/xml|twiml|twilio", `[{"code":12200,"column":2,"line":1,"message":"bad is no verb","path":"Response.bad","rule":"verb","suggestion":"Say"}]`},
		{"application/json", "", `raw:{"module":"hangup","data":{}}`, "application/json||", "[]"},
		{"application/json", "", `raw:{"module":`, "application/json||", "[]"},
		{"application/x-www-form-urlencoded", "", "raw:<Response/>", "||", "[]"},
		{"application/json", "", `{"document":"<R/>","content_type":"text/xml","compat":"pivot"}`, "text/xml||pivot", "[]"},
		{"application/json", "", `{"document":"","req_format":"kazoo"}`, "|kazoo|", "[]"},
		{"", "", "", "||", "[]"},
	} {
		w.head = http.Header{}
		if test.kind != "" {
			w.head.Set("Content-Type", test.kind)
		}
		a := w.must(200, "POST A/pivot/check"+test.query, test.body)
		want := fmt.Sprintf(`{"faults":%s,"language":%q,"valid":%t,"warnings":[]}`, test.faults, test.language, test.faults == "[]")
		if got := asJSON(t, a.data()); got != want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	w.head = http.Header{}
	w.must(400, "POST A/pivot/check?compat=x", "raw:<R/>")
	w.must(400, "POST A/pivot/check", `{"document":"x","req_format":"x"}`)
	if a := w.must(400, "POST A/pivot/check", `{}`); a.fault("document", "required") == "" {
		t.Error(a.text)
	}
	if a := w.must(400, "POST A/pivot/check", "raw:"+strings.Repeat("x", rest.MaxBody+1)); a.fault("file", "maxSize") == "" {
		t.Error(a.text)
	}
}

func FuzzCheckBody(f *testing.F) {
	for _, seed := range []string{`{"data":{"document":"x"}}`, `{"module":"x","data":{}}`, "<a/>", "[[[", `{"data":null}`, `{"data":5}`} {
		f.Add("application/json", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if data, ok := enveloped(kind, body); ok && data == nil {
			t.Errorf("no data in %s", body)
		}
	})
}

func TestSigningKeys(t *testing.T) { onEach(t, testSigningKeys) }

func testSigningKeys(t *testing.T, w *world) {
	t.Helper()
	const at = "A/signing_key"
	get := func() (first, second, signs string) {
		t.Helper()
		d := w.must(200, "GET "+at, "").data()
		keys, err := w.people.SigningKeys(t.Context(), w.creds.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		return resource.Text(d, "signing_key"), resource.Text(d, "second_signing_key"), keys[0]
	}
	first, none, signs := get()
	if len(first) != 32 || none != "" || signs != first {
		t.Errorf("%q %q %q", first, none, signs)
	}
	w.must(201, "PUT "+at, "")
	second, old, signs := get()
	if second == first || old != first || signs != first {
		t.Errorf("%q %q %q", second, old, signs)
	}
	w.must(201, "PUT "+at, "")
	third, old, signs := get()
	if third == second || old != second || signs != second {
		t.Errorf("%q %q %q", third, old, signs)
	}
	w.must(200, "DELETE "+at, "")
	w.must(200, "DELETE "+at, "")
	if last, none, signs := get(); last != third || none != "" || signs != third {
		t.Errorf("%q %q %q", last, none, signs)
	}
	account := "/v2/accounts/" + w.creds.AccountID
	if a := w.must(200, "GET "+account, ""); strings.Contains(a.text, third) {
		t.Error("shown unasked")
	}
	if a := w.must(200, "PATCH "+account, `{"signing_key":"mine","pvt_signing_keys":["mine"]}`); a.data()["signing_key"] != nil {
		t.Error(a.text)
	}
	if a := w.must(200, "GET "+account+"?include_signing_key=true", ""); a.data()["signing_key"] != third || a.data()["api_key"] != nil {
		t.Error(a.text)
	}
	child, _, _ := w.tenants()
	if keys, err := w.people.SigningKeys(t.Context(), child); err != nil || len(keys) != 1 || keys[0] == third {
		t.Errorf("%v %v", keys, err)
	}
}

func TestConfiguredSigningKey(t *testing.T) {
	w := newWorld(t)
	child, _, _ := w.tenants()
	boot := func(key string) []string {
		t.Helper()
		if _, err := identity.Bootstrap(t.Context(), w.cfg.Docs, identity.BootstrapConfig{SigningKey: key}); err != nil {
			t.Fatal(err)
		}
		keys, err := w.people.SigningKeys(t.Context(), w.creds.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	made := boot("")
	const configured = "0123456789abcdef"
	w.must(201, "PUT A/signing_key", "")
	for _, key := range []string{configured, configured, ""} {
		if keys := boot(key); len(keys) != 1 || keys[0] != configured {
			t.Errorf("%q: %v after %v", key, keys, made)
		}
	}
	// An account from before there were keys gets one.
	if _, err := w.people.Accounts().Update(t.Context(), child, func(d *resource.Draft) { delete(d.Private, "pvt_signing_keys") }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.people.SigningKeys(t.Context(), child); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	boot("")
	if keys, err := w.people.SigningKeys(t.Context(), child); err != nil || len(keys) != 1 {
		t.Errorf("%v %v", keys, err)
	}
	for _, bad := range []string{"short", "with spaces in it, and long", strings.Repeat("x", 129)} {
		if _, err := identity.Bootstrap(t.Context(), w.cfg.Docs, identity.BootstrapConfig{SigningKey: bad}); !errors.Is(err, identity.ErrSigningKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestNumbers(t *testing.T) { onEach(t, testNumbers) }

// answers is what the program that answers a number has in its data.
func (w *world) answers(number string, all ...string) {
	w.Helper()
	start, err := answering.New(w.store.Docs).Answer(w.Context(), w.creds.AccountID, call.Info{Request: number})
	if err != nil {
		w.Fatal(err)
	}
	for _, want := range all {
		if got := string(start.Program.Data); !strings.Contains(got, want) {
			w.Errorf("%s is answered by %s %s, without %s", number, start.Program.Module, got, want)
		}
	}
}

func testNumbers(t *testing.T, w *world) {
	t.Helper()
	const one = "A/phone_numbers/+12025551234"
	a := w.must(201, "PUT A/phone_numbers/2025551234", `{"voice_url":"https://a.example/v","voice_method":"GET","x":1,"state":"aging","pvt_y":1}`)
	if want := "/v2/accounts/" + w.creds.AccountID + "/phone_numbers/+12025551234"; a.head.Get("Location") != want {
		t.Errorf("location %q", a.head.Get("Location"))
	}
	d := w.must(200, "GET "+one, "").data()
	if d["id"] != "+12025551234" || d["state"] != "in_service" || d["used_by"] != "pivot" || d["voice_method"] != "get" ||
		d["assigned_to"] != w.creds.AccountID || asJSON(t, d["x"]) != "1" || d["pvt_y"] != nil {
		t.Error(asJSON(t, d))
	}
	if ro, _ := resource.At(d, "_read_only.features.available"); asJSON(t, ro) != "[]" {
		t.Error(asJSON(t, d))
	}
	if a := w.must(409, "PUT "+one, `{}`); a.env["message"] != "number_exists" || a.data()["cause"] != "+12025551234" {
		t.Error(a.text)
	}
	rev := resource.Text(w.must(200, "PATCH "+one, `{"status_callback":"https://a.example/s","status_callback_event":["initiated"]}`).env, "revision")
	w.must(200, "GET A/phone_numbers/%2B12025551234", "")
	w.answers("12025551234", `"method":"get"`, `"status_callback_event":["initiated"]`, `"status_callback_method":"post"`)
	w.head.Set("If-Match", `"x"`)
	w.must(409, "POST "+one, `{}`)
	w.head.Set("If-Match", `"`+rev+`"`)
	d = w.must(200, "POST "+one, `{"voice_url":"https://b.example/","voice_fallback_url":""}`).data()
	if d["status_callback"] != nil || d["x"] != nil || d["voice_url"] != "https://b.example/" {
		t.Error(asJSON(t, d))
	}
	w.head = http.Header{}
	w.answers("+12025551234", `"method":"post"`, `"voice_url":"https://b.example/"`)
	w.must(201, "PUT A/phone_numbers/2600", `{}`)
	w.answers("2600", `"code":404`)
	list := w.must(200, "GET A/phone_numbers", "")
	numbers, _ := list.data()["numbers"].(resource.Object)
	if len(numbers) != 2 || resource.Text(numbers, "+12025551234.state") != "in_service" || resource.Text(numbers, "2600.used_by") != "" ||
		asJSON(t, list.env["page_size"]) != "2" {
		t.Error(list.text)
	}
	list = w.must(200, `GET A/phone_numbers?filter_state=["in_service"]&filter_voice_url=https://b.example/&page_size=1`, "")
	if numbers, _ = list.data()["numbers"].(resource.Object); len(numbers) != 1 || numbers["+12025551234"] == nil {
		t.Error(list.text)
	}
	gone := w.must(200, "DELETE "+one, "").data()
	if deleted, _ := resource.At(gone, "_read_only.deleted"); deleted != true {
		t.Error(gone)
	}
	if a := w.must(404, "GET "+one, ""); a.env["message"] != "bad_identifier" {
		t.Error(a.text)
	}
	w.must(404, "PATCH "+one, "{}")
	w.must(404, "DELETE "+one, "")
	w.must(201, "PUT "+one, "{}")
}

func TestNumberFaults(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/callflows", `{"id":"f","name":"Main","numbers":["2600"]}`)
	for body, fault := range map[string]string{
		`{"voice_fallback_url":"https://a.example/"}`:                 "voice_fallback_url dependencies",
		`{"status_callback":"https://a.example/"}`:                    "status_callback dependencies",
		`{"voice_url":"http://127.0.0.1/"}`:                           "voice_url error",
		`{"voice_url":"https://a/","voice_fallback_url":"ftp://x"}`:   "voice_fallback_url error",
		`{"voice_url":"https://a/","status_callback":"x"}`:            "status_callback error",
		`{"voice_url":"https://a/","voice_method":"put"}`:             "voice_method enum",
		`{"voice_url":"https://a/","status_callback_event":["busy"]}`: "status_callback_event.0 enum",
		`{"voice_url":7}`:                  "voice_url type",
		`{"create_with_state":"reserved"}`: "create_with_state enum",
		`{"voice_url":"https://a/"}`:       "voice_url unique",
	} {
		path, rule, _ := strings.Cut(fault, " ")
		a := w.must(400, "PUT A/phone_numbers/2600", body)
		if a.fault(path, rule) == "" {
			t.Errorf("%s: %s", body, a.text)
		}
		if rule == "dependencies" && !strings.Contains(a.text, "21405") {
			t.Error(a.text)
		}
	}
	for _, bad := range []string{"bob", "+1x", "a@b", strings.Repeat("1", 21)} {
		if a := w.must(400, "PUT A/phone_numbers/"+bad, "{}"); a.fault("id", "pattern") == "" {
			t.Error(a.text)
		}
	}
	// A callflow takes a number over, which then can be changed but for its URL.
	w.must(201, "PUT A/phone_numbers/2601", `{"voice_url":"https://a.example/"}`)
	w.must(201, "PUT A/callflows", `{"numbers":["2601"]}`)
	if d := w.must(200, "PATCH A/phone_numbers/2601", `{"x":1}`).data(); d["used_by"] != "callflow" {
		t.Error(d)
	}
	w.must(400, "PATCH A/phone_numbers/2601", `{"voice_url":"https://b.example/"}`)
	list := w.must(200, "GET A/phone_numbers", "").data()
	if used, _ := resource.At(list, "numbers.2601.used_by"); used != "callflow" {
		t.Error(list)
	}
}

// TestOneOwner has accounts want the same numbers.
func TestOneOwner(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	child, _, _ := w.tenants()
	at := func(account, number string) string { return "/v2/accounts/" + account + "/phone_numbers/" + number }
	const number = "+12025551234"
	w.must(201, "PUT "+at(child, number), "{}")
	w.must(409, "PUT "+at(w.creds.AccountID, number), "{}")
	w.must(404, "GET "+at(w.creds.AccountID, number), "")
	w.must(201, "PUT "+at(child, "2600"), "{}") // one inside of an account is another account's too
	w.must(201, "PUT "+at(w.creds.AccountID, "2600"), "{}")
	w.must(200, "DELETE "+at(child, number), "")
	w.must(201, "PUT "+at(w.creds.AccountID, number), "{}")
	w.must(409, "PUT "+at(child, number), "{}")
	w.must(200, "DELETE "+at(w.creds.AccountID, number), "")

	// What was refused holds nothing.
	w.must(400, "PUT "+at(child, number), `{"voice_url":7}`)
	w.must(201, "PUT "+at(w.creds.AccountID, number), "{}")

	// A claim of which nothing came holds for a while.
	const other = "+12025550000"
	claim := store.Doc{
		Key: store.Key{Type: documents.NumberClaimType, ID: other}, JSON: []byte(`{"account":"` + child + `"}`),
	}
	if _, err := w.store.Put(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	w.must(409, "PUT "+at(w.creds.AccountID, other), "{}")
	clock.at = clock.at.Add(6 * time.Minute)
	w.must(201, "PUT "+at(w.creds.AccountID, other), "{}")
	w.must(409, "PUT "+at(child, other), "{}")

	key := resource.Text(w.must(200, "GET /v2/accounts/"+child+"/api_key", "").data(), "api_key")
	w.token = key
	w.must(403, "PUT "+at(child, "+12025559999"), "{}") // or else any account could take any number first
	w.must(201, "PUT "+at(child, "777"), "{}")
}

// TestReadYourWrites reads the records of a call as soon as it is over.
func TestReadYourWrites(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		call := fmt.Sprintf("c%d", i)
		w.add(call, w.offered("bob"), ended)
		for _, path := range []string{"A/cdrs?filter_call_id=" + call, "A/calls?filter_call_id=" + call} {
			if a := w.must(200, "GET "+path, ""); len(a.rows()) != 1 {
				t.Fatalf("%s: %s", path, a.text)
			}
		}
		w.must(200, "GET A/cdrs/"+call, "")
	}
}
