package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// timeline keeps a call's facts.
type timeline struct {
	mu  sync.Mutex
	all []event.Event
}

func (l *timeline) Add(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

// of is the facts of one type.
func of[F event.Fact](l *timeline) []F {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []F
	for _, e := range l.all {
		if f, ok := e.What.(F); ok {
			out = append(out, f)
		}
	}
	return out
}

// website is a customer's web server: what it was asked, and pages by path.
type website struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request // with their forms read
}

func newWebsite(t *testing.T, pages map[string]http.HandlerFunc) *website {
	t.Helper()
	w := &website{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.mu.Lock()
		w.asked = append(w.asked, r)
		w.mu.Unlock()
		if page, ok := pages[r.URL.Path]; ok {
			page(rw, r)
			return
		}
		http.NotFound(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

// says answers with callflow JSON.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, body)
	}
}

// put sets a collection, for tests to begin with.
var put = flow.Define(flow.Def[map[string]string]{
	Name: "put",
	Run: func(_ context.Context, s *flow.Session, d map[string]string) (flow.Next, error) {
		for k, v := range d {
			s.SetCollection(k, v)
		}
		return flow.Next{}, nil
	},
})

func pivotEngine(t *testing.T, log event.Log) *flow.Engine {
	t.Helper()
	web := webhook.New(webhook.Config{Guard: webhook.Guard{AllowLoopback: true}, MaxBytes: 5000})
	t.Cleanup(web.Close)
	return flow.NewEngine(flow.Config{Log: log, Actions: []flow.Action{
		pivot(web, map[string]Dialect{"kazoo": kazoo.Dialect{}}, nil), noop, put, answer, hangup,
	}})
}

// ring runs a program on a call until it is over.
func ring(t *testing.T, program string) *timeline {
	t.Helper()
	var n flow.Node
	if err := json.Unmarshal([]byte(program), &n); err != nil {
		t.Fatal(err)
	}
	log := &timeline{}
	leg := fake.New(call.Info{ID: "1@host", From: "1000", FromRealm: "from.test"}, log)
	if err := pivotEngine(t, log).Run(t.Context(), leg, flow.Start{Account: "acc", Program: &n}); err != nil {
		t.Fatal(err)
	}
	return log
}

// modules are the steps that ran, in order.
func (l *timeline) modules() string {
	var out []string
	for _, s := range of[event.Started](l) {
		out = append(out, s.Module)
	}
	return strings.Join(out, " ")
}

func TestPivot(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/app/start": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/v2/start", http.StatusFound) },
		"/v2/start": says(`{"module":"answer","children":{"_":{"module":"put","data":{"default":"12","pin":"34"},` +
			`"children":{"_":{"module":"pivot","data":{"voice_url":"next?x=1","method":"POST","custom_request_headers":{"X-Own":"1"}}}}}}}`),
		"/v2/next":    says(`{"module":"pivot","data":{"voice_url":"../v3/last","method":"post","req_body_format":"json","debug":true}}`),
		"/v3/last":    says(`{"module":"pivot","data":{"voice_url":"/v4/nothing"}}`),
		"/v4/nothing": func(http.ResponseWriter, *http.Request) {},
	})
	var body string
	site.Config.Handler = tee(site.Config.Handler, "/v3/last", &body)
	log := ring(t, fmt.Sprintf(`{"module":"pivot","data":{"voice_url":%q}}`, site.URL+"/app/start"))

	var got []string
	for _, r := range site.asked {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL.Path, r.Form.Get("Call-Status"), r.Form.Get("Digits[default]"), r.Form.Get("Digits[pin]")))
	}
	want := []string{
		"GET /app/start ringing  ", "GET /v2/start   ", "POST /v2/next in-progress 12 34", "POST /v3/last   ", "GET /v4/nothing in-progress  34",
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
	if site.asked[2].Header.Get("X-Own") != "1" || site.asked[2].URL.RawQuery != "x=1" {
		t.Errorf("asked %v", site.asked[2])
	}
	if !strings.Contains(body, `"Digits":{"pin":"34"}`) || !strings.Contains(body, `"Call-ID":"1@host"`) {
		t.Errorf("the JSON was %s", body)
	}
	fetched := of[event.Fetched](log)
	if len(fetched) != 4 || len(of[event.Fetching](log)) != 4 || len(of[event.Decoded](log)) != 3 {
		t.Fatalf("%d fetched", len(fetched))
	}
	for i, f := range fetched {
		if f.ID != i+1 || f.Failure != "" || f.Debug != (i == 2) || f.URL != of[event.Fetching](log)[i].URL {
			t.Errorf("%+v", f)
		}
	}
	if w := of[event.Warned](log); len(w) != 1 || w[0].Code != "pivot.empty" {
		t.Errorf("warned %+v", w)
	}
	if e := of[event.Ended](log); len(e) != 1 || e[0].Cause != "NORMAL_CLEARING" || e[0].By != call.ByUs {
		t.Errorf("ended %+v", e)
	}
}

// tee keeps the body of what path is asked.
func tee(h http.Handler, path string, into *string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			b, _ := io.ReadAll(r.Body)
			*into = string(b)
			r.Body = io.NopCloser(strings.NewReader(*into))
		}
		h.ServeHTTP(w, r)
	})
}

// TestPivotFails is every kind of failure, on the first request of a call and
// on a later one: the child "error" is taken, else "_", else the call ends.
func TestPivotFails(t *testing.T) {
	plain := newWebsite(t, nil)
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/hang": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"/500":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"/loop": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusSeeOther) },
		"/in": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		},
		"/huge": says(strings.Repeat(" ", 6000)),
		"/xml": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, "<Response/>")
		},
		"/json":   says("{\n\"module\": }"),
		"/schema": says(`{"module":"noop","children":{"_":{"module":"nope"},"1":{"module":"pivot"}}}`),
		"/guard":  says(`{"module":"pivot","data":{"voice_url":"http://10.0.0.1/"}}`),
		"/broken": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
		},
	})
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, x := range []struct{ url, kind, says string }{
		{"http://nobody.invalid/", event.FailDNS, "no address"},
		{gone.URL, event.FailConnect, "refused"},
		{strings.Replace(plain.URL, "http", "https", 1), event.FailTLS, "no secure connection"},
		{site.URL + "/hang", event.FailTimeout, "no answer within 300ms"},
		{site.URL + "/in", event.FailGuard, "169.254.169.254 is refused"},
		{site.URL + "/loop", event.FailRedirects, "more than 10"},
		{site.URL + "/500", event.FailStatus, "500"},
		{site.URL + "/huge", event.FailSize, "5000 bytes"},
		{site.URL + "/broken", event.FailProtocol, "broke off"},
		{site.URL + "/xml", event.FailContentType, "TwiML"},
		{site.URL + "/json", event.FailParse, "line 2, column 11"},
		{site.URL + "/schema", event.FailSchema, "children._.module"},
		{site.URL + "/guard", event.FailSchema, "data.voice_url: invalid client URL"},
	} {
		for name, children := range map[string]string{
			"answer": `{"error":{"module":"answer"},"_":{"module":"noop"}}`,
			"noop":   `{"_":{"module":"noop"}}`,
			"":       `{}`,
		} {
			t.Run(strings.Join([]string{x.kind, name}, " to "), func(t *testing.T) {
				t.Parallel()
				limit := 5000
				if x.kind == event.FailTimeout {
					limit = 300
				}
				failing := fmt.Sprintf(`{"module":"pivot","data":{"voice_url":%q,"req_timeout_ms":%d},"children":%s}`, x.url, limit, children)
				first := newWebsite(t, map[string]http.HandlerFunc{"/": says(failing)})
				for _, program := range []string{failing, fmt.Sprintf(`{"module":"pivot","data":{"voice_url":%q}}`, first.URL+"/")} {
					log := ring(t, program)
					fetched := of[event.Fetched](log)
					f := fetched[len(fetched)-1]
					if f.Failure != x.kind || !strings.Contains(f.Err, x.says) {
						t.Errorf("failed as %q: %s", f.Failure, f.Err)
					}
					want := strings.TrimSpace(strings.Repeat("pivot ", len(fetched)) + name)
					if got := log.modules(); got != want {
						t.Errorf("ran %q, want %q", got, want)
					}
					if e := of[event.Failed](log); len(e) != 1 || e[0].Code != "pivot."+x.kind {
						t.Errorf("told %+v", e)
					}
					if len(of[event.Ended](log)) != 1 {
						t.Error("the call did not end")
					}
					if (f.Parse != nil) != (x.kind == event.FailParse) || (f.Faults != nil) != (x.kind == event.FailSchema) {
						t.Errorf("told %+v", f)
					}
				}
			})
		}
	}
}

// TestPivotKeepsDigits for the next server to be told when the first fails.
func TestPivotKeepsDigits(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{"/second": says(`{"module":"hangup"}`)})
	ring(t, fmt.Sprintf(`{"module":"put","data":{"default":"12"},"children":{"_":{"module":"pivot","data":{"voice_url":%q},
		"children":{"_":{"module":"pivot","data":{"voice_url":%q}}}}}}`, site.URL+"/first", site.URL+"/second"))
	for _, r := range site.asked {
		if r.Form.Get("Digits") != "12" {
			t.Errorf("%s was told %q", r.URL.Path, r.Form.Get("Digits"))
		}
	}
	if len(site.asked) != 2 {
		t.Errorf("asked %d times", len(site.asked))
	}
}

// TestPivotHungUp is a caller who hangs up while the server thinks.
func TestPivotHungUp(t *testing.T) {
	leg := fake.New(call.Info{ID: "1@host"}, nil)
	site := newWebsite(t, map[string]http.HandlerFunc{"/": func(_ http.ResponseWriter, r *http.Request) {
		leg.Drop()
		<-r.Context().Done()
	}})
	log := &timeline{}
	program := &flow.Node{Module: "pivot", Data: json.RawMessage(fmt.Sprintf(`{"voice_url":%q}`, site.URL+"/"))}
	if err := pivotEngine(t, log).Run(t.Context(), leg, flow.Start{Program: program}); err != nil {
		t.Fatal(err)
	}
	if f := of[event.Fetched](log); len(f) != 1 || f[0].Failure != event.FailCancelled {
		t.Errorf("%+v", f)
	}
	if e := of[event.Ended](log); len(e) != 1 || e[0].By != call.ByCaller {
		t.Errorf("%+v", e)
	}
}

func TestPivotCheck(t *testing.T) {
	web := webhook.New(webhook.Config{})
	t.Cleanup(web.Close)
	action := pivot(web, map[string]Dialect{"kazoo": kazoo.Dialect{}}, nil)
	for _, x := range []struct{ data, want string }{
		{`{"voice_url":"https://example.com/voice"}`, ""},
		{`{"voice_url":"next.php?x=1"}`, ""},
		{`{"voice_url":"/a/b","method":"POST","req_timeout_ms":"5000"}`, ""},
		{`{}`, "voice_url required: Field is required but missing"},
		{`{"voice_url":""}`, "voice_url error: invalid client URL"},
		{`{"voice_url":"http://127.0.0.1/"}`, "voice_url error: invalid client URL"},
		{`{"voice_url":"http://LOCALHOST:80/"}`, "voice_url error: invalid client URL"},
		{`{"voice_url":"//10.0.0.1/"}`, "voice_url error: invalid client URL"},
		{`{"voice_url":"ftp://example.com/"}`, "voice_url error: invalid client URL"},
		{`{"voice_url":"http://[::1/"}`, "voice_url error: invalid client URL"},
		{`{"voice_url":"/a","req_timeout_ms":5001}`, "req_timeout_ms maximum: Value must be at most 5000"},
		{`{"voice_url":"/a","req_timeout_ms":-1}`, "req_timeout_ms minimum: Value must be at least 0"},
		{`{"voice_url":"/a","req_format":"twiml"}`, "req_format error: twiml is not supported yet; use kazoo"},
		{`{"voice_url":"/a","custom_request_headers":{"Content-Length":"1"}}`, "custom_request_headers.Content-Length error: the header Content-Length is set by Pivot and cannot be chosen"},
		{`{"voice_url":"/a","custom_request_headers":{"X-Own":"1"},"cdr_url":"http://a.test"}`, ""},
	} {
		_, faults := action.Check(json.RawMessage(x.data))
		var got string
		for _, f := range faults {
			got += f.Dotted() + " " + f.Rule + ": " + f.Message
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", x.data, got, x.want)
		}
	}
}

// TestPivotRelative cannot be: a stored callflow has no URL to start from.
func TestPivotRelative(t *testing.T) {
	f := of[event.Fetched](ring(t, `{"module":"pivot","data":{"voice_url":"next"}}`))
	if len(f) != 1 || f[0].Failure != event.FailGuard || !strings.Contains(f[0].Err, "relative") {
		t.Errorf("%+v", f)
	}
}

// BenchmarkPivotAsk is what is done before a request leaves, and after its
// answer came: all that Pivot adds to the time of a key press.
func BenchmarkPivotAsk(b *testing.B) {
	done := errors.New("enough")
	web := quick{Body: []byte(`{"module":"pivot","data":{"voice_url":"/again"}}`)}
	e := flow.NewEngine(flow.Config{Burst: 1 << 30, Steps: b.N + 1, Actions: []flow.Action{
		pivoter{web: web, dialects: map[string]Dialect{"kazoo": kazoo.Dialect{}}, bound: b.N + 1}.action(),
	}})
	ctx, cancel := context.WithCancelCause(b.Context())
	defer cancel(done)
	leg := fake.New(call.Info{ID: "1@host", From: "1000", FromRealm: "from.test"}, nil)
	b.ReportAllocs()
	b.ResetTimer()
	_ = e.Run(ctx, leg, flow.Start{Program: &flow.Node{Module: "pivot", Data: json.RawMessage(`{"voice_url":"http://a.test/"}`)}})
}

// quick is a web server that answers at once.
type quick webhook.Answer

func (q quick) Ask(_ context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	return event.Fetched{ID: r.ID, Took: event.Millis(time.Millisecond)}, webhook.Answer{
		URL: "http://a.test/", ContentType: "application/json", Body: q.Body,
	}
}

func (quick) CheckURL(string) error { return nil }
