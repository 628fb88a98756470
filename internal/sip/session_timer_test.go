package sip

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/rtp"
)

// wire joins a server to a test without a socket, so that its clock can be
// the test's own.
type wire struct {
	addr netip.AddrPort
	mu   sync.Mutex
	out  []*sip.Request // requests that the server sent
	res  []*sip.Response
}

func (w *wire) write(b []byte, _ netip.AddrPort) error {
	m, err := sip.ParseMessage(b)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m := m.(type) {
	case *sip.Request:
		w.out = append(w.out, m)
	case *sip.Response:
		w.res = append(w.res, m)
	}
	return nil
}
func (*wire) transport() string       { return transportUDP }
func (w *wire) local() netip.AddrPort { return w.addr }

// last is the last request of a method, nil if there was none, and how many.
func (w *wire) last(m sip.RequestMethod) (req *sip.Request, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.out {
		if r.Method == m {
			req, n = r, n+1
		}
	}
	return req, n
}

// timed is a server on a wire, with one call answered on it.
func timed(t *testing.T, extra ...string) (s *Server, w *wire, h *handset, legs chan call.Leg) {
	t.Helper()
	e, err := rtp.NewEngine(rtp.Config{PortMin: 29000, PortMax: 29999, Schedulers: 1})
	if err != nil {
		t.Skip(err)
	}
	legs = make(chan call.Leg, 1)
	s, err = NewServer(Config{
		Listen: []Listen{{"udp", "127.0.0.1:0"}}, Media: e, Codecs: audio.Codecs,
		OnCall: func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) },
	})
	if err != nil {
		t.Fatal(err)
	}
	base, stop := context.WithCancelCause(t.Context())
	w = &wire{addr: mustAddr("127.0.0.1:5060")}
	s.stop = stop
	s.newContext = func() (context.Context, context.CancelCauseFunc) { return context.WithCancelCause(base) }
	s.reachDialog = func(d *dialog, _ sip.Uri) (hop, error) { return d.hop, nil }
	h = &handset{t: t, to: w.addr, id: "timed", from: "them", conn: nil}
	h.sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n"
	hear(s, w, h.request("INVITE", h.sdp, extra...))
	synctest.Wait()
	w.mu.Lock()
	h.far = toTag(w.res[len(w.res)-1])
	w.mu.Unlock()
	hear(s, w, h.write2("ACK"))
	synctest.Wait()
	t.Cleanup(e.Close)
	return s, w, h, legs
}

func hear(s *Server, w *wire, m string) {
	s.receive(hop{conn: w, peer: mustAddr("127.0.0.1:5070")}, []byte(m))
}

// reply answers a request that the server sent.
func reply(s *Server, w *wire, req *sip.Request, code int, extra ...string) {
	res := answer(req, code, "them")
	for _, e := range extra {
		n, v, _ := strings.Cut(e, ": ")
		add(res, n, v)
	}
	finish(res, "", nil)
	hear(s, w, string(encode(res)))
	synctest.Wait()
}

func end(t *testing.T, s *Server, w *wire, l call.Leg) {
	t.Helper()
	_ = l.Hangup(t.Context(), call.Normal)
	if bye, n := w.last(sip.BYE); n > 0 {
		reply(s, w, bye, 200)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWeRefresh keeps a call alive by UPDATE, at half of the interval, again
// and again, until nobody answers any more.
func TestWeRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, _, legs := timed(t, "Supported: timer", "Allow: INVITE, UPDATE", "Session-Expires: 100;refresher=uas")
		l := <-legs
		for i := 1; i <= 3; i++ {
			time.Sleep(50 * time.Second)
			synctest.Wait()
			update, n := w.last(sip.UPDATE)
			if n != i {
				t.Fatalf("%d refreshes after %d intervals", n, i)
			}
			if v, _ := first(update, "Session-Expires"); v != "100;refresher=uac" {
				t.Errorf("refreshed with %q", v)
			}
			reply(s, w, update, 200, "Session-Expires: 100;refresher=uac", "Require: timer")
		}
		time.Sleep(50*time.Second + 33*time.Second) // this one is not answered
		synctest.Wait()
		if c := l.Cause(); c.Name != "RECOVERY_ON_TIMER_EXPIRE" || c.By != call.ByUs {
			t.Errorf("ended by %+v", c)
		}
		end(t, s, w, l)
	})
}

// TestWeRefreshByInvite does the same for a peer without UPDATE, through a
// collision.
func TestWeRefreshByInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t)
		l := <-legs
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		invite, n := w.last(sip.INVITE)
		if n != 1 || !strings.Contains(string(invite.Body()), "m=audio") {
			t.Fatalf("%d refreshes", n)
		}
		hear(s, w, h.request("INVITE", h.sdp)) // theirs, at the same time
		synctest.Wait()
		w.mu.Lock()
		if code := w.res[len(w.res)-1].StatusCode; code != 491 {
			t.Errorf("their offer was answered %d", code)
		}
		w.mu.Unlock()
		reply(s, w, invite, 491)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		invite, n = w.last(sip.INVITE)
		if n != 2 {
			t.Fatalf("%d refreshes", n)
		}
		res := answer(invite, 200, "them")
		finish(res, typeSDP, []byte(h.sdp))
		hear(s, w, string(encode(res)))
		hear(s, w, string(encode(res)))
		synctest.Wait()
		if _, acks := w.last(sip.ACK); acks != 3 { // of the 491, and of the 200 twice
			t.Errorf("%d ACKs", acks)
		}
		end(t, s, w, l)
	})
}

// TestTheyDoNotRefresh ends the call before its time is over.
func TestTheyDoNotRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t, "Supported: timer", "Session-Expires: 90;refresher=uac")
		l := <-legs
		time.Sleep(50 * time.Second)
		hear(s, w, h.request("UPDATE", "", "Supported: timer", "Session-Expires: 90;refresher=uac"))
		time.Sleep(59 * time.Second)
		synctest.Wait()
		select {
		case <-l.Ended():
			t.Fatal("ended in spite of the refresh")
		default:
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if c := l.Cause(); c.Name != "RECOVERY_ON_TIMER_EXPIRE" {
			t.Errorf("ended by %+v", c)
		}
		end(t, s, w, l)
	})
}
