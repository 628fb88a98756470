package sip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// TestEcho has a caller hear itself.
func TestEcho(t *testing.T) {
	callee := start(t, func(ctx context.Context, l call.Leg) {
		_ = l.Answer(ctx)
		_ = l.(call.Echoer).Echo(ctx)
	})
	caller := start(t, noCalls(t))
	l, err := caller.Dial(deadline(t), callee.uri("echo"), call.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ear := audio.NewEar(8000, map[string]float64{"mine": 700})
	defer l.Tap(call.Heard, ear)()
	over := make(chan error, 1)
	go func() { over <- l.Play(t.Context(), audio.Tone(time.Minute, 700)) }()
	if err := ear.Wait(deadline(t), "mine"); err != nil {
		t.Error(err)
	}
	_ = l.Hangup(t.Context(), call.Normal)
	if err := <-over; !errors.Is(err, call.ErrHungup) {
		t.Errorf("playing ended with %v", err)
	}
}

// TestMultipart finds the offer among other content.
func TestMultipart(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	for _, c := range []struct{ body, code string }{
		{"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\nContent-Type: application/sdp\r\n\r\n" + h.sdp + "\r\n--x--\r\n", "200"},
		{"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n", "415"},
		{"no parts", "415"},
	} {
		h.id, h.far = newTag(), ""
		h.send(h.request("INVITE", c.body, "Content-Type: multipart/mixed;boundary=x"))
		m := h.expect("SIP/2.0 " + c.code)
		h.far = tagOf(m)
		if c.code == "200" {
			h.send(h.write2("ACK"))
			h.send(h.request("BYE", ""))
			h.expect("200")
			continue
		}
		h.send(h.write("ACK", h.seq, ""))
	}
}

// TestNames dials a host by its name.
func TestNames(t *testing.T) {
	callee, caller := start(t, answerAndWait), start(t, noCalls(t))
	l, err := caller.Dial(deadline(t), fmt.Sprintf("sip:100@localhost:%d", callee.udp(t).Port()), call.DialOptions{})
	if err != nil {
		t.Skipf("localhost is no name here: %v", err)
	}
	if err := l.Hangup(t.Context(), call.Normal); err != nil {
		t.Error(err)
	}
}

// touchy is a log that cannot stand one kind of fact.
type touchy struct{ *diary }

func (l touchy) Add(e event.Event) {
	if _, ok := e.What.(event.Ringing); ok {
		panic("a fault in the handling")
	}
	l.diary.Add(e)
}

// TestFaultInSignalling costs the call, nothing else.
func TestFaultInSignalling(t *testing.T) {
	d := newDiary()
	s := start(t, func(ctx context.Context, l call.Leg) {
		_ = l.(call.Ringer).Ring(ctx)
		<-l.Ended()
	}, func(c *Config) { c.Log = touchy{d} })
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("500")
	if f := await[event.Failed](t, d, 1)[0]; f.Code != "panic" {
		t.Errorf("told as %+v", f)
	}
	h.far = ""
	h.send(h.request("OPTIONS", ""))
	h.expect("200")
}

// TestNextAddress tries the other places of a name when the first is out of
// service.
func TestNextAddress(t *testing.T) {
	s := start(t, noCalls(t))
	down, up := phone(t, s), phone(t, s)
	l, err := s.begin(t.Context(), "sip:100@"+down.addr(), call.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.thread.do(func() { l.uac.spots = []spot{{transportUDP, mustAddr(up.addr())}} })
	invite := down.expect("INVITE")
	down.reply(invite, 503, "")
	down.expect("ACK")
	up.reply(up.expect("INVITE"), 200, up.sdp)
	up.expect("ACK")
	if err := <-l.uac.result; err != nil {
		t.Fatal(err)
	}
	_ = l.Hangup(t.Context(), call.Normal)
	up.reply(up.expect("BYE"), 200, "")
}

func TestSuits(t *testing.T) {
	for _, c := range []struct {
		local, peer string
		want        int
	}{
		{"0.0.0.0", "192.0.2.1", 2},
		{"0.0.0.0", "2001:db8::1", 0},
		{"::", "192.0.2.1", 2},
		{"127.0.0.1", "192.0.2.1", 0},
		{"127.0.0.1", "127.0.0.1", 3},
		{"10.0.0.1", "192.0.2.1", 1},
		{"10.0.0.2", "192.0.2.1", 3},
		{"10.0.0.2", "2001:db8::1", 0},
	} {
		got := suits(netip.MustParseAddr(c.local), netip.MustParseAddr(c.peer), func(netip.Addr) netip.Addr { return netip.MustParseAddr("10.0.0.2") })
		if got != c.want {
			t.Errorf("%s to %s: %d, not %d", c.local, c.peer, got, c.want)
		}
	}
}

func TestBadConfig(t *testing.T) {
	e := engine(t)
	good := Config{Listen: []Listen{{"udp", "127.0.0.1:0"}}, Media: e, Codecs: audio.Codecs, OnCall: answerAndWait}
	for name, change := range map[string]func(*Config){
		"no socket":       func(c *Config) { c.Listen = nil },
		"other transport": func(c *Config) { c.Listen[0].Transport = "sctp" },
		"a name":          func(c *Config) { c.Listen[0].Addr = "localhost:5060" },
		"no media":        func(c *Config) { c.Media = nil },
		"no codec":        func(c *Config) { c.Codecs = nil },
		"nobody":          func(c *Config) { c.OnCall = nil },
		"too short":       func(c *Config) { c.SessionExpires = time.Minute },
		"below zero":      func(c *Config) { c.MaxCalls = -1 },
	} {
		c := good
		c.Listen = []Listen{good.Listen[0]}
		change(&c)
		if _, err := NewServer(c); err == nil || !strings.HasPrefix(err.Error(), "sip: configuration") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := good
	c.Listen = []Listen{{"udp", "127.0.0.1:0"}, {"udp", "192.0.2.1:5060"}} // not an address of this host
	s, err := NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("started")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
