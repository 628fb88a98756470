package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// tags stands for a dialect of XML: a callflow node behind "<Response>".
type tags struct{ name string }

func (d tags) Form(s *flow.Session) url.Values {
	v := url.Values{
		"CallSid": {s.Leg.Info().ID}, "From": {s.Leg.Info().From}, "CallStatus": {"ringing"}, "Profile": {d.name},
	}
	for name, value := range s.Told() {
		v.Set(name, value)
	}
	if digits := s.Collections()[flow.Default]; digits != "" {
		v.Set("Digits", digits)
	}
	return v
}

func (d tags) JSON(s *flow.Session) ([]byte, error) { return json.Marshal(d.Form(s)) }

func (d tags) Decode(_ string, body []byte, check func(*flow.Node) (*flow.Node, schema.Faults)) (*flow.Node, error) {
	program, _, err := d.Read(webhook.Answer{Body: body}, check)
	return program, err
}

func (tags) Read(a webhook.Answer, check func(*flow.Node) (*flow.Node, schema.Faults)) (*flow.Node, schema.Faults, error) {
	if strings.TrimSpace(string(a.Body)) == "" {
		return nil, nil, nil
	}
	if a.ContentType == "application/json" {
		n, err := kazoo.Dialect{}.Decode(a.ContentType, a.Body, check)
		return n, nil, err
	}
	text, ok := strings.CutPrefix(string(a.Body), "<Response>")
	if !ok {
		return nil, nil, &event.ParseError{Line: 1, Column: 1, Message: "no <Response>"}
	}
	if text == "bad" {
		return nil, nil, schema.Faults{{
			Path: []string{"Response", "Gather@finishOnKey"}, Rule: "enum", Message: "no key",
			Extra: map[string]any{"line": 2, "column": 3, "code": 13310},
		}}
	}
	text = strings.ReplaceAll(text, "URL", a.URL)
	var n flow.Node
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return nil, nil, err
	}
	full, faults := check(&n)
	return full, schema.Faults{{
		Path: []string{"Response"}, Rule: "odd", Message: "an oddity", Extra: map[string]any{"line": 4, "column": 5},
	}}, faults.Err()
}

// doc answers with a document of tags.
func doc(node string) http.HandlerFunc { return as("text/xml", "<Response>"+node) }

func as(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

var (
	speak = flow.Define(flow.Def[map[string]any]{
		Name: "tts", Needs: flow.Answer,
		Run: func(context.Context, *flow.Session, map[string]any) (flow.Next, error) { return flow.Next{}, nil },
	})
	tell = flow.Define(flow.Def[map[string]string]{
		Name: "tell",
		Run: func(_ context.Context, s *flow.Session, d map[string]string) (flow.Next, error) {
			s.Tell(d)
			return flow.Next{}, nil
		},
	})
	// leave is a caller who hangs up, and a step that still goes on.
	leaving = flow.Define(flow.Def[map[string]string]{
		Name: "leaving", Branches: []string{"then"},
		Run: func(_ context.Context, s *flow.Session, _ map[string]string) (flow.Next, error) {
			s.Leg.(*fake.Phone).Drop()
			s.Tell(map[string]string{"RecordingSid": "r1"})
			return flow.Last("then"), nil
		},
	})
)

func signingKeys(_ context.Context, account string) []string {
	return []string{"key of " + account, "old"}
}

// twimlCall runs a program with the dialects of TwiML on a call until it is over.
func twimlCall(t *testing.T, web Asker, program string) (*timeline, *fake.Phone) {
	t.Helper()
	var n flow.Node
	if err := json.Unmarshal([]byte(program), &n); err != nil {
		t.Fatal(err)
	}
	log := &timeline{}
	leg := fake.New(call.Info{ID: "1@host", From: "1000", FromRealm: "from.test"}, log)
	e := flow.NewEngine(flow.Config{Log: log, Actions: []flow.Action{
		pivot(web, map[string]Dialect{"kazoo": kazoo.Dialect{}, "twiml": tags{"pivot"}, "twilio": tags{"twilio"}}, signingKeys),
		noop, put, answer, hangup, speak, tell, leaving, checkCID, setCID,
	}})
	if err := e.Run(t.Context(), leg, flow.Start{Account: "acc", Program: &n}); err != nil {
		t.Fatal(err)
	}
	return log, leg
}

func client(t *testing.T) *webhook.Client {
	t.Helper()
	web := webhook.New(webhook.Config{Guard: webhook.Guard{AllowLoopback: true}, MaxBytes: 5000})
	t.Cleanup(web.Close)
	return web
}

// lines are the webhooks of a website: method, path, and the parameters named.
func (w *website) lines(names ...string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, r := range w.asked {
		line := r.Method + " " + r.URL.Path
		for _, n := range names {
			if r.Form.Has(n) {
				line += " " + n + "=" + r.Form.Get(n)
			}
		}
		out = append(out, line)
	}
	return out
}

// scripted is a web server that answers with one node after the other, and
// keeps what it was asked.
type scripted struct {
	mu    sync.Mutex
	saw   []webhook.Request
	nodes []string
}

func (s *scripted) Ask(_ context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saw = append(s.saw, r)
	a := webhook.Answer{URL: r.URL, ContentType: "text/xml"}
	if len(s.nodes) > 0 {
		a.Body, s.nodes = []byte("<Response>"+s.nodes[0]), s.nodes[1:]
	}
	return event.Fetched{ID: r.ID, Status: 200}, a
}

func (*scripted) CheckURL(string) error { return nil }

// TestProfiles is what each asks with, and what stays the same in a call.
func TestProfiles(t *testing.T) {
	const next = `{"module":"pivot","data":{"voice_url":"next","req_format":"twiml"%s}}`
	for _, x := range []struct {
		data, method, contentType, profile string
		timeout, connect                   time.Duration
		retries                            int
		any2xx                             bool
	}{
		{`"req_format":"twiml"`, "GET", "", "pivot", 5 * time.Second, 0, 0, false},
		{`"req_format":"twiml","compat":"pivot","method":"post"`, "POST", "", "pivot", 5 * time.Second, 0, 0, false},
		{
			`"req_format":"twiml","compat":"twilio"`, "POST", "application/x-www-form-urlencoded; charset=utf-8", "twilio",
			15 * time.Second, 5 * time.Second, 1, true,
		},
		{
			`"req_format":"twiml","compat":"twilio","method":"get","req_timeout_ms":700`, "GET",
			"application/x-www-form-urlencoded; charset=utf-8", "twilio", 700 * time.Millisecond, 5 * time.Second, 1, true,
		},
	} {
		web := &scripted{nodes: []string{fmt.Sprintf(next, ""), fmt.Sprintf(next, `,"method":"post"`)}}
		twimlCall(t, web, `{"module":"pivot","data":{"voice_url":"http://a.test/x/voice",`+x.data+`}}`)
		if len(web.saw) != 3 {
			t.Fatalf("%s: asked %d times", x.data, len(web.saw))
		}
		first := web.saw[0]
		if first.Method != x.method || first.ContentType != x.contentType || first.Timeout != x.timeout ||
			first.Connect != x.connect || first.Retry.Times != x.retries || first.Any2xx != x.any2xx || first.Header.Get("Accept") != "*/*" {
			t.Errorf("%s: asked %+v", x.data, first)
		}
		for i, r := range web.saw {
			if r.ID != i+1 || r.Params.Get("Profile") != x.profile || r.Jar == nil || r.Jar != first.Jar || r.Cache != first.Cache ||
				len(r.SigningKeys) != 2 || r.SigningKeys[0] != "key of acc" || r.Token == "" || i > 0 && r.Token == first.Token {
				t.Errorf("%s: request %d: %+v", x.data, i, r)
			}
			if i > 0 && r.URL != "http://a.test/x/next" {
				t.Errorf("asked %s", r.URL)
			}
		}
		if want := map[string]string{"pivot": "GET", "twilio": "POST"}[x.profile]; web.saw[1].Method != want || web.saw[2].Method != "POST" {
			t.Errorf("%s: %s and %s", x.data, web.saw[1].Method, web.saw[2].Method)
		}
	}
}

// TestTold is what a step found, told once; the current document asked again
// without what it was told before; cookies; and the signature.
func TestTold(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/voice": func(w http.ResponseWriter, r *http.Request) {
			if r.Form.Has("SpeechResult") {
				if r.Header.Get("Cookie") != "seen=1" {
					t.Errorf("cookie %q", r.Header.Get("Cookie"))
				}
				doc(`{"module":"pivot","data":{"voice_url":"/last","req_format":"twiml"}}`)(w, r)
				return
			}
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
			doc(`{"module":"tell","data":{"SpeechResult":"yes"},"children":{"_":{"module":"pivot","data":{"voice_url":"","req_format":"twiml"}}}}`)(w, r)
		},
	})
	log, _ := twimlCall(t, client(t), fmt.Sprintf(`{"module":"pivot","data":{"voice_url":%q,"req_format":"twiml"}}`, site.URL+"/voice?t=1"))
	want := []string{"GET /voice t=1", "GET /voice t=1 SpeechResult=yes", "GET /last"}
	if got := site.lines("t", "SpeechResult"); !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
	for _, r := range site.asked {
		if n := len(r.URL.Query()["CallSid"]); n != 1 {
			t.Errorf("%s has CallSid %d times", r.URL, n)
		}
		if got, want := r.Header.Get(webhook.SignatureHeader), webhook.Sign("key of acc", "http://"+r.Host+r.RequestURI, nil); got != want {
			t.Errorf("signed %q, want %q", got, want)
		}
	}
	if w := of[event.Warned](log); len(w) == 0 || w[0].Code != "document.odd" || w[0].Message != "line 4, column 5: Response: an oddity" {
		t.Errorf("warned %+v", w)
	}
}

// TestFallback is asked once, by its own method, with what went wrong, from
// the first pivot of a call on.
func TestFallback(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/voice":    doc(`{"module":"put","data":{"default":"12"},"children":{"_":{"module":"pivot","data":{"voice_url":"/broken?a=b","req_format":"twiml"}}}}`),
		"/broken":   doc("bad"),
		"/fallback": doc(`{"module":"noop"}`),
	})
	log, _ := twimlCall(t, client(t), fmt.Sprintf(
		`{"module":"pivot","data":{"voice_url":%q,"req_format":"twiml","fallback_url":%q,"fallback_method":"post"}}`,
		site.URL+"/voice", strings.Replace(site.URL, "//", "//me:pw@", 1)+"/fallback"))
	want := []string{
		"GET /voice CallSid=1@host", "GET /broken CallSid=1@host Digits=12",
		"POST /fallback CallSid=1@host Digits=12 ErrorCode=13310 ErrorUrl=" + site.URL + "/broken?a=b",
	}
	if got := site.lines("CallSid", "Digits", "ErrorCode", "ErrorUrl"); !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
	if got := log.modules(); got != "pivot put pivot noop" {
		t.Errorf("ran %s", got)
	}
	if f := of[event.Failed](log); len(f) != 1 || f[0].Code != "pivot.schema" || f[0].Faults[0].Line != 2 || f[0].Faults[0].Column != 3 {
		t.Errorf("told %+v", f)
	}
	if f := of[event.Fetching](log); len(f) != 3 || f[1].Fallback || !f[2].Fallback {
		t.Errorf("told %+v", f)
	}
	if user, password, _ := site.asked[2].BasicAuth(); user != "me" || password != "pw" {
		t.Error("the fallback's password is missing")
	}
}

// TestFallbackJSON has what went wrong among the rest.
func TestFallbackJSON(t *testing.T) {
	var body string
	site := newWebsite(t, nil)
	site.Config.Handler = tee(site.Config.Handler, "/fallback", &body)
	twimlCall(t, client(t), fmt.Sprintf(
		`{"module":"pivot","data":{"voice_url":%q,"req_format":"twiml","method":"post","req_body_format":"json","fallback_url":%q}}`,
		site.URL+"/none", site.URL+"/fallback"))
	if !strings.Contains(body, `"ErrorCode":"11200"`) || !strings.Contains(body, `"ErrorUrl":"`+site.URL+`/none"`) || !strings.Contains(body, "CallSid") {
		t.Errorf("told %s", body)
	}
}

// TestFallbackNumbers are Twilio's for each kind of failure.
func TestFallbackNumbers(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/500":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"/loop": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusSeeOther) },
		"/text": as("text/xml", "hello"),
		"/bad":  doc("bad"),
		"/node": doc(`{"module":"nope"}`),
		"/json": as("application/json", "{"),
		"/huge": as("text/xml", strings.Repeat("x", 6000)),
		"/slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"/fall": doc(`{"module":"noop"}`),
	})
	for where, want := range map[string]string{
		"http://nobody.invalid/": "11205", "http://127.0.0.1:1/": "11205", "/slow#tt=200": "11205", "/loop": "11215",
		"/500": "11200", "/404": "11200", "/huge": "11200", "http://10.0.0.1/": "11100", "relative": "11100",
		"/text": "12100", "/json": "12100", "/bad": "13310", "/node": "12200",
	} {
		t.Run(where, func(t *testing.T) {
			target := where
			if strings.HasPrefix(where, "/") {
				target = site.URL + where
			}
			// The guard's addresses are refused in data, so that they are only met
			// behind a redirect; here nobody looks at the data.
			log, _ := twimlCall(t, anyURL{client(t)}, fmt.Sprintf(
				`{"module":"pivot","data":{"voice_url":%q,"req_format":"twiml","fallback_url":%q}}`, target, site.URL+"/fall?for="+url.QueryEscape(where)))
			last := site.asked[len(site.asked)-1]
			if last.Form.Get("for") != where || last.Form.Get("ErrorCode") != want {
				t.Errorf("told %v", last.Form)
			}
			if got := log.modules(); got != "pivot noop" {
				t.Errorf("ran %s", got)
			}
		})
	}
}

// anyURL lets every URL into data.
type anyURL struct{ *webhook.Client }

func (anyURL) CheckURL(string) error { return nil }

// TestSorry is what a caller hears when nothing else is left: never nothing.
func TestSorry(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/later": doc(`{"module":"answer","children":{"_":{"module":"pivot","data":{"voice_url":"/none","req_format":"twiml"}}}}`),
	})
	for _, x := range []struct{ data, children, asked, ran string }{
		{`"voice_url":"/none"`, ``, "/none", "pivot tts hangup"},
		{`"voice_url":"/none"`, `"_":{}`, "/none", "pivot tts hangup"},
		{`"voice_url":"/none"`, `"_":{"module":"noop"}`, "/none", "pivot noop"},
		{`"voice_url":"/none"`, `"error":{"module":"answer"},"_":{"module":"noop"}`, "/none", "pivot answer"},
		{`"voice_url":"/none","fallback_url":"/none2"`, ``, "/none /none2", "pivot tts hangup"},
		{`"voice_url":"/later","fallback_url":"/none2"`, `"_":{"module":"noop"}`, "/later /none /none2", "pivot answer pivot tts hangup"},
	} {
		site.asked = nil
		data := strings.ReplaceAll(x.data, `":"/`, `":"`+site.URL+"/")
		log, _ := twimlCall(t, client(t), `{"module":"pivot","data":{`+data+`,"req_format":"twiml"},"children":{`+x.children+`}}`)
		var asked []string
		for _, r := range site.asked {
			asked = append(asked, r.URL.Path)
		}
		if got := strings.Join(asked, " "); got != x.asked || log.modules() != x.ran {
			t.Errorf("%s: asked %s, ran %s", x.data, got, log.modules())
		}
		failed := of[event.Failed](log)
		if n := len(strings.Fields(strings.TrimPrefix(x.asked, "/later "))); len(failed) != n {
			t.Errorf("%s: told %+v", x.data, failed)
		}
		for _, s := range of[event.Started](log) {
			if s.Module == "tts" && !strings.Contains(string(s.Data), "We are sorry, an application error has occurred. Goodbye.") {
				t.Errorf("said %s", s.Data)
			}
		}
		if strings.Contains(x.ran, "tts") && len(of[event.Answered](log)) != 1 {
			t.Errorf("%s: the call was not taken", x.data)
		}
	}
}

// TestLanguageOfAnswer is by its Content-Type, whatever was asked for.
func TestLanguageOfAnswer(t *testing.T) {
	const node = `{"module":"noop"}`
	for _, x := range []struct{ format, contentType, body, want string }{
		{"kazoo", "text/xml", "<Response>" + node, "twiml"},
		{"kazoo", "Application/XML; charset=utf-8", "<Response>" + node, "twiml"},
		{"kazoo", "text/html", " \n<Response>" + node, ""}, // the stub wants no blanks: what counts is who refused
		{"kazoo", "text/html", "<Response>" + node, "twiml"},
		{"kazoo", "text/plain", node, "kazoo"},
		{"kazoo", "application/json", node, "kazoo"},
		{"twiml", "application/json", node, "twiml"},
		{"twiml", "text/xml", "<Response>" + node, "twiml"},
	} {
		site := newWebsite(t, map[string]http.HandlerFunc{"/": as(x.contentType, x.body)})
		log, _ := twimlCall(t, client(t), fmt.Sprintf(`{"module":"pivot","data":{"voice_url":%q,"req_format":%q}}`, site.URL+"/", x.format))
		got := ""
		if d := of[event.Decoded](log); len(d) == 1 {
			got = d[0].Dialect
		}
		if got != x.want {
			t.Errorf("%v: read as %q: %+v", x, got, of[event.Failed](log))
		}
	}
}

// TestAfterHangup makes the request and does nothing with its answer.
func TestAfterHangup(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{"/good": doc(`{"module":"noop"}`), "/fallback": doc(`{"module":"noop"}`)})
	for path, failed := range map[string]int{"/good": 0, "/bad": 1} {
		site.asked = nil
		log, _ := twimlCall(t, client(t), fmt.Sprintf(
			`{"module":"leaving","children":{"then":{"module":"pivot","data":{"voice_url":%q,"fallback_url":%q,"req_format":"twiml"}}}}`,
			site.URL+path, site.URL+"/fallback"))
		if got := site.lines("RecordingSid"); !slices.Equal(got, []string{"GET " + path + " RecordingSid=r1"}) {
			t.Errorf("asked %q", got)
		}
		if log.modules() != "leaving pivot" || len(of[event.Decoded](log)) != 0 || len(of[event.Failed](log)) != failed {
			t.Errorf("%s: ran %s, told %+v", path, log.modules(), of[event.Failed](log))
		}
		if e := of[event.Ended](log); len(e) != 1 || e[0].By != call.ByCaller {
			t.Errorf("ended %+v", e)
		}
	}
}

// TestCallbacksWanted are told once, without secrets, with what stays true.
func TestCallbacksWanted(t *testing.T) {
	web := &scripted{nodes: []string{
		`{"module":"pivot","data":{"voice_url":"next","req_format":"twiml"}}`,
		`{"module":"pivot","data":{"voice_url":"next","req_format":"twiml","status_callback":"other","status_callback_event":["answered","completed"]}}`,
	}}
	log, _ := twimlCall(t, web, `{"module":"put","data":{"default":"12"},"children":{"_":{"module":"tell","data":{"SpeechResult":"yes"},"children":{"_":
		{"module":"pivot","data":{"voice_url":"http://a.test/voice","req_format":"twiml","compat":"twilio","cdr_url":"http://me:pw@b.test/cdr",
		"status_callback":"http://me:pw@b.test/status","status_callback_method":"get"}}}}}}`)
	got := of[event.StatusCallback](log)
	if len(got) != 2 || got[0].URL != "http://xxxxx@b.test/status" || got[0].Target != "http://me:pw@b.test/status" ||
		got[0].Method != "GET" || !slices.Equal(got[0].Events, []string{"completed"}) {
		t.Fatalf("told %+v", got)
	}
	if p := url.Values(got[0].Params).Encode(); p != "CallSid=1%40host&From=1000&Profile=twilio" {
		t.Errorf("with %s", p)
	}
	if got[1].Target != "http://a.test/other" || got[1].Method != "POST" || len(got[1].Events) != 2 {
		t.Errorf("told %+v", got[1])
	}
	if r := of[event.RecordCallback](log); len(r) != 1 || r[0].Target != "http://me:pw@b.test/cdr" || r[0].URL != "http://xxxxx@b.test/cdr" {
		t.Errorf("told %+v", r)
	}
	if web.saw[0].Params.Get("Digits") != "12" || web.saw[0].Params.Get("SpeechResult") != "yes" || web.saw[1].Params.Has("Digits") {
		t.Errorf("asked with %v, then %v", web.saw[0].Params, web.saw[1].Params)
	}
}

// TestPivotTwiMLCheck is the data that TwiML adds.
func TestPivotTwiMLCheck(t *testing.T) {
	web := webhook.New(webhook.Config{})
	t.Cleanup(web.Close)
	action := pivot(web, map[string]Dialect{"kazoo": kazoo.Dialect{}, "twiml": tags{}, "twilio": tags{}}, nil)
	for _, x := range []struct{ data, want string }{
		{`{"voice_url":"","req_format":"twiml"}`, ""},
		{`{"voice_url":"/a","req_format":"twiml","compat":"twilio","fallback_url":"https://a.test/f","fallback_method":"POST",
			"status_callback":"s","status_callback_method":"get","status_callback_event":["initiated","completed"]}`, ""},
		{`{"voice_url":"/a","compat":"other"}`, "compat enum"},
		{`{"voice_url":"/a","fallback_url":"http://10.0.0.1/"}`, "fallback_url error"},
		{`{"voice_url":"/a","status_callback":"ftp://a.test/"}`, "status_callback error"},
		{`{"voice_url":"/a","status_callback_event":["begun"]}`, "status_callback_event.0 enum"},
		{`{"voice_url":"/a","fallback_method":"put"}`, "fallback_method enum"},
	} {
		full, faults := action.Check(json.RawMessage(x.data))
		var got string
		for _, f := range faults {
			got += f.Dotted() + " " + f.Rule
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", x.data, got, x.want)
		}
		if strings.Contains(string(full), `"method":"get"`) && !strings.Contains(x.data, "status_callback_method") {
			t.Errorf("%s was filled in as %s", x.data, full)
		}
	}
	if !strings.Contains(string(action.Schema.JSON()), `"default":"get"`) {
		t.Error("the schema does not publish Kazoo's default")
	}
}
