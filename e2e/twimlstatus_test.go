package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/trial"
)

// lateServer is a web server that keeps what it is told, on an address of its
// own that nobody listens on before Start.
type lateServer struct {
	addr string

	mu  sync.Mutex
	got []url.Values
}

func (l *lateServer) start(t *testing.T) {
	t.Helper()
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a bad one has no parameters
		l.mu.Lock()
		defer l.mu.Unlock()
		l.got = append(l.got, r.Form)
	}))
	_ = server.Listener.Close()
	server.Listener = socket
	server.Start()
	t.Cleanup(server.Close)
}

// of are the callbacks of a call, in the order in which they came; one that
// was told again is there once.
func (l *lateServer) of(call string) (some []url.Values) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.got {
		same := func(o url.Values) bool { return o.Get("SequenceNumber") == v.Get("SequenceNumber") }
		if v.Get("CallSid") == call && !slices.ContainsFunc(some, same) {
			some = append(some, v)
		}
	}
	return some
}

// settle waits until what calls have done so far is on the disk, and what is
// to be told of them: that of a later call is.
func (s *server) settle(app *twimlApp, l *phone.Line) {
	s.t.Helper()
	s.number("931", map[string]any{"voice_url": app.URL + "/brief", "status_callback": app.URL + "/told"})
	s.keyed(l, "931", "", call.DialOptions{})
	app.only(s, "/told")
	s.records("931", 1)
}

// TestTwiMLStatusCallbacks has a server killed, after one call and during
// another, while nobody takes its status callbacks: they arrive in their order
// once somebody does.
func TestTwiMLStatusCallbacks(t *testing.T) {
	data := t.TempDir()
	s := serveIn(t, data)
	app := startApp(t, map[string]string{
		"/voice": `<Response><Play loop="0">/tone440.wav</Play></Response>`, "/brief": `<Response><Hangup/></Response>`, "/told": "",
	})
	late := &lateServer{addr: fmt.Sprintf("127.0.0.1:%d", trial.Ports(t, 1))}
	s.number("930", map[string]any{
		"voice_url": app.URL + "/voice", "status_callback": "http://" + late.addr + "/status",
		"status_callback_event": []string{"initiated", "ringing", "answered", "completed"},
	})
	l := s.line()
	over := s.dial(l, "930")
	if err := over.Hangup(t.Context(), call.Normal); err != nil {
		t.Fatal(err)
	}
	s.record(over.Info().ID)
	s.event(over.Info().ID, "called_back", 2) // tried twice, in vain
	cut := s.dial(l, "930")
	s.event(cut.Info().ID, "called_back", 1)
	s.event(cut.Info().ID, "answered", 1)
	s.settle(app, l)
	s.signal(syscall.SIGKILL)
	s.exit()
	s = serveIn(t, data)
	defer s.timelines()
	late.start(t)
	for id, stages := range map[string][]string{
		over.Info().ID: {"initiated", "ringing", "in-progress", "completed"},
		cut.Info().ID:  {"initiated", "ringing", "in-progress", "failed"},
	} {
		trial.Eventually(t, func() string {
			if got := late.of(id); len(got) < len(stages) {
				return fmt.Sprintf("%d status callbacks of %s: %v", len(got), id, got)
			}
			return ""
		})
		for i, want := range stages {
			ask{path: "/status", params: late.of(id)[i]}.is(t, "CallStatus="+want, "SequenceNumber="+strconv.Itoa(i), "Timestamp",
				"CallbackSource=call-progress-events", "From=sip:100@127.0.0.1", "To=sip:930@127.0.0.1", "AccountSid="+s.auth.account)
		}
	}
}
