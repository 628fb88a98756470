package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
	"github.com/pivotvoice/pivot/internal/store/sqlstore"
)

// The actions of these tests.
type (
	pivotData struct {
		VoiceURL string `json:"voice_url" jsonschema:"required,pattern=^https?://"`
		Method   string `json:"method" jsonschema:"enum=get,enum=post"`
		Debug    bool   `json:"debug" jsonschema:"default=false"`
	}
	voicemailData struct {
		ID     string `json:"id,omitempty" jsonschema:"minLength=32,maxLength=32"`
		Action string `json:"action" jsonschema:"enum=compose,enum=check"`
	}
)

func nothing[D any](context.Context, *flow.Session, D) (flow.Next, error) { return flow.Stop, nil }

var testActions = []flow.Action{
	flow.Define(flow.Def[pivotData]{Name: "pivot", Default: pivotData{Method: "get"}, Run: nothing[pivotData]}),
	flow.Define(flow.Def[voicemailData]{Name: "voicemail", Default: voicemailData{Action: "compose"}, Run: nothing[voicemailData]}),
	flow.Define(flow.Def[struct{}]{Name: "hangup", Run: nothing[struct{}]}),
}

// signing is one key for all tests: making one takes long.
var signing = sync.OnceValue(func() store.Doc {
	docs := store.Memory().Docs
	if err := identity.New(identity.Config{Docs: docs}).Issue(context.Background(), &identity.Identity{}); err != nil {
		return store.Doc{}
	}
	all, err := docs.List(context.Background(), store.Query{Type: "signing_key"})
	if err != nil || len(all) != 1 {
		return store.Doc{}
	}
	all[0].Rev = 0
	return all[0]
})

// lightEffort hashes passwords in no time, as no server does: see
// TestPasswordsAreSlow of package identity.
var lightEffort = identity.Effort{Passes: 1, Memory: 8}

// world is an API with a first account, and what is behind it.
type world struct {
	*testing.T
	*Server
	store store.Store
	calls *observe.Calls
	creds identity.Credentials
	token string // sent with every request
	from  string // the client's address
	head  http.Header
	ended []string // calls hung up
	noMP3 bool
}

func (w *world) Interrupt(call string, _ flow.Next) bool {
	w.ended = append(w.ended, call)
	return true
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	return worldOn(t, store.Memory(), change...)
}

// onEach runs a test on each of the stores.
func onEach(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("sqlite", func(t *testing.T) {
		db, err := sqlstore.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		test(t, worldOn(t, db.Store))
	})
	t.Run("postgres", func(t *testing.T) {
		db, err := sqlstore.OpenPostgres(t.Context(), t.TempDir(), postgrestest.Start(t).Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		test(t, worldOn(t, db.Store))
	})
}

func worldOn(t *testing.T, st store.Store, change ...func(*Config)) *world {
	t.Helper()
	w := &world{T: t, store: st, from: "192.0.2.1:5000", head: http.Header{}}
	key := signing()
	if _, err := w.store.Put(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	w.calls = observe.NewCalls(observe.Config{Journal: w.store.Journal, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(w.calls.Close)
	cfg := Config{
		Docs: w.store.Docs, Journal: w.store.Journal, Blobs: w.store.Blobs, Calls: w.calls, Documents: w, MP3: w, URLs: w,
		Version: "1.2.3", Node: "test", Interrupter: w,
		Checker: flow.NewEngine(flow.Config{Actions: testActions}), Actions: testActions, effort: lightEffort,
	}
	for _, c := range change {
		c(&cfg)
	}
	w.Server = New(cfg)
	var err error
	w.creds, err = identity.New(identity.Config{Docs: cfg.Docs, Effort: lightEffort}).Bootstrap(t.Context(),
		identity.BootstrapConfig{Account: "pivot", Admin: "admin:secret"})
	if err != nil {
		t.Fatal(err)
	}
	w.token = w.creds.APIKey
	return w
}

// answer is a response read.
type answer struct {
	code int
	head http.Header
	text string
	env  resource.Object
}

func (a answer) data() resource.Object { o, _ := a.env["data"].(resource.Object); return o }

func (a answer) rows() []any { l, _ := a.env["data"].([]any); return l }

// fault is a message under data, by path and rule.
func (a answer) fault(path, rule string) string {
	rules, _ := a.data()[path].(resource.Object)
	return resource.Text(rules, rule+".message")
}

// ids are the ids of the rows, one after another.
func (a answer) ids() string {
	var ids []string
	for _, r := range a.rows() {
		o, _ := r.(resource.Object)
		ids = append(ids, resource.Text(o, "id"))
	}
	return strings.Join(ids, " ")
}

// do asks for "METHOD path"; body is put into an envelope unless it has one.
func (w *world) do(what, body string) answer {
	w.Helper()
	method, path, _ := strings.Cut(what, " ")
	path = strings.Replace(path, "A/", "/v2/accounts/"+w.creds.AccountID+"/", 1)
	if body != "" && !strings.HasPrefix(body, `{"data"`) && !strings.HasPrefix(body, "raw:") {
		body = `{"data":` + body + `}`
	}
	req := httptest.NewRequest(method, path, strings.NewReader(strings.TrimPrefix(body, "raw:")))
	req.RemoteAddr = w.from
	req.Header = w.head.Clone()
	if w.token != "" {
		req.Header.Set("X-Auth-Token", w.token)
	}
	return w.send(req)
}

func (w *world) send(req *http.Request) answer {
	w.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, req)
	a := answer{code: rec.Code, head: rec.Result().Header, text: rec.Body.String()}
	if strings.HasPrefix(a.text, "{") {
		v, err := resource.Parse(rec.Body.Bytes())
		if err != nil {
			w.Fatalf("%s %s: %v in %s", req.Method, req.URL, err, a.text)
		}
		a.env, _ = v.(resource.Object)
	}
	return a
}

// must is do, and the status it must have.
func (w *world) must(code int, what, body string) answer {
	w.Helper()
	a := w.do(what, body)
	if a.code != code {
		w.Fatalf("%s: %d, not %d: %s", what, a.code, code, a.text)
	}
	return a
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// TestEvery walks each resource through its whole life, with its own example.
func TestEvery(t *testing.T) { onEach(t, testEvery) }

func testEvery(t *testing.T, w *world) {
	t.Helper()
	for _, r := range w.resources {
		t.Run(r.Name, func(t *testing.T) {
			w.T = t
			w.life(r, "A/"+r.Name)
		})
	}
	t.Run("nested", func(t *testing.T) {
		w.T = t
		w.must(201, "PUT A/lists", `{"id":"numbers","name":"N"}`)
		w.life(documents.ListEntries.Resource, "A/lists/numbers/entries")
	})
	t.Run("of the server", func(t *testing.T) {
		w.T = t
		w.life(documents.Carriers.Resource, "/v2/resources")
	})
}

// life is that of a document at a path.
func (w *world) life(r resource.Resource, at string) {
	if r.Fixed {
		w.shortLife(r)
		return
	}
	a := w.must(201, "PUT "+at, string(r.Example))
	id, rev := resource.Text(a.data(), "id"), resource.Text(a.env, "revision")
	path := strings.Replace(at, "A/", "/v2/accounts/"+w.creds.AccountID+"/", 1)
	if want := path + "/" + id; a.head.Get("Location") != want {
		w.Errorf("location %q, not %q", a.head.Get("Location"), want)
	}
	if len(id) != 32 || a.head.Get("ETag") != `"`+rev+`"` {
		w.Errorf("id %q, etag %q, revision %q", id, a.head.Get("ETag"), rev)
	}
	one := at + "/" + id
	made := asJSON(w.T, w.must(200, "GET "+one, "").data())
	if strings.Contains(made, "pvt_") {
		w.Errorf("private keys are shown: %s", made)
	}
	w.head.Set("If-None-Match", `"`+rev+`"`)
	if a := w.must(304, "GET "+one, ""); a.text != "" {
		w.Errorf("304 with %s", a.text)
	}
	w.head.Del("If-None-Match")
	if !strings.Contains(w.must(200, "GET "+at, "").ids(), id) {
		w.Errorf("not in the list")
	}
	if faults := w.must(400, "PUT "+at, `{"name":{},"first_name":{}}`); faults.env["message"] != "validation error" {
		w.Errorf("an empty one: %s", faults.text)
	}
	w.patches(r, one)
	w.head.Set("If-Match", `"`+rev+`"`)
	if a := w.must(409, "POST "+one, string(r.Example)); a.env["message"] != "datastore_conflict" {
		w.Errorf("a stale If-Match: %s", a.text)
	}
	w.head.Del("If-Match")
	replaced := w.must(200, "POST "+one, string(r.Example)).data()
	if replaced["x_note"] != nil {
		w.Errorf("a replaced one keeps %v", replaced["x_note"])
	}
	if got := asJSON(w.T, w.must(200, "GET "+one, "").data()); got != made {
		w.Errorf("the same again is not the same:\n%s\n%s", got, made)
	}
	w.must(409, "PUT "+at, strings.Replace(string(r.Example), "{", `{"id":"`+id+`","numbers":["1"],"username":"y",`, 1))
	gone := w.must(200, "DELETE "+one, "").data()
	if deleted, _ := resource.At(gone, "_read_only.deleted"); deleted != true {
		w.Errorf("deleted: %v", gone)
	}
	if a := w.must(404, "GET "+one, ""); a.env["message"] != "bad_identifier" || a.data()["cause"] != id {
		w.Errorf("after: %s", a.text)
	}
	w.must(404, "DELETE "+one, "")
	if strings.Contains(w.must(200, "GET "+at, "").ids(), id) {
		w.Errorf("still in the list")
	}
	w.must(201, "PUT "+at, string(r.Example)) // what was unique is free again
}

// patches changes parts of a document, if it is not one that is changed as a
// whole.
func (w *world) patches(r resource.Resource, one string) {
	if r.NoPatch {
		w.must(405, "PATCH "+one, `{"x_note":1}`)
		w.must(200, "POST "+one, strings.Replace(string(r.Example), "{", `{"x_note":1,`, 1))
		return
	}
	patched := w.must(200, "PATCH "+one, `{"x_note":{"a":1,"b":[1.50]},"pvt_secret":1,"_x":2}`).data()
	w.must(200, "PATCH "+one, `{"x_note":{"a":null,"c":"d"}}`)
	if got := asJSON(w.T, w.must(200, "GET "+one, "").data()["x_note"]); got != `{"b":[1.50],"c":"d"}` {
		w.Errorf("patched %v to %s", patched, got)
	}
}

// shortLife is that of what clients do not make.
func (w *world) shortLife(r resource.Resource) {
	at := "A/" + r.Name
	example, err := resource.ParseObject(r.Example)
	if err != nil {
		w.Fatal(err)
	}
	d, err := w.in(r, w.creds.AccountID).Create(w.Context(), example)
	if err != nil {
		w.Fatal(err)
	}
	one := at + "/" + d.ID
	for k, v := range w.must(200, "GET "+one, "").data() {
		if !resource.Equal(d.Show()[k], v) && k != "_read_only" {
			w.Errorf("%s is %v", k, v)
		}
	}
	if list := w.must(200, "GET "+at, ""); list.ids() != d.ID {
		w.Errorf("%s", list.text)
	}
	for _, method := range []string{"POST", "PATCH"} {
		w.must(405, method+" "+one, "{}")
	}
	w.must(405, "PUT "+at, "{}")
	w.must(200, "DELETE "+one, "")
	w.must(404, "GET "+one, "")
	w.must(404, "DELETE "+one, "")
}

func TestEnvelope(t *testing.T) {
	w := newWorld(t)
	w.head.Set("X-Request-ID", "abc-123")
	a := w.must(200, "GET A/callflows", "")
	for key, want := range map[string]string{
		"status": `"success"`, "request_id": `"abc-123"`, "version": `"1.2.3"`, "page_size": "0",
		"data": "[]", "tokens": `{"consumed":0,"remaining":100}`,
	} {
		if got := asJSON(t, a.env[key]); got != want {
			t.Errorf("%s: %s, not %s", key, got, want)
		}
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", resource.Text(a.env, "timestamp")); err != nil {
		t.Error(err)
	}
	for _, absent := range []string{"auth_token", "revision", "start_key", "next_start_key", "error", "message"} {
		if a.env[absent] != nil {
			t.Errorf("%s: %v", absent, a.env[absent])
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Request-Id": "abc-123", "Expires": "Fri, 01 Jan 1999 00:00:00 GMT",
	} {
		if got := a.head.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	w.head.Set("X-Request-ID", "bad\x7f id")
	if a := w.must(200, "GET A/callflows?pretty_print=true", ""); len(a.head.Get("X-Request-Id")) != 32 || !strings.Contains(a.text, "\n  ") {
		t.Errorf("%v %s", a.head, a.text)
	}
}

// BenchmarkRead is one callflow by way of a token: the signature, the user and
// the account are looked at each time.
func BenchmarkRead(b *testing.B) {
	st := store.Memory()
	if _, err := st.Put(b.Context(), signing()); err != nil {
		b.Fatal(err)
	}
	c, err := identity.Bootstrap(b.Context(), st.Docs, identity.BootstrapConfig{})
	if err != nil {
		b.Fatal(err)
	}
	s := New(Config{Docs: st.Docs, Journal: st.Journal, Checker: flow.NewEngine(flow.Config{Actions: testActions})})
	do := func(method, path, token, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		req.Header.Set("X-Auth-Token", token)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		return rec
	}
	token := do("PUT", "/v2/api_auth", c.APIKey, `{"data":{"api_key":"`+c.APIKey+`"}}`).Header().Get("X-Auth-Token")
	all := "/v2/accounts/" + c.AccountID + "/callflows"
	do("PUT", all, token, `{"data":{"id":"f","numbers":["1"],"flow":{"module":"hangup"}}}`)
	for name, with := range map[string]string{"token": token, "key": c.APIKey} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if rec := do("GET", all+"/f", with, ""); rec.Code != http.StatusOK {
					b.Fatal(rec.Body)
				}
			}
		})
	}
}
