package sip

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// hold is a callflow that answers when told to and stays until hung up.
type hold struct {
	legs chan call.Leg
	let  chan struct{} // closed: answer
}

func newHold() *hold { return &hold{make(chan call.Leg, 16), make(chan struct{})} }

func (h *hold) take(ctx context.Context, l call.Leg) {
	h.legs <- l
	select {
	case <-h.let:
		answerAndWait(ctx, l)
	case <-l.Ended():
	}
}

func cause(t *testing.T, l call.Leg) call.Cause {
	t.Helper()
	select {
	case <-l.Ended():
	case <-time.After(patience):
		t.Fatal("the leg did not end")
	}
	return l.Cause()
}

func taken(t *testing.T, h *hold) call.Leg {
	t.Helper()
	select {
	case l := <-h.legs:
		return l
	case <-time.After(patience):
		t.Fatal("no call came")
		return nil
	}
}

func TestRetransmittedInvite(t *testing.T) {
	flow := newHold()
	s := start(t, flow.take)
	h := newHandset(t, s.udp(t))
	invite := h.request("INVITE", h.sdp)
	for range 3 {
		h.send(invite)
		h.expect("100 Trying")
	}
	close(flow.let)
	ok := h.expect("200 OK")
	if tagOf(ok) == "" || head(ok, "Contact") == "" || !strings.Contains(head(ok, "Allow"), "UPDATE") || head(ok, "Server") != "Pivot/test" {
		t.Errorf("answered with\n%s", ok)
	}
	h.send(h.write2("ACK"))
	l := taken(t, flow)
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
	if c := cause(t, l); c.Name != "NORMAL_CLEARING" || c.By != call.ByCaller {
		t.Errorf("ended by %+v", c)
	}
	if len(flow.legs) != 0 {
		t.Error("more calls came of one INVITE")
	}
}

// TestRepeatedBye gets the same answer twice, though the call is forgotten.
func TestRepeatedBye(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	bye := h.request("BYE", "")
	for range 2 {
		h.send(bye)
		if m := h.expect("SIP/2.0"); !strings.HasPrefix(m, "SIP/2.0 200") {
			t.Errorf("BYE was answered\n%s", m)
		}
	}
	h.send(h.request("BYE", ""))
	h.expect("481")
}

// TestLostAck gives a call up whose ACK never comes, after repeating the 200.
func TestLostAck(t *testing.T) {
	legs := make(chan call.Leg, 1)
	s := start(t, func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) }, quick)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	first := h.expect("200 OK")
	for range 3 {
		if again := h.expect("200 OK"); again != first {
			t.Errorf("repeated otherwise:\n%s\n%s", first, again)
		}
	}
	bye := h.expect("BYE")
	if !strings.Contains(head(bye, "Reason"), "cause=102") {
		t.Errorf("BYE says %q", head(bye, "Reason"))
	}
	h.reply(bye, 200, "")
	if c := cause(t, <-legs); c.Name != "RECOVERY_ON_TIMER_EXPIRE" || c.By != call.ByUs {
		t.Errorf("ended by %+v", c)
	}
}

// TestHangupBeforeAck has the BYE wait for the ACK (RFC 3261 section 15).
func TestHangupBeforeAck(t *testing.T) {
	s := start(t, func(ctx context.Context, l call.Leg) { _ = l.Answer(ctx) })
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("200 OK")
	if m := h.expect("SIP"); !strings.HasPrefix(m, "SIP/2.0 200") { // the 200 again, no BYE
		t.Errorf("before the ACK came\n%s", m)
	}
	h.send(h.write2("ACK"))
	h.reply(h.expect("BYE"), 200, "")
}

func TestCancel(t *testing.T) {
	flow := newHold()
	s := start(t, flow.take)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("100")
	l := taken(t, flow)
	h.send(h.request("CANCEL", ""))
	if m := h.expect("200 OK"); !strings.Contains(head(m, "CSeq"), "CANCEL") {
		t.Errorf("CANCEL was answered\n%s", m)
	}
	no := h.expect("487")
	h.far = tagOf(no)
	h.send(h.write("ACK", h.seq, ""))
	if c := cause(t, l); c.Name != "ORIGINATOR_CANCEL" || c.By != call.ByCaller || c.SIP != 487 {
		t.Errorf("ended by %+v", c)
	}
	if err := l.Answer(t.Context()); err == nil {
		t.Error("a cancelled call was answered")
	}
}

// TestCancelOvertakes has the CANCEL come before its INVITE.
func TestCancelOvertakes(t *testing.T) {
	s := start(t, noCalls(t))
	h := newHandset(t, s.udp(t))
	invite := h.request("INVITE", h.sdp)
	h.send(h.request("CANCEL", ""))
	h.expect("481")
	h.send(invite)
	h.expect("487")
	if e := await[event.Ended](t, s.log, 1)[0]; e.Cause != "ORIGINATOR_CANCEL" {
		t.Errorf("ended %+v", e)
	}
}

// TestCancelTooLate comes after the 200: the call stands.
func TestCancelTooLate(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("200 OK")
	far := h.far
	h.far = ""
	h.send(h.request("CANCEL", ""))
	for m := h.expect("200 OK"); !strings.Contains(head(m, "CSeq"), "CANCEL"); m = h.expect("200 OK") {
	}
	h.far = far
	h.send(h.write2("ACK"))
	h.send(h.request("OPTIONS", ""))
	h.expect("200 OK")
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

// TestByeOvertakesAck ends the call all the same.
func TestByeOvertakesAck(t *testing.T) {
	legs := make(chan call.Leg, 1)
	s := start(t, func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) })
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("200 OK")
	ack := h.write2("ACK")
	h.send(h.request("BYE", "", `Reason: Q.850;cause=17;text="busy, really"`))
	for m := h.expect("200 OK"); !strings.Contains(head(m, "CSeq"), "BYE"); m = h.expect("200 OK") {
	}
	h.send(ack)
	if c := cause(t, <-legs); c.Name != "USER_BUSY" || c.By != call.ByCaller || c.Text != "busy, really" {
		t.Errorf("ended by %+v", c)
	}
}

// TestByeBeforeAnswer ends an early dialog: 200 to the BYE, 487 to the INVITE.
func TestByeBeforeAnswer(t *testing.T) {
	flow := newHold()
	s := start(t, func(ctx context.Context, l call.Leg) {
		_ = l.(call.Ringer).Ring(ctx)
		flow.take(ctx, l)
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("180")
	invite := h.via
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
	h.expect("487")
	h.via = invite
	h.send(h.write("ACK", 1, ""))
	if c := cause(t, taken(t, flow)); c.Name != "ORIGINATOR_CANCEL" || c.By != call.ByCaller {
		t.Errorf("ended by %+v", c)
	}
}

func TestLateOffer(t *testing.T) {
	heard := make(chan error, 1)
	s := start(t, func(ctx context.Context, l call.Leg) {
		if err := l.Answer(ctx); err != nil {
			heard <- err
			return
		}
		heard <- l.Play(ctx, audio.Tone(100*time.Millisecond, 500))
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", ""))
	offer := h.expect("200 OK")
	if !strings.Contains(body(offer), "m=audio") || head(offer, "Content-Type") != typeSDP {
		t.Fatalf("no offer in\n%s", offer)
	}
	if len(facts[event.Answered](s.log)) != 0 {
		t.Error("told as answered before there is sound")
	}
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", h.seq, h.sdp))
	if err := <-heard; err != nil {
		t.Error(err)
	}
	if a := await[event.Answered](t, s.log, 1)[0]; a.Remote != "127.0.0.1:20000" || a.Codec != "PCMU" {
		t.Errorf("answered %+v", a)
	}
	h.reply(h.expect("BYE"), 200, "")
}

// TestLateOfferWithoutAnswer is an ACK that leaves our offer open.
func TestLateOfferWithoutAnswer(t *testing.T) {
	s := start(t, func(ctx context.Context, l call.Leg) {
		if err := l.Answer(ctx); err == nil {
			t.Error("answered without sound")
		}
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", ""))
	h.expect("200 OK")
	h.send(h.write2("ACK"))
	h.reply(h.expect("BYE"), 200, "")
}

func TestEarlyMedia(t *testing.T) {
	s := start(t, func(ctx context.Context, l call.Leg) {
		if err := l.Play(ctx, audio.Tone(40*time.Millisecond, 500)); err != nil {
			t.Error(err)
		}
		answerAndWait(ctx, l)
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	early := h.expect("183")
	ok := h.expect("200 OK")
	if body(early) == "" || body(early) != body(ok) {
		t.Errorf("early and final answer differ:\n%s\n%s", body(early), body(ok))
	}
	h.send(h.write2("ACK"))
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

func TestInfo(t *testing.T) {
	keys := make(chan call.Key, 4)
	s := start(t, func(ctx context.Context, l call.Leg) {
		pressed, stop := l.Keys()
		defer stop()
		_ = l.Answer(ctx)
		for {
			select {
			case k := <-pressed:
				keys <- k
			case <-l.Ended():
				return
			}
		}
	})
	h := newHandset(t, s.udp(t))
	h.call()
	for _, c := range []struct {
		kind, body string
		code       string
		want       byte
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "200", '5'},
		{"application/dtmf", "#", "200", '#'},
		{"application/dtmf-relay", "signal = 11\nduration = 90", "200", '#'},
		{"application/dtmf-relay", "Signal=x", "400", 0},
		{"application/something", "1", "415", 0},
	} {
		h.send(h.request("INFO", c.body, "Content-Type: "+c.kind))
		h.expect(c.code)
		if c.want == 0 {
			continue
		}
		if k := <-keys; k.Digit != c.want || k.Via != call.ViaINFO {
			t.Errorf("%q came as %+v", c.body, k)
		}
	}
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

func TestMerged(t *testing.T) {
	flow := newHold()
	s := start(t, flow.take)
	h := newHandset(t, s.udp(t))
	invite := h.request("INVITE", h.sdp)
	h.send(invite)
	h.expect("100")
	h.send(strings.Replace(invite, h.via, "z9hG4bKanotherway", 1))
	h.expect("482")
	h.send(strings.NewReplacer(h.via, cookie+s.mark+"x", h.id, "loop").Replace(invite))
	h.expect("482")
	h.send(h.request("CANCEL", ""))
	h.expect("487")
}

func TestFullAndDraining(t *testing.T) {
	flow := newHold()
	s := start(t, flow.take, func(c *Config) { c.MaxCalls = 1 })
	h, other := newHandset(t, s.udp(t)), newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("100")
	if s.Live() != 1 {
		t.Errorf("%d calls", s.Live())
	}
	other.send(other.request("INVITE", h.sdp))
	if no := other.expect("503"); head(no, "Retry-After") == "" {
		t.Errorf("refused without Retry-After:\n%s", no)
	}
	h.send(h.request("CANCEL", ""))
	h.expect("487")
	cause(t, taken(t, flow))
	if err := s.settled(deadline(t)); err != nil {
		t.Fatal(err)
	}
	other.far = ""
	other.send(other.request("OPTIONS", ""))
	if ok := other.expect("200"); !strings.Contains(head(ok, "Accept"), "sdp") || !strings.Contains(head(ok, "Supported"), "timer") {
		t.Errorf("OPTIONS was answered\n%s", ok)
	}
	s.Drain()
	other.far = ""
	other.send(other.request("OPTIONS", ""))
	other.expect("503")
	other.send(other.request("INVITE", h.sdp))
	other.expect("503")
	if got := await[event.Ended](t, s.log, 2); got[1].SIP != 503 {
		t.Errorf("ended %+v", got)
	}
}

func TestSessionTimerOffered(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp, "Supported: timer", "Session-Expires: 60"))
	if no := h.expect("422"); head(no, "Min-SE") != "90" {
		t.Errorf("refused with\n%s", no)
	}
	h.send(h.write("ACK", h.seq, ""))
	h.far = ""
	ok := h.call("Supported: timer", "Session-Expires: 120;refresher=uac")
	if head(ok, "Session-Expires") != "120;refresher=uac" || head(ok, "Require") != "timer" {
		t.Errorf("answered with\n%s", ok)
	}
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
	plain := newHandset(t, s.udp(t))
	if ok := plain.call(); head(ok, "Session-Expires") != "1800;refresher=uas" || head(ok, "Require") != "" {
		t.Errorf("answered with\n%s", ok)
	}
	plain.send(plain.request("BYE", ""))
	plain.expect("200 OK")
}

// TestPanic costs the call, nothing else.
func TestPanic(t *testing.T) {
	first := true
	s := start(t, func(ctx context.Context, l call.Leg) {
		if first {
			first = false
			panic("flow gone wrong")
		}
		answerAndWait(ctx, l)
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("500")
	if f := await[event.Failed](t, s.log, 1)[0]; f.Code != "panic" {
		t.Errorf("told as %+v", f)
	}
	next := newHandset(t, s.udp(t))
	next.call()
	next.send(next.request("BYE", ""))
	next.expect("200 OK")
}

func TestMediaTimeout(t *testing.T) {
	legs := make(chan call.Leg, 1)
	s := start(t, func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) },
		func(c *Config) { c.MediaTimeout = 200 * time.Millisecond })
	h := newHandset(t, s.udp(t))
	h.call()
	h.reply(h.expect("BYE"), 200, "")
	if c := cause(t, <-legs); c.Name != "MEDIA_TIMEOUT" || c.By != call.ByUs {
		t.Errorf("ended by %+v", c)
	}
}

// TestKeepalive has silence sent from the answer on, where that is wanted.
func TestKeepalive(t *testing.T) {
	for _, every := range []time.Duration{0, 40 * time.Millisecond} {
		ringing, let := make(chan struct{}), make(chan struct{})
		s := start(t, func(ctx context.Context, l call.Leg) {
			_ = l.(call.Ringer).Ring(ctx)
			close(ringing)
			<-let
			answerAndWait(ctx, l)
		}, func(c *Config) { c.Keepalive = every })
		h := newHandset(t, s.udp(t))
		sound, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(mustAddr("127.0.0.1:0")))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sound.Close() }()
		_, port, _ := net.SplitHostPort(sound.LocalAddr().String())
		h.sdp = strings.Replace(h.sdp, "20000", port, 1)
		hears := func(packets int, within time.Duration) bool {
			_ = sound.SetReadDeadline(time.Now().Add(within))
			n, err := 172, error(nil)
			for ; packets > 0 && n == 172 && err == nil; packets-- {
				n, err = sound.Read(make([]byte, 2000))
			}
			return n == 172 && err == nil
		}
		h.send(h.request("INVITE", h.sdp))
		h.expect("180")
		<-ringing
		if hears(1, 150*time.Millisecond) {
			t.Errorf("%v: sound before the answer", every)
		}
		close(let)
		h.expect("200 OK")
		h.send(h.write2("ACK"))
		if every == 0 && hears(1, 150*time.Millisecond) || every > 0 && !hears(3, 5*time.Second) {
			t.Errorf("%v: wrong after the answer", every)
		}
		h.send(h.request("BYE", ""))
		h.expect("200 OK")
	}
}

// TestCloseEndsCalls hangs up what is left.
func TestCloseEndsCalls(t *testing.T) {
	flow := newHold()
	s := start(t, flow.take)
	up, ringing := newHandset(t, s.udp(t)), newHandset(t, s.udp(t))
	ringing.send(ringing.request("INVITE", ringing.sdp))
	ringing.expect("100")
	taken(t, flow)
	close(flow.let)
	ringing.expect("200 OK")
	up.call()
	done := make(chan error, 1)
	go func() { done <- s.Close(deadline(t)) }()
	up.reply(up.expect("BYE"), 200, "")
	ringing.send(ringing.write2("ACK"))
	ringing.reply(ringing.expect("BYE"), 200, "")
	if err := <-done; err != nil {
		t.Error(err)
	}
}
