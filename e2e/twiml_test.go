package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// twimlApp is a customer's web server: pages by path, tones as sounds, and
// handlers of its own.
type twimlApp struct {
	URL   string
	pages map[string]string
	more  map[string]http.HandlerFunc

	mu   sync.Mutex
	asks []ask
}

// ask is a request that a twimlApp got: its parameters are those of the query
// and of the form.
type ask struct {
	method, path string
	params       url.Values
}

// startApp starts a web server. What it answers is set before it is asked.
func startApp(t *testing.T, pages map[string]string) *twimlApp {
	t.Helper()
	a := &twimlApp{pages: pages, more: map[string]http.HandlerFunc{}}
	tones := t.TempDir()
	for _, hz := range []int{440, 660, 880} {
		name := fmt.Sprintf("/tone%d.wav", hz)
		file := filepath.Join(tones, name)
		writeWAV(t, file, 8000, sine(8000, float64(hz), 400*time.Millisecond))
		a.more[name] = func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// ServeHTTP keeps a request and answers it.
func (a *twimlApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // a bad one has no parameters
	a.mu.Lock()
	a.asks = append(a.asks, ask{r.Method, r.URL.Path, r.Form})
	a.mu.Unlock()
	if h, ok := a.more[r.URL.Path]; ok {
		h(w, r)
		return
	}
	page, ok := a.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write([]byte(page))
}

// asked are the requests for a path so far.
func (a *twimlApp) asked(path string) (some []ask) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.asks {
		if one.path == path {
			some = append(some, one)
		}
	}
	return some
}

// only is the one request for a path.
func (a *twimlApp) only(s *server, path string) ask {
	s.t.Helper()
	s.until("request for "+path, func() bool { return len(a.asked(path)) > 0 })
	all := a.asked(path)
	if len(all) != 1 {
		s.t.Errorf("%d requests for %s: %v", len(all), path, all)
	}
	return all[0]
}

// is compares parameters, "Name=value" each; "Name" alone must be there and
// not empty, "!Name" must not be there.
func (k ask) is(t *testing.T, params ...string) {
	t.Helper()
	for _, p := range params {
		name, want, exact := strings.Cut(p, "=")
		if gone, ok := strings.CutPrefix(name, "!"); ok {
			if k.params.Has(gone) {
				t.Errorf("%s: %s is %q, want none", k.path, gone, k.params.Get(gone))
			}
			continue
		}
		if got := k.params.Get(name); exact && got != want || !exact && got == "" {
			t.Errorf("%s: %s is %q, want %q", k.path, name, got, want)
		}
	}
}

// kinds are the kinds of a call's events that have a key with a value.
func kinds(all []event, key, value string) (some []string) {
	for _, e := range all {
		if text, _ := e.Data[key].(string); text == value {
			some = append(some, e.Kind)
		}
	}
	return some
}

// hears are the tones that a sink heard. One that comes in pieces, for a busy
// machine sends some frames late, is one.
func hears(ear *audio.Ear) (names []string) {
	for _, h := range ear.Heard() {
		names = append(names, h.Name)
	}
	return slices.Compact(names)
}

// tones are those of twimlApp's sounds.
var tones = map[string]float64{"low": 440, "middle": 660, "high": 880}

// TestTwiMLApplication calls an application that does a little of everything,
// and fetches what it recorded as the application would.
func TestTwiMLApplication(t *testing.T) {
	stranger(t, "lame")
	s := serve(t)
	defer s.timelines()
	app := startApp(t, map[string]string{
		"/voice": `<Response><Say voice="Polly.Joanna" language="en-US">Welcome.</Say><Play>tone440.wav</Play>
			<Gather numDigits="1" finishOnKey="" action="menu/choice?lang=en"><Say>Press one.</Say><Pause length="10"/></Gather>
			<Redirect>/never</Redirect></Response>`,
		"/menu/choice": `<Response><Play>../tone660.wav</Play><Redirect method="GET">next</Redirect></Response>`,
		"/menu/next": `<Response><Record maxLength="2" timeout="5" playBeep="true" action="/saved"
			recordingStatusCallback="/recording" recordingStatusCallbackEvent="in-progress completed"/><Redirect>/never</Redirect></Response>`,
		"/saved":     `<Response><Play>/tone880.wav</Play><Hangup/><Redirect>/never</Redirect></Response>`,
		"/recording": "",
	})
	s.number("+15550199", map[string]any{"voice_url": app.URL + "/voice"})
	ear := audio.NewEar(8000, tones)
	id := s.keyed(s.line(), "+15550199", "1", call.DialOptions{}, ear)
	if r := s.record(id); r.Cause != "NORMAL_CLEARING" || r.By != "us" {
		t.Errorf("record %+v", r)
	}
	for _, want := range []string{"low", "middle", "high"} {
		if !slices.Contains(hears(ear), want) {
			t.Errorf("heard %q and not %s", hears(ear), want)
		}
	}
	if n := len(app.asked("/never")); n != 0 {
		t.Errorf("%d requests for what comes after the end", n)
	}
	first := app.only(s, "/voice")
	first.is(t, "CallSid="+id, "AccountSid="+s.auth.account, "From=+15550100", "To=+15550199", "Caller=+15550100",
		"Called=+15550199", "Direction=inbound", "CallStatus=ringing", "ApiVersion=2010-04-01", "!Digits")
	app.only(s, "/menu/choice").is(t, "Digits=1", "lang=en", "CallStatus=in-progress")
	app.only(s, "/menu/next").is(t, "!Digits")
	saved := app.only(s, "/saved")
	saved.is(t, "RecordingUrl", "RecordingSid", "RecordingDuration=2", "!Digits", "CallStatus=in-progress")
	s.until("callbacks of the recording", func() bool { return len(app.asked("/recording")) == 2 })
	told := app.asked("/recording")
	told[0].is(t, "RecordingStatus=in-progress", "RecordingSid="+saved.params.Get("RecordingSid"))
	told[1].is(t, "RecordingStatus=completed", "RecordingUrl", "RecordingDuration=2", "RecordingChannels=1", "RecordingSource=RecordVerb", "CallSid="+id)
	checkRecording(t, saved.params.Get("RecordingUrl"))
	checkRecording(t, told[1].params.Get("RecordingUrl"))
}

// checkRecording fetches a RecordingUrl as applications do: as it is, as WAV
// and as MP3, with no token but that of the link.
func checkRecording(t *testing.T, link string) {
	t.Helper()
	for _, as := range []struct{ ending, kind, magic string }{
		{".wav", "audio/wav", "RIFF"}, {".mp3", "audio/mpeg", ""}, {"", "audio/", ""},
	} {
		status, kind, body := get(t, link+as.ending)
		if status != http.StatusOK || !strings.HasPrefix(kind, as.kind) || len(body) < 4000 || !bytes.HasPrefix(body, []byte(as.magic)) {
			t.Errorf("%s: %d %s, %d bytes, %.12q", link+as.ending, status, kind, len(body), body)
		} else if as.ending == ".mp3" && (body[0] != 0xff || body[1]&0xe0 != 0xe0) && !bytes.HasPrefix(body, []byte("ID3")) {
			t.Errorf("%s is no MP3: % x", link, body[:4])
		}
	}
	plain, _, _ := strings.Cut(link, "?")
	for _, other := range []string{strings.Replace(link, "token=", "token=x", 1), plain, plain + ".wav"} {
		if status, _, _ := get(t, other); status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%s: %d without the link's signature", other, status)
		}
	}
}

func get(t *testing.T, link string) (status int, kind string, body []byte) {
	t.Helper()
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), body
}

// twimlFaults are answers that are no good: the page below the name, and the
// ErrorCode and the failure on the timeline that they lead to.
var twimlFaults = []struct {
	name, page, code, failure string
	answer                    http.HandlerFunc
}{
	{"status", "", "11200", "pivot.status", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }},
	{"timeout", "", "11205", "pivot.timeout", hang},
	{"html", "", "12300", "pivot.content_type", says("image/png", "PNG")},
	{"xml", `<Response><Say>Hello</Response>`, "12100", "pivot.parse", nil},
	{"unknown", `<Response><Say>Hello</Say><Sya>you</Sya></Response>`, "12200", "pivot.schema", nil},
	{"dial", `<Response><Say>Hello</Say><Dial>+15550100</Dial></Response>`, "12200", "pivot.schema", nil},
	{"url", `<Response><Redirect>ftp://app.test/</Redirect></Response>`, "11100", "pivot.schema", nil},
}

// TestTwiMLFallback has each kind of failure lead to the fallback URL, and to
// an announcement where there is none or it fails too.
func TestTwiMLFallback(t *testing.T) {
	s := serve(t)
	defer s.timelines()
	app := startApp(t, map[string]string{"/fallback": `<Response><Play>/tone660.wav</Play></Response>`})
	l := s.line()
	page := func(name string) string { // the time it has is in its fragment
		if name == "timeout" {
			return app.URL + "/" + name + "#tt=700"
		}
		return app.URL + "/" + name + "#tt=15000"
	}
	for i, f := range twimlFaults {
		app.pages["/"+f.name] = f.page
		if f.answer != nil {
			app.more["/"+f.name] = f.answer
		}
		number := strconv.Itoa(920 + i)
		s.number(number, map[string]any{"voice_url": page(f.name), "voice_fallback_url": app.URL + "/fallback?of=" + f.name})
		s.number("1"+number, map[string]any{"voice_url": page(f.name)})
		s.number("2"+number, map[string]any{"voice_url": page(f.name), "voice_fallback_url": app.URL + "/nowhere"})
	}
	for i, f := range twimlFaults {
		number := strconv.Itoa(920 + i)
		t.Run(f.name, func(t *testing.T) {
			ear := audio.NewEar(8000, tones)
			id := s.keyed(l, number, "", call.DialOptions{}, ear)
			if !slices.Contains(hears(ear), "middle") {
				t.Errorf("heard %q and not the fallback", hears(ear))
			}
			all := app.asked("/fallback")
			all[len(all)-1].is(t, "of="+f.name, "ErrorCode="+f.code, "ErrorUrl="+page(f.name), "CallSid="+id, "CallStatus=ringing")
			if got := kinds(s.events(id), "code", f.failure); !slices.Equal(got, []string{"failed"}) {
				t.Errorf("%s is told %d times", f.failure, len(got))
			}
			for _, other := range []string{"1" + number, "2" + number} {
				leg := s.dial(l, other)
				s.until("announcement to the caller of "+other, func() bool { return announced(s.events(leg.Info().ID)) })
				if err := leg.Hangup(t.Context(), call.Normal); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// announced says whether a caller was told that the application is broken.
func announced(all []event) bool {
	return slices.ContainsFunc(all, func(e event) bool {
		sound, _ := e.Data["sound"].(string)
		return e.Kind == "playing" && strings.Contains(sound, "application error has occurred")
	})
}

// TestTwiMLFaultPlace has the timeline tell where a fault is and what was
// meant.
func TestTwiMLFaultPlace(t *testing.T) {
	s := serve(t)
	app := startApp(t, map[string]string{"/voice": "<Response>\n  <Sya>Hello</Sya>\n</Response>"})
	s.number("919", map[string]any{"voice_url": app.URL + "/voice"})
	id := s.keyed(s.line(), "919", "", call.DialOptions{})
	text := fmt.Sprint(s.event(id, "failed", 1).Data)
	for _, want := range []string{"Sya", "Say", "line:2", "column:3"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told: %s", want, text)
		}
	}
}

// refused is the SIP status that a number is refused with, and the call's id.
func (s *server) refused(l *phone.Line, number string) (code int, id string) {
	s.t.Helper()
	id = "refused-" + number
	leg, err := l.Dial(s.t.Context(), "sip:"+number+"@"+s.SIP, call.DialOptions{CallID: id, CallerNumber: "+15550100", Timeout: time.Minute})
	if err == nil {
		s.t.Errorf("%s answers", number)
		_ = leg.Hangup(s.t.Context(), call.Normal)
		return 200, id
	}
	refused, ok := errors.AsType[*call.RefusedError](err)
	if !ok {
		s.t.Fatal(err)
	}
	return refused.Code, id
}

// TestTwiMLReject has calls refused with the codes of either profile.
func TestTwiMLReject(t *testing.T) {
	s := serve(t)
	app := startApp(t, map[string]string{
		"/reject": `<Response><Reject/></Response>`, "/busy": `<Response><Reject reason="busy"/></Response>`, "/status": "",
		"/late": `<Response><Pause/><Reject reason="busy"/></Response>`,
	})
	l := s.line()
	for i, tc := range []struct {
		page, profile, status string
		code                  int
	}{
		{"reject", "twilio", "no-answer", 404},
		{"busy", "twilio", "busy", 486},
		{"late", "twilio", "busy", 486},
		{"reject", "pivot", "no-answer", 503},
		{"busy", "pivot", "busy", 486},
	} {
		t.Run(tc.profile+" "+tc.page, func(t *testing.T) {
			number := strconv.Itoa(940 + i)
			told := fmt.Sprintf("%s/status?of=%s", app.URL, number)
			if tc.profile == "twilio" {
				s.number(number, map[string]any{"voice_url": app.URL + "/" + tc.page, "status_callback": told})
			} else {
				s.callflow(number, `{"module":"pivot","data":{"req_format":"twiml","voice_url":"`+app.URL+"/"+tc.page+`","status_callback":"`+told+`"}}`)
			}
			code, id := s.refused(l, number)
			if code != tc.code {
				t.Errorf("refused with %d, want %d", code, tc.code)
			}
			s.record(id)
			var status ask
			s.until("status callback", func() bool {
				for _, a := range app.asked("/status") {
					if a.params.Get("of") == number {
						status = a
						return true
					}
				}
				return false
			})
			status.is(t, "CallStatus="+tc.status, "CallSid="+id, "SequenceNumber=0", "CallDuration=0")
		})
	}
}

// TestTwiMLHangupInRecord hangs up on a recording: its action is requested all
// the same, and what it answers is not carried out.
func TestTwiMLHangupInRecord(t *testing.T) {
	s := serve(t)
	defer s.timelines()
	app := startApp(t, map[string]string{
		"/voice":  `<Response><Record action="/saved" playBeep="false"/><Redirect>/never</Redirect></Response>`,
		"/silent": `<Response><Record action="/saved" playBeep="false" timeout="1"/><Redirect>/quiet</Redirect></Response>`,
		"/quiet":  `<Response><Hangup/></Response>`,
		"/saved":  `<Response><Redirect>/never</Redirect></Response>`, "/never": `<Response/>`, "/status": "",
	})
	s.number("950", map[string]any{"voice_url": app.URL + "/voice", "status_callback": app.URL + "/status"})
	s.number("951", map[string]any{"voice_url": app.URL + "/silent"})
	l := s.line()
	leg := s.dial(l, "950")
	id := leg.Info().ID
	s.step(id, "record", 1)
	if err := leg.Play(t.Context(), audio.Tone(time.Second, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := leg.Hangup(t.Context(), call.Normal); err != nil {
		t.Fatal(err)
	}
	saved := app.only(s, "/saved")
	saved.is(t, "Digits=hangup", "CallStatus=completed", "RecordingUrl", "RecordingSid", "CallSid="+id)
	if n, err := strconv.Atoi(saved.params.Get("RecordingDuration")); err != nil || n < 1 || n > 20 { // no second of a busy machine is exact
		t.Errorf("RecordingDuration is %q", saved.params.Get("RecordingDuration"))
	}
	if r := s.record(id); r.By != "caller" {
		t.Errorf("record %+v", r)
	}
	app.only(s, "/status").is(t, "CallStatus=completed", "SequenceNumber=0")
	if status, _, body := get(t, saved.params.Get("RecordingUrl")+".wav"); status != http.StatusOK || len(body) < 8000 {
		t.Errorf("the recording: %d, %d bytes", status, len(body))
	}
	leg = s.dial(l, "951")
	select {
	case <-leg.Ended():
	case <-time.After(time.Minute):
		t.Error("silence is recorded for ever")
	}
	app.only(s, "/quiet").is(t, "!RecordingUrl", "!Digits")
	if n := len(app.asked("/saved")); n != 1 {
		t.Errorf("the action is asked %d times, once for silence", n)
	}
	if n := len(app.asked("/never")); n != 0 {
		t.Errorf("the answer to a caller who is gone was carried out %d times", n)
	}
}

// hear waits until an ear has heard a tone.
func (s *server) hear(ear *audio.Ear, tone string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := ear.Wait(ctx, tone); err != nil {
		s.t.Errorf("%s is not heard: %v", tone, err)
	}
}

// TestTwiMLEnds has what could go on for ever end: loop="0" with the call, a
// document that leads to itself by its limit.
func TestTwiMLEnds(t *testing.T) {
	s := serve(t)
	app := startApp(t, map[string]string{
		"/play": `<Response><Play loop="0">/tone440.wav</Play><Redirect>/never</Redirect></Response>`,
		"/say":  `<Response><Say loop="0">Please wait.</Say><Redirect>/never</Redirect></Response>`,
		"/self": `<Response><Redirect/></Response>`,
		"/ring": `<Response><Redirect>/rang</Redirect></Response>`, "/rang": `<Response><Redirect>/ring</Redirect></Response>`,
	})
	app.more["/round"] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) }
	l := s.line()
	for i, page := range []string{"play", "say", "self", "ring", "round"} {
		s.number(strconv.Itoa(960+i), map[string]any{"voice_url": app.URL + "/" + page})
	}
	for _, number := range []string{"960", "961"} {
		leg := s.dial(l, number)
		ear := audio.NewEar(8000, tones)
		stop := leg.Tap(call.Heard, ear)
		if number == "960" {
			s.hear(ear, "low")
		} else {
			s.event(leg.Info().ID, "playing", 1)
		}
		if err := leg.Hangup(t.Context(), call.Normal); err != nil {
			t.Error(err)
		}
		stop()
		if r := s.record(leg.Info().ID); r.By != "caller" {
			t.Errorf("%s: record %+v", number, r)
		}
		s.quiet()
	}
	for number, code := range map[string]string{"962": "pivot.loop", "963": "pivot.loop", "964": "pivot.redirects"} {
		id := s.keyed(l, number, "", call.DialOptions{})
		if r := s.record(id); r.By != "us" {
			t.Errorf("%s: record %+v", number, r)
		}
		all := s.events(id)
		if got := kinds(all, "code", code); !slices.Equal(got, []string{"failed"}) || !announced(all) {
			t.Errorf("%s: %d events say %s, announced is %v", number, len(got), code, announced(all))
		}
	}
	for path, want := range map[string]int{"/self": 100, "/ring": 50, "/rang": 50, "/never": 0} {
		if n := len(app.asked(path)); n != want {
			t.Errorf("%s was asked %d times, want %d", path, n, want)
		}
	}
	if n := len(app.asked("/round")); n != 11 {
		t.Errorf("/round was asked %d times, want 11: ten redirects", n)
	}
}
