package e2e

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	facts "github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
)

// saved is a child that is heard, so that it is known to have been taken.
const saved = `{"module":"play","data":{"id":"tone_stream://%(300,0,660)"},"children":{"_":{"module":"hangup","data":{}}}}`

// line is a phone of our own that calls s.
func (s *server) line() *phone.Line {
	s.t.Helper()
	l, err := phone.Open(s.t.Context(), "sip:"+s.SIP, facts.Discard)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(l.Close)
	return l
}

// phone calls a number, listens to the end and returns the tones that were
// heard.
func (s *server) phone(l *phone.Line, number string, tones map[string]float64) (id string, heard []string) {
	s.t.Helper()
	return s.talk(l, number, nil, tones)
}

// talk is phone with something to say, which sends packets of sound.
func (s *server) talk(l *phone.Line, number string, says audio.Sound, tones map[string]float64) (id string, heard []string) {
	s.t.Helper()
	ear := audio.NewEar(8000, tones)
	r, err := phone.Call(s.t.Context(), l, phone.Options{
		Target: "sip:" + number + "@" + s.SIP, Play: says, Heard: ear, Limit: time.Minute,
	})
	if err != nil {
		s.t.Fatalf("call to %s: %v", number, err)
	}
	return r.Info.ID, hears(ear)
}

// says is a handler with a fixed answer.
func says(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(body))
	}
}

const asJSON = "application/json"

// megabytes writes n MB until the reader has had enough.
func megabytes(w interface{ Write([]byte) (int, error) }, n int, fill byte) {
	block := slices.Repeat([]byte{fill}, 1<<20)
	for range n {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// hang promises an answer and waits until it is no longer wanted.
func hang(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte("{"))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

type hostileAnswer struct {
	name, failure string
	answer        http.HandlerFunc
}

// impatience is data of a pivot that is to fail: one that is to run out of
// time does so soon, any other has all of it.
func impatience(failure string) string {
	if failure == facts.FailTimeout {
		return `,"req_timeout_ms":500`
	}
	return ""
}

// hostileAnswers are web servers by what is wrong with them: the answer to
// /NAME, and the failure that the timeline has to tell.
var hostileAnswers = []hostileAnswer{
	{"slow", facts.FailTimeout, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	{"stops", facts.FailTimeout, hang},
	{"breaks", facts.FailProtocol, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	{"error", facts.FailStatus, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }},
	{"html", facts.FailSchema, says("text/html", "<html><body>Hello</body></html>")},
	{"twiml", facts.FailSchema, says("application/xml", "<Response><Siy>Hello</Siy></Response>")},
	{"xml", facts.FailParse, says("application/xml", "<Response><Say>Hello</Response>")},
	{"picture", facts.FailContentType, says("image/png", "\x89PNG")},
	{"huge", facts.FailSize, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", asJSON)
		megabytes(w, 50, ' ')
	}},
	{"bomb", facts.FailSize, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", asJSON)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		megabytes(z, 50, ' ')
		_ = z.Close()
	}},
	{"headers", facts.FailSize, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	}},
	{"badgzip", facts.FailProtocol, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte(`{"module":"hangup"}`))
	}},
	{"round", facts.FailRedirects, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}},
	{"metadata", facts.FailGuard, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	}},
	{"notjson", facts.FailParse, says(asJSON, `{"module":"play","data":{"id":`)},
	{"binary", facts.FailParse, says(asJSON, "\x00\xff\xfe\x01")},
	{"deep", facts.FailParse, says(asJSON, strings.Repeat(`{"a":`, 100_000))},
	{"deepflow", facts.FailParse, says(asJSON, strings.Repeat(`{"module":"noop","children":{"_":`, 20_000)+`{"module":"noop"}`+strings.Repeat(`}}`, 20_000))},
	{"unknown", facts.FailSchema, says(asJSON, `{"module":"teleport","data":{}}`)},
	{"baddata", facts.FailSchema, says(asJSON, `{"module":"collect_dtmf","data":{"max_digits":"many"}}`)},
	{"inward", facts.FailSchema, says(asJSON, `{"module":"pivot","data":{"voice_url":"http://169.254.169.254/"}}`)},
	{"list", facts.FailSchema, says(asJSON, `[1,2,3]`)},
}

// hostileWeb serves hostileAnswers, each below its name, and below /via/NAME
// a good answer whose pivot asks it.
func hostileWeb(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	for _, h := range hostileAnswers {
		mux.HandleFunc("/"+h.name, h.answer)
	}
	mux.HandleFunc("/via/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", asJSON)
		at := slices.IndexFunc(hostileAnswers, func(h hostileAnswer) bool { return h.name == r.PathValue("name") })
		_, _ = fmt.Fprintf(w, `{"module":"pivot","data":{"voice_url":"/%s"%s},"children":{"_":%s}}`,
			r.PathValue("name"), impatience(hostileAnswers[at].failure), saved)
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return web
}

// TestHostileWeb asks web servers that are slow, dead, wrong, huge or sly, as
// the first of a call and as a later one, with a child for it and without.
func TestHostileWeb(t *testing.T) {
	s := serve(t)
	web := hostileWeb(t)
	l := s.line()
	type server struct{ name, url, failure string }
	servers := []server{
		{"dead", "http://" + deadAddress(t) + "/", facts.FailConnect},
		{"nowhere", "http://nowhere.invalid/", facts.FailDNS},
	}
	for _, h := range hostileAnswers {
		servers = append(servers, server{h.name, web.URL + "/" + h.name, h.failure})
	}
	for i, h := range servers {
		t.Run(h.name, func(t *testing.T) {
			s.t = t
			data := fmt.Sprintf(`{"voice_url":"%s"%s}`, h.url, impatience(h.failure))
			flows := map[string]string{
				"first": `{"module":"pivot","data":` + data + `,"children":{"_":` + saved + `}}`,
				"alone": `{"module":"answer","children":{"_":{"module":"pivot","data":` + data + `}}}`,
				"later": `{"module":"pivot","data":{"voice_url":"` + web.URL + "/via/" + h.name + `"}}`,
			}
			if !strings.HasPrefix(h.url, web.URL) {
				delete(flows, "later")
			}
			n := 0
			for at, flow := range flows {
				n++
				number := fmt.Sprintf("6%02d%s", i, map[string]string{"first": "1", "later": "2", "alone": "3"}[at])
				s.callflow(number, flow)
				id, heard := s.phone(l, number, map[string]float64{"saved": 660})
				s.checkFailure(at, id, h.failure)
				if want := at != "alone"; slices.Contains(heard, "saved") != want {
					t.Errorf("%s: heard %q", at, heard)
				}
			}
		})
	}
	s.t = t
	s.quiet()
}

// checkFailure looks for a webhook's failure on the timeline of a call that
// is over, and for a sensible reason of its end.
func (s *server) checkFailure(at, call, failure string) {
	s.t.Helper()
	r := s.record(call)
	var failures []any
	for _, e := range s.events(call) {
		if e.Kind == "fetched" && e.Data["failure"] != nil {
			failures = append(failures, e.Data["failure"])
			if text, _ := e.Data["error"].(string); text == "" {
				s.t.Errorf("%s: a failure without a reason: %v", at, e.Data)
			}
		}
	}
	if !slices.Equal(failures, []any{failure}) {
		s.t.Errorf("%s: failures %v, want %s", at, failures, failure)
	}
	why := "The callflow hung up."
	if at == "alone" {
		why = "no branch was left"
	}
	if !strings.Contains(r.Why, why) {
		s.t.Errorf("%s: why_ended is %q, want %q", at, r.Why, why)
	}
}

// deadAddress is one that nobody listens on.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestHostileFlows has flows that never come to an end by themselves, or ask
// for sounds that are not there.
func TestHostileFlows(t *testing.T) {
	s := serve(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/self", says(asJSON, `{"module":"pivot","data":{"voice_url":"/self"}}`))
	mux.HandleFunc("/huge.wav", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		megabytes(w, 50, 'x')
	})
	mux.HandleFunc("/metadata.wav", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/x.wav", http.StatusFound)
	})
	mux.HandleFunc("/stops.wav", hang)
	web := httptest.NewServer(mux)
	defer web.Close()
	l := s.line()
	play := func(id string) string {
		return `{"module":"play","data":{"id":"` + id + `"},"children":{"_":` + saved + `}}`
	}
	for i, tc := range []struct {
		name, flow, kind, why string // the fact that must be told, and why the call is over
		heard                 bool
	}{
		{"pivots to itself", `{"module":"pivot","data":{"voice_url":"` + web.URL + `/self"}}`, "failed", "each time only said whom to ask next", false},
		{"garbage sound", play(web.URL + "/huge.wav"), "failed", "The callflow hung up.", true},
		{"sound inside", play(web.URL + "/metadata.wav"), "failed", "The callflow hung up.", true},
		{"no sound there", play("http://" + deadAddress(t) + "/x.wav"), "failed", "The callflow hung up.", true},
		{"no such media", play("00000000000000000000000000000000"), "failed", "The callflow hung up.", true},
		{"sound that stops", play(web.URL + "/stops.wav"), "failed", "The callflow hung up.", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.t = t
			number := fmt.Sprintf("65%d", i)
			s.callflow(number, `{"module":"answer","children":{"_":`+tc.flow+`}}`)
			id, heard := s.phone(l, number, map[string]float64{"saved": 660})
			s.event(id, tc.kind, 1)
			if r := s.record(id); !strings.Contains(r.Why, tc.why) {
				t.Errorf("why_ended is %q, want %q", r.Why, tc.why)
			}
			if slices.Contains(heard, "saved") != tc.heard {
				t.Errorf("heard %q", heard)
			}
		})
	}
	s.t = t
	s.quiet()
}

// TestHangUpAnywhere has the caller go away during each action, before and
// after the answer.
func TestHangUpAnywhere(t *testing.T) {
	s := serve(t)
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer web.Close()
	l := s.line()
	ask := `{"module":"pivot","data":{"voice_url":"` + web.URL + `"}}`
	for i, tc := range []struct {
		name, flow string
		answered   bool
	}{
		{"pivot", ask, false},
		{"sleep", `{"module":"sleep","data":{"duration":60}}`, false},
		{"pivot", ask, true},
		{"sleep", `{"module":"sleep","data":{"duration":60}}`, true},
		{"tts", `{"module":"tts","data":{"text":"` + strings.Repeat("A long story. ", 60) + `"}}`, true},
		{"play", `{"module":"play","data":{"id":"tone_stream://%(500,500,440)","endless_playback":true}}`, true},
		{"collect_dtmf", `{"module":"collect_dtmf","data":{"max_digits":4,"timeout":60000}}`, true},
		{"record_caller", `{"module":"record_caller","data":{"format":"wav","time_limit":60}}`, true},
		{"echo", `{"module":"echo","data":{}}`, true},
		{"send_dtmf", `{"module":"send_dtmf","data":{"digits":"` + strings.Repeat("1234567890", 4) + `","duration_ms":2000}}`, true},
	} {
		t.Run(fmt.Sprintf("%s answered %t", tc.name, tc.answered), func(t *testing.T) {
			s.t = t
			number, why, steps := fmt.Sprintf("67%d", i), "gave up before the answer", 1
			flow := tc.flow
			if tc.answered {
				flow, why, steps = `{"module":"answer","children":{"_":`+flow+`}}`, "The caller hung up ", 2
			}
			s.callflow(number, flow)
			id := s.hangUpAt(l, number, steps, tc.answered)
			r := s.record(id)
			cause := "ORIGINATOR_CANCEL"
			if tc.answered {
				cause = "NORMAL_CLEARING"
			}
			if r.By != "caller" || !strings.Contains(r.Why, why) || r.Cause != cause {
				t.Errorf("%s by %s: %s", r.Cause, r.By, r.Why)
			}
			s.quiet()
		})
	}
	s.t = t
}

// hangUpAt calls a number and goes away once the nth step of the flow has
// begun.
func (s *server) hangUpAt(l *phone.Line, number string, step int, answered bool) (id string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	type dialled struct {
		leg call.Leg
		err error
	}
	done := make(chan dialled, 1)
	go func() {
		leg, err := l.Dial(ctx, "sip:"+number+"@"+s.SIP, call.DialOptions{CallerNumber: "100"})
		done <- dialled{leg, err}
	}()
	id = s.running(number)
	s.event(id, "started", step)
	if !answered {
		cancel()
		if d := <-done; !errors.Is(d.err, context.Canceled) {
			s.t.Fatalf("dialling ended with %v", d.err)
		}
		return id
	}
	d := <-done
	if d.err != nil {
		s.t.Fatal(d.err)
	}
	if err := d.leg.Hangup(ctx, call.Normal); err != nil {
		s.t.Error(err)
	}
	return id
}
