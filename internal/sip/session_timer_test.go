package sip

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
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

// next is the n-th request of a method, which has to come within a time.
func (w *wire) next(t *testing.T, m sip.RequestMethod, n int, within time.Duration) *sip.Request {
	t.Helper()
	for until := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		synctest.Wait()
		if req, there := w.last(m); there == n {
			return req
		}
		if time.Now().After(until) {
			t.Fatalf("no %s number %d within %v", m, n, within)
		}
	}
}

// codes are the statuses of the answers that came since the first from.
func (w *wire) codes(from int) (codes []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.res[from:] {
		codes = append(codes, r.StatusCode)
	}
	return codes
}

// timed is a server on a wire, with one call answered on it.
func timed(t *testing.T, extra ...string) (s *Server, w *wire, h *handset, legs chan call.Leg) {
	t.Helper()
	s, w, h, legs = incoming(t, answerAndWait, extra...)
	w.mu.Lock()
	h.far = toTag(w.res[len(w.res)-1])
	w.mu.Unlock()
	hear(s, w, h.write2("ACK"))
	synctest.Wait()
	return s, w, h, legs
}

// incoming is a server on a wire, with one call that came.
func incoming(
	t *testing.T, onCall func(context.Context, call.Leg), extra ...string,
) (s *Server, w *wire, h *handset, legs chan call.Leg) {
	t.Helper()
	legs = make(chan call.Leg, 100)
	s, w, h = onWire(t, func(c *Config) {
		c.OnCall = func(ctx context.Context, l call.Leg) { legs <- l; onCall(ctx, l) }
	})
	hear(s, w, h.request("INVITE", h.sdp, extra...))
	synctest.Wait()
	return s, w, h, legs
}

// onWire is a server on a wire, and who may talk to it.
func onWire(t *testing.T, change func(*Config)) (s *Server, w *wire, h *handset) {
	t.Helper()
	e, err := rtp.NewEngine(rtp.Config{PortMin: 29000, PortMax: 29999, Schedulers: 1})
	if err != nil {
		t.Skip(err)
	}
	cfg := Config{Listen: []Listen{{"udp", "127.0.0.1:0"}}, Media: e, Codecs: audio.Codecs}
	change(&cfg)
	if s, err = NewServer(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	base, stop := context.WithCancelCause(t.Context())
	w = &wire{addr: mustAddr("127.0.0.1:5060")}
	s.stop = stop
	s.newContext = func() (context.Context, context.CancelCauseFunc) { return context.WithCancelCause(base) }
	s.reachDialog = func(d *dialog, _ sip.Uri) (hop, error) { return d.hop, nil }
	h = &handset{t: t, to: w.addr, id: "timed", from: "them", conn: nil}
	h.sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n"
	return s, w, h
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

// expires holds a session to going on for so long, and to ending by its timer
// that much later.
func expires(t *testing.T, l call.Leg, on, later time.Duration) {
	t.Helper()
	time.Sleep(on)
	synctest.Wait()
	select {
	case <-l.Ended():
		t.Fatalf("ended by %+v", l.Cause())
	default:
	}
	time.Sleep(later)
	synctest.Wait()
	if c := l.Cause(); c.Name != "RECOVERY_ON_TIMER_EXPIRE" {
		t.Errorf("ended by %+v", c)
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
		invite = w.next(t, sip.INVITE, 2, 2*time.Second)
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
		expires(t, l, 59*time.Second, 2*time.Second)
		end(t, s, w, l)
	})
}

// TestRefreshRefused refreshes by re-INVITE where UPDATE is listed and not
// known, when the far end says so, and leaves alone what that has refreshed.
func TestRefreshRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t, "Supported: timer", "Allow: INVITE, UPDATE", "Session-Expires: 200;refresher=uas")
		l := <-legs
		time.Sleep(100 * time.Second)
		reply(s, w, w.next(t, sip.UPDATE, 1, time.Second), 503, "Retry-After: 20")
		time.Sleep(19 * time.Second)
		reply(s, w, w.next(t, sip.UPDATE, 2, 2*time.Second), 405)
		invite := w.next(t, sip.INVITE, 1, time.Second)
		hear(s, w, h.request("UPDATE", "", "Supported: timer", "Session-Expires: 400;refresher=uac"))
		synctest.Wait()
		reply(s, w, invite, 491)
		expires(t, l, 360*time.Second, 10*time.Second)
		if _, n := w.last(sip.INVITE); n != 1 {
			t.Errorf("%d refreshes of what was refreshed", n-1)
		}
		end(t, s, w, l)
	})
}

// TestNoWayToRefresh does not press a far end that takes neither UPDATE nor
// another INVITE, or that asks for no pause.
func TestNoWayToRefresh(t *testing.T) {
	for code, extra := range map[int]string{405: "Allow: INVITE", 501: "X-Why: no", 500: "Retry-After: 0"} {
		synctest.Test(t, func(t *testing.T) {
			s, w, _, legs := timed(t, "Supported: timer", "Session-Expires: 200;refresher=uas")
			l := <-legs
			time.Sleep(100 * time.Second)
			for range 200 { // 20 s
				synctest.Wait()
				if req, n := w.last(sip.INVITE); n > 0 {
					reply(s, w, req, code, extra)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if _, n := w.last(sip.INVITE); n < 2 || n > 25 {
				t.Errorf("%d: %d INVITEs in 20 s", code, n)
			}
			end(t, s, w, l)
		})
	}
}

// TestRefreshRings ends a call whose refresh is told to wait, and never
// answered, when the session does, and keeps nothing of it.
func TestRefreshRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, _, legs := timed(t, "Supported: timer", "Session-Expires: 200;refresher=uas")
		l := <-legs
		time.Sleep(100 * time.Second)
		reply(s, w, w.next(t, sip.INVITE, 1, time.Second), 100)
		time.Sleep(99 * time.Second)
		reply(s, w, w.next(t, sip.BYE, 1, 2*time.Second), 200)
		if c := l.Cause(); c.Name != "RECOVERY_ON_TIMER_EXPIRE" {
			t.Errorf("ended by %+v", c)
		}
		time.Sleep(time.Minute)
		s.tx.mu.Lock()
		if n := len(s.tx.clients); n != 0 {
			t.Errorf("%d requests are waited for", n)
		}
		s.tx.mu.Unlock()
		end(t, s, w, l)
	})
}

// TestRefreshedLate is a refresh that is here in time and is read a moment
// after it: the end of the session, which had to wait as well, is none.
func TestRefreshedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t, "Supported: timer", "Session-Expires: 90;refresher=uac")
		l := <-legs
		time.Sleep(59 * time.Second)
		l.(*leg).thread.must(func() { time.Sleep(2 * time.Second) })
		hear(s, w, h.request("UPDATE", "", "Supported: timer", "Session-Expires: 90;refresher=uac"))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if c := l.Cause(); c.Name != "" {
			t.Errorf("ended by %+v", c)
		}
		end(t, s, w, l)
	})
}

// TestUpdateBeforeTheAnswer begins no session timer: there is no session yet.
func TestUpdateBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := incoming(t, func(ctx context.Context, l call.Leg) {
			_ = l.(call.Ringer).Ring(ctx)
			<-l.Ended()
		}, "Supported: timer")
		l := <-legs
		synctest.Wait()
		w.mu.Lock()
		h.far = toTag(w.res[len(w.res)-1])
		w.mu.Unlock()
		hear(s, w, h.request("UPDATE", "", "Supported: timer", "Session-Expires: 90;refresher=uac"))
		synctest.Wait()
		w.mu.Lock()
		if res := w.res[len(w.res)-1]; res.StatusCode != 200 || len(res.GetHeaders("Session-Expires")) > 0 {
			t.Errorf("answered %s", res)
		}
		w.mu.Unlock()
		time.Sleep(100 * time.Second)
		synctest.Wait()
		if c := l.Cause(); c.Name != "" {
			t.Errorf("ended by %+v", c)
		}
		end(t, s, w, l)
	})
}

// TestRingsOn tells the caller each minute that it rings still, and no more
// once it is answered.
func TestRingsOn(t *testing.T) {
	for _, c := range []struct {
		require string
		told    []int
	}{
		{"Supported: 100rel", []int{180, 180, 180, 180, 180}},
		{"Require: 100rel", []int{180, 180}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, w, h, legs := incoming(t, func(ctx context.Context, l call.Leg) {
				_ = l.(call.Ringer).Ring(ctx)
				time.Sleep(290 * time.Second)
				answerAndWait(ctx, l)
			}, c.require)
			l := <-legs
			synctest.Wait()
			w.mu.Lock()
			h.far = toTag(w.res[len(w.res)-1])
			w.mu.Unlock()
			acknowledge := func(n int) {
				if c.require == "Require: 100rel" {
					hear(s, w, h.request("PRACK", "", fmt.Sprintf("RAck: %d 1 INVITE", n)))
				}
			}
			acknowledge(1)
			time.Sleep(150 * time.Second)
			synctest.Wait()
			acknowledge(2)
			time.Sleep(145 * time.Second)
			synctest.Wait()
			var told []int
			for _, code := range w.codes(0) {
				if code == 180 {
					told = append(told, code)
				}
			}
			if !slices.Equal(told, c.told) {
				t.Errorf("%s: told %v", c.require, told)
			}
			h.seq = 1
			hear(s, w, h.write2("ACK"))
			synctest.Wait()
			end(t, s, w, l)
		})
	}
}

// TestByesCross answers the far end's BYE although ours is under way.
func TestByesCross(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t)
		l := <-legs
		_ = l.Hangup(t.Context(), call.Normal)
		synctest.Wait()
		before := len(w.codes(0))
		hear(s, w, h.request("BYE", ""))
		synctest.Wait()
		if got := w.codes(before); !slices.Equal(got, []int{200}) {
			t.Errorf("answered %v", got)
		}
		end(t, s, w, l)
	})
}
