package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// signingKey is the account's, as PIVOT_SIGNING_KEY sets it.
const signingKey = "e2e-signing-key-0123456789abcdef"

// asked is a request as validate.js saw it.
type asked struct {
	Method        string `json:"method"`
	Path          string `json:"path"`
	Query         string `json:"query"`
	Body          string `json:"body"`
	Kind          string `json:"kind"`
	Authorization string `json:"authorization"`
	Valid         bool   `json:"valid"`  // says the package
	Forged        bool   `json:"forged"` // with another key
}

// params are those of the query and of the form.
func (a asked) params() url.Values {
	all, _ := url.ParseQuery(strings.TrimPrefix(a.Query, "?"))
	form, _ := url.ParseQuery(a.Body)
	for name, values := range form {
		all[name] = append(all[name], values...)
	}
	return all
}

// judge is a running validate.js.
type judge struct {
	URL string

	mu  sync.Mutex
	all []asked
}

// startJudge starts one that answers with pages, by their paths.
func startJudge(t *testing.T, pages map[string]string) *judge {
	t.Helper()
	bin := node(t)
	raw, err := json.Marshal(pages)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pages.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "sdk/validate.js", signingKey, file)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("validate.js does not say its port")
	}
	j := &judge{URL: "http://127.0.0.1:" + lines.Text()}
	var reader sync.WaitGroup
	reader.Go(func() {
		for lines.Scan() {
			var a asked
			if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
				t.Errorf("%v: %s", err, lines.Text())
			}
			j.mu.Lock()
			j.all = append(j.all, a)
			j.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		reader.Wait()
		_ = cmd.Wait() // it was killed
	})
	return j
}

// seen are the requests so far.
func (j *judge) seen() []asked {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.all)
}

// count is how many requests there were to a path by a method.
func (j *judge) count(method, path string) (n int) {
	for _, a := range j.seen() {
		if a.Method == method && a.Path == path {
			n++
		}
	}
	return n
}

// keyed calls a number as opt says, presses keys once the server waits for
// them, says a tone from then on, and returns the call when it is over. ears
// hear it.
func (s *server) keyed(l *phone.Line, number, keys string, opt call.DialOptions, ears ...audio.Sink) (id string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	opt.CallerNumber = "+15550100"
	leg, err := l.Dial(ctx, "sip:"+number+"@"+s.SIP, opt)
	if err != nil {
		s.t.Fatalf("call to %s: %v", number, err)
	}
	for _, ear := range ears {
		defer leg.Tap(call.Heard, ear)()
	}
	if id = leg.Info().ID; keys != "" {
		s.step(id, "gather", 1)
		// The last key may end the call before it is up.
		if err := leg.SendKeys(ctx, keys, 100*time.Millisecond); err != nil && !errors.Is(err, call.ErrHungup) {
			s.t.Fatal(err)
		}
	}
	live, hush := call.Context(ctx, leg)
	defer hush()
	_ = leg.Play(live, audio.Tone(time.Minute, 1000)) // ends with the call
	select {
	case <-leg.Ended():
	case <-ctx.Done():
		s.t.Errorf("the call to %s does not end", number)
	}
	return id
}

// step waits until a call's nth node of a module has begun.
func (s *server) step(call, module string, n int) {
	s.t.Helper()
	s.until(fmt.Sprintf("step %s %d of %s", module, n, call), func() bool {
		seen := 0
		for _, e := range s.events(call) {
			if e.Kind == "started" && e.Data["module"] == module {
				seen++
			}
		}
		return seen >= n
	})
}

// timelines logs those of all calls when a test has failed.
func (s *server) timelines() {
	s.t.Helper()
	if !s.t.Failed() {
		return
	}
	var all []record
	s.do("GET", "/v2/accounts/"+s.auth.account+"/cdrs?paginate=false", nil, &all)
	for _, r := range all {
		s.t.Logf("call to %s", r.Dialed)
		for _, e := range s.events(r.CallID) {
			if e.Kind != "sip" {
				s.t.Logf("  %s %.400v", e.Kind, e.Data)
			}
		}
	}
}

// number puts a phone number's document.
func (s *server) number(number string, data map[string]any) {
	s.t.Helper()
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/phone_numbers/"+url.PathEscape(number), data, nil)
}

// signedPages are two applications: /t/ for the profile twilio, /p/ for pivot.
var signedPages = map[string]string{
	"/t/start":    `<Response><Gather numDigits="2" finishOnKey="" action="gathered?step=2&amp;x=%27y%27&amp;y=~*()!"><Pause length="10"/></Gather></Response>`,
	"/t/gathered": `<Response><Redirect method="GET">third?who=J%C3%B6rg&amp;a=1&amp;a=2&amp;plus=1+2</Redirect></Response>`,
	"/t/third": `<Response><Record timeout="1" maxLength="2" playBeep="false" action="http://joe:p%20w@HOST/t/recorded?a=1&amp;b=2"
		recordingStatusCallback="/t/recording" recordingStatusCallbackMethod="GET" recordingStatusCallbackEvent="in-progress completed"/></Response>`,
	"/t/recorded":     `<Response><Redirect>/t/last#rt=2000</Redirect></Response>`,
	"/t/last":         `<Response><Redirect>?again=1</Redirect></Response>`,
	"/t/last?again=1": `<Response><Hangup/></Response>`,
	"/t/fallback":     `<Response><Hangup/></Response>`,
	"/t/status":       "",
	"/t/recording":    "",
	"/p/start": `<Response><Set><Variable key="Größe" value="5 &lt; 6 &amp; 日本"/><Variable key="a b" value="c+d"/></Set>
		<Gather method="GET" numDigits="1" finishOnKey="" action="keys?from=%2Fp&amp;x=1"><Pause length="10"/></Gather></Response>`,
	"/p/keys": `<Response><Redirect>last</Redirect></Response>`,
	"/p/last": `<Response><Hangup/></Response>`,
	"/p/json": `<Response><Hangup/></Response>`,
}

// signedRequests are all that two calls to each number make of it.
var signedRequests = []struct {
	method, path string
	n            int
}{
	{"POST", "/t/start", 2},
	{"POST", "/t/gathered", 2},
	{"GET", "/t/third", 2},
	{"POST", "/t/recorded", 2},
	{"POST", "/t/last", 4},
	{"POST", "/t/status", 8},
	{"GET", "/t/recording", 4},
	{"POST", "/t/missing", 2},
	{"GET", "/t/fallback", 2},
	{"GET", "/p/start", 2},
	{"GET", "/p/keys", 2},
	{"POST", "/p/last", 2},
	{"POST", "/p/json", 2},
}

// TestSignatures has Twilio's npm package check every request that calls make.
func TestSignatures(t *testing.T) {
	j := startJudge(t, signedPages)
	t.Setenv("PIVOT_SIGNING_KEY", signingKey)
	s := serve(t)
	defer s.timelines()
	s.number("900", map[string]any{
		"voice_url":       j.URL + "/t/start?shop=M%C3%BCnchen&q=a%20b+c&quote='&empty=&flag",
		"status_callback": j.URL + "/t/status?call=1", "status_callback_event": []string{"initiated", "ringing", "answered", "completed"},
	})
	s.number("901", map[string]any{
		"voice_url": j.URL + "/t/missing", "voice_fallback_url": j.URL + "/t/fallback?x=1", "voice_fallback_method": "get",
	})
	s.callflow("902", `{"module":"pivot","data":{"voice_url":"`+j.URL+`/p/start?x=%26","req_format":"twiml"}}`)
	s.callflow("903", `{"module":"pivot","data":{"voice_url":"`+j.URL+`/p/json?x=1","req_format":"twiml","method":"post","req_body_format":"json"}}`)
	l := s.line()
	who := call.DialOptions{CallerName: "Zoë & 日本", Headers: map[string]string{"X-Ort": "Köln + Größe"}}
	for range 2 {
		s.keyed(l, "900", "42", who)
		s.keyed(l, "901", "", who)
		s.keyed(l, "902", "7", who)
		s.keyed(l, "903", "", who)
	}
	for _, want := range signedRequests {
		s.until(fmt.Sprintf("%d requests %s %s", want.n, want.method, want.path), func() bool { return j.count(want.method, want.path) >= want.n })
	}
	total := 0
	for _, want := range signedRequests {
		total += want.n
		if n := j.count(want.method, want.path); n != want.n {
			t.Errorf("%d requests %s %s, want %d", n, want.method, want.path, want.n)
		}
	}
	for _, a := range j.seen() {
		if !a.Valid || a.Forged {
			t.Errorf("valid is %v, with another key %v: %+v", a.Valid, a.Forged, a)
		}
		checkSigned(t, a)
	}
	if n := len(j.seen()); n != total {
		t.Errorf("%d requests, want %d", n, total)
	}
	t.Logf("%d requests", total)
}

// checkSigned looks for what makes the signature of a request hard.
func checkSigned(t *testing.T, a asked) {
	t.Helper()
	want := map[string]string{
		"/t/start":    "CallerName=Zoë & 日本|SipHeader_X-Ort=Köln + Größe|shop=München|q=a b c|quote='",
		"/t/gathered": "Digits=42|x='y'|y=~*()!", "/t/third": "who=Jörg|plus=1 2|a=1", "/t/fallback": "ErrorCode=11200|x=1",
		"/p/keys": "Digits=7|Größe=5 < 6 & 日本|a b=c+d|from=/p",
	}[a.Path]
	for pair := range strings.SplitSeq(want, "|") {
		name, value, _ := strings.Cut(pair, "=")
		if got := a.params().Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", a.Path, name, got, value)
		}
	}
	if a.Path == "/t/recorded" && a.Authorization != "Basic am9lOnAgdw==" {
		t.Errorf("%s: authorization %q", a.Path, a.Authorization)
	}
	if a.Path == "/p/json" && (!strings.HasPrefix(a.Kind, "application/json") || !json.Valid([]byte(a.Body)) || !strings.Contains(a.Query, "bodySHA256=")) {
		t.Errorf("%s: %s %s %s", a.Path, a.Kind, a.Query, a.Body)
	}
}
