package sip

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/event"
)

// tape is a socket that keeps what is sent, with the time.
type tape struct {
	name  string // of the transport
	began time.Time
	mu    sync.Mutex
	sent  []string
	at    []time.Duration
	fail  error
}

func (w *tape) write(b []byte, _ netip.AddrPort) error {
	if w.fail != nil {
		return w.fail
	}
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent, w.at = append(w.sent, string(line)), append(w.at, time.Since(w.began))
	return nil
}
func (w *tape) transport() string   { return w.name }
func (*tape) local() netip.AddrPort { return netip.MustParseAddrPort("192.0.2.1:5060") }

func onTape(transport string) (*tape, outlet) {
	w := &tape{name: transport, began: time.Now()}
	return w, outlet{hop: hop{conn: w, peer: netip.MustParseAddrPort("192.0.2.2:5060")}}
}

func request(t *testing.T, m sip.RequestMethod) *sip.Request {
	t.Helper()
	d := &dialog{callID: "c", target: sip.Uri{Scheme: "sip", Host: "192.0.2.2"}}
	d.self.Params.Add("tag", "us")
	r, _ := d.request(m)
	finish(r, "", nil)
	return r
}

// times are when messages were sent, in seconds.
func (w *tape) times() []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []float64
	for _, d := range w.at {
		out = append(out, d.Seconds())
	}
	return out
}

// TestClientTimers has nobody answer: RFC 3261's times to the dot.
func TestClientTimers(t *testing.T) {
	for _, c := range []struct {
		method    sip.RequestMethod
		transport string
		want      []float64
	}{
		{sip.INVITE, "UDP", []float64{0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5}},
		{sip.BYE, "UDP", []float64{0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5}},
		{sip.INVITE, "TCP", []float64{0}},
		{sip.BYE, "TCP", []float64{0}},
	} {
		t.Run(string(c.method)+c.transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newTxTable(Timers{}.orDefault())
				w, o := onTape(c.transport)
				over := make(chan error, 1)
				if _, err := x.request(o, request(t, c.method), func(_ *sip.Response, err error) { over <- err }); err != nil {
					t.Fatal(err)
				}
				if err := <-over; !errors.Is(err, errTxTimeout) || time.Since(w.began) != 32*time.Second {
					t.Errorf("%v after %v", err, time.Since(w.began))
				}
				if got := w.times(); !slices.Equal(got, c.want) {
					t.Errorf("sent at %v", got)
				}
				if s, c := x.size(); s+c != 0 {
					t.Errorf("%d and %d are left", s, c)
				}
			})
		})
	}
}

// asks is a bare request of a call.
func asks(m sip.RequestMethod, call string) *inbound {
	req, id := sip.NewRequest(m, sip.Uri{}), sip.CallIDHeader(call)
	req.AppendHeader(&id)
	return &inbound{req: req}
}

// TestServerTimers has nobody acknowledge a refusal.
func TestServerTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTxTable(Timers{}.orDefault())
		w, o := onTape("UDP")
		tx := x.take("k", asks(sip.INVITE, "one"), o, nil)
		_ = tx.respond(100, []byte("SIP/2.0 100 Trying\r\n\r\n"))
		tx.repeated()
		if err := tx.respond(486, []byte("SIP/2.0 486 Busy Here\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if err := tx.respond(200, nil); !errors.Is(err, errTxOver) {
			t.Errorf("answered twice: %v", err)
		}
		time.Sleep(33 * time.Second)
		synctest.Wait()
		want := []float64{0, 0, 0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5}
		if got := w.times(); !slices.Equal(got, want) {
			t.Errorf("sent at %v", got)
		}
		if s, _ := x.size(); s != 0 {
			t.Error("a transaction is left")
		}
	})
}

// TestAckOfRefusal stops the repeating; the transaction stays for T4 to absorb
// what is still under way.
func TestAckOfRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTxTable(Timers{}.orDefault())
		w, o := onTape("UDP")
		tx := x.take("k", asks(sip.INVITE, "one"), o, nil)
		_ = tx.respond(486, []byte("SIP/2.0 486 Busy Here\r\n\r\n"))
		for range 2 {
			if !tx.ack() {
				t.Error("the ACK was not taken")
			}
		}
		tx.repeated()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if s, _ := x.size(); s != 1 || len(w.sent) != 1 {
			t.Errorf("%d transactions, sent %v", s, w.sent)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s, _ := x.size(); s != 0 {
			t.Error("a transaction is left")
		}
	})
}

// TestNonInviteServer repeats its answer for 32 s and is forgotten then.
func TestNonInviteServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTxTable(Timers{}.orDefault())
		w, o := onTape("UDP")
		tx := x.take("k", asks(sip.BYE, "one"), o, nil)
		_ = tx.respond(200, []byte("SIP/2.0 200 OK\r\n\r\n"))
		time.Sleep(31 * time.Second)
		synctest.Wait()
		tx.repeated()
		if len(w.sent) != 2 {
			t.Errorf("sent %v", w.sent)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s, _ := x.size(); s != 0 {
			t.Error("a transaction is left")
		}
		w2, o2 := onTape("TCP") // nothing comes again there
		tx = x.take("k", asks(sip.BYE, "one"), o2, nil)
		_ = tx.respond(200, []byte("SIP/2.0 200 OK\r\n\r\n"))
		if s, _ := x.size(); s != 0 || len(w2.sent) != 1 {
			t.Error("a transaction is left")
		}
	})
}

// TestRefusedInvite acknowledges a refusal each time it comes.
func TestRefusedInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTxTable(Timers{}.orDefault())
		w, o := onTape("UDP")
		var got []int
		req := request(t, sip.INVITE)
		if _, err := x.request(o, req, func(r *sip.Response, _ error) { got = append(got, r.StatusCode) }); err != nil {
			t.Fatal(err)
		}
		for _, code := range []int{100, 180, 486, 486} {
			res := answer(req, code, "them")
			if tx, ok := x.client(res); ok {
				tx.take(res)
			}
		}
		if len(got) != 3 || got[2] != 486 {
			t.Errorf("told %v", got)
		}
		if len(w.sent) != 3 || w.sent[1] != "ACK sip:192.0.2.2 SIP/2.0" {
			t.Errorf("sent %v", w.sent)
		}
		time.Sleep(33 * time.Second)
		synctest.Wait()
		if _, c := x.size(); c != 0 {
			t.Error("a transaction is left")
		}
	})
}

// TestRingingHasNoLimit but that of a CANCEL.
func TestRingingHasNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTxTable(Timers{}.orDefault())
		_, o := onTape("UDP")
		over := make(chan error, 4)
		req := request(t, sip.INVITE)
		tx, err := x.request(o, req, func(_ *sip.Response, err error) { over <- err })
		if err != nil {
			t.Fatal(err)
		}
		tx.take(answer(req, 180, "them"))
		if err := <-over; err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(over) != 0 {
			t.Fatal("given up while it rang")
		}
		tx.expect(32 * time.Second)
		if err := <-over; !errors.Is(err, errTxTimeout) {
			t.Error(err)
		}
		x.close()
	})
}

// TestTableCloses ends every wait and leaves no timer.
func TestTableCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTxTable(Timers{}.orDefault())
		_, o := onTape("UDP")
		over := make(chan error, 1)
		if _, err := x.request(o, request(t, sip.BYE), func(_ *sip.Response, err error) { over <- err }); err != nil {
			t.Fatal(err)
		}
		x.take("k", asks(sip.INVITE, "one"), o, nil)
		x.close()
		if err := <-over; !errors.Is(err, errStopped) {
			t.Error(err)
		}
		if _, err := x.request(o, request(t, sip.BYE), nil); !errors.Is(err, errStopped) {
			t.Errorf("a request went out after the end: %v", err)
		}
	})
}

// TestUnsendable is told at once.
func TestUnsendable(t *testing.T) {
	x := newTxTable(Timers{}.orDefault())
	w, o := onTape("TCP")
	w.fail = errConnClosed
	if _, err := x.request(o, request(t, sip.BYE), nil); !errors.Is(err, errConnClosed) {
		t.Errorf("got %v", err)
	}
	if _, c := x.size(); c != 0 {
		t.Error("a transaction is left")
	}
}

// TestWrittenBeforeSent has a message on the timeline when it leaves, and what
// came of it behind it.
func TestWrittenBeforeSent(t *testing.T) {
	d := newDiary()
	var there int
	o := outlet{hop: hop{conn: failing{func() { there = len(facts[event.SIP](d)) }}}, journal: journal{d}, call: "x"}
	if err := o.send([]byte("BYE sip:a@b SIP/2.0\r\n\r\n"), ""); err == nil {
		t.Fatal("it was sent")
	}
	if there != 1 {
		t.Errorf("%d facts when it left", there)
	}
	if w := facts[event.Warned](d); len(w) != 1 || w[0].Message != "BYE sip:a@b SIP/2.0: sip: connection closed" {
		t.Errorf("warned %+v", w)
	}
}

// failing is a socket that takes nothing.
type failing struct{ asked func() }

func (f failing) write([]byte, netip.AddrPort) error { f.asked(); return errConnClosed }
func (failing) transport() string                    { return transportUDP }
func (failing) local() netip.AddrPort                { return netip.AddrPort{} }
