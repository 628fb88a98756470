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

func TestIPv6(t *testing.T) {
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("this host has no ::1")
	}
	_ = c.Close()
	six := func(c *Config) { c.Listen = []Listen{{"udp", "127.0.0.1:0"}, {"udp", "[::1]:0"}, {"tcp", "[::1]:0"}} }
	callee, caller := start(t, answerAndWait, six), start(t, noCalls(t), six)
	for _, uri := range []string{
		"sip:100@" + callee.Addrs()[1].String(), "sip:100@" + callee.Addrs()[2].String() + ";transport=tcp", callee.uri("100"),
	} {
		l, err := caller.Dial(deadline(t), uri, call.DialOptions{})
		if err != nil {
			t.Fatalf("%s: %v\n%s", uri, err, caller.log)
		}
		if a := await[event.Answered](t, caller.log, 1)[0]; !strings.HasPrefix(a.Remote, "[::1]:") && strings.Contains(uri, "[") {
			t.Errorf("%s: sound at %s", uri, a.Remote)
		}
		if err := l.Hangup(t.Context(), call.Normal); err != nil {
			t.Error(err)
		}
	}
}

// TestWildcard is bound to every address: the peer is told the one that leads
// to it.
func TestWildcard(t *testing.T) {
	s := start(t, answerAndWait, func(c *Config) {
		c.Listen = []Listen{{"udp", "0.0.0.0:0"}}
		c.Allow = prefixes("127.0.0.0/8")
		c.Advertise = mustAddr("203.0.113.7:0").Addr()
	})
	h := newHandset(t, netipPort(mustAddr("127.0.0.1:1"), int(s.udp(t).Port())))
	ok := h.call()
	if !strings.HasPrefix(head(ok, "Contact"), "<sip:127.0.0.1:") || !strings.Contains(body(ok), "c=IN IP4 127.0.0.1") {
		t.Errorf("answered with\n%s", ok)
	}
	h.send(h.request("BYE", ""))
	h.expect("200")
	away := hop{conn: s.Server.udp[0], peer: mustAddr("198.51.100.9:5060")}
	if got := s.contact(away); got != "<sip:203.0.113.7:"+portString(s.Addrs()[0].AddrPort)+">" {
		t.Errorf("others are told %s", got)
	}
}

// TestStream sends messages over TCP in pieces, several at once, with pings
// between them, on one connection.
func TestStream(t *testing.T) {
	s := start(t, answerAndWait)
	to := s.Addrs()[1].AddrPort
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	h := newHandset(t, s.udp(t))
	overTCP := func(m string) string { return strings.Replace(m, "SIP/2.0/UDP", "SIP/2.0/TCP", 1) }
	write := func(s string) {
		t.Helper()
		if _, err := c.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	var buf []byte
	read := func(what string) string {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		for {
			if skip, n, err := nextMessage(buf); err == nil && n > 0 {
				m := string(buf[skip : skip+n])
				buf = buf[skip+n:]
				if strings.Contains(m, what) {
					return m
				}
				continue
			}
			b := make([]byte, 4096)
			n, err := c.Read(b)
			if err != nil {
				t.Fatalf("no %q: %v", what, err)
			}
			buf = append(buf, b[:n]...)
		}
	}
	invite := overTCP(h.request("INVITE", h.sdp))
	write("\r\n\r\n" + invite[:40])
	write(invite[40:300])
	write(invite[300:])
	ok := read("200 OK")
	if !strings.Contains(head(ok, "Contact"), "transport=tcp") {
		t.Errorf("answered with\n%s", ok)
	}
	h.far = tagOf(ok)
	write(overTCP(h.write2("ACK")) + overTCP(h.request("OPTIONS", "")) + "\r\n\r\n" + overTCP(h.request("BYE", "")))
	read("OPTIONS")
	read("BYE")
	write("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n") // of no length: the stream is lost
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 100)); err == nil {
		t.Error("the connection lives on")
	}
}

func TestNextMessage(t *testing.T) {
	for _, c := range []struct {
		in      string
		skip, n int
		bad     bool
	}{
		{"", 0, 0, false},
		{"\r\n\r\n", 4, 0, false},
		{"A b\r\nl: 2\r\n\r\n12rest", 0, 15, false},
		{"\r\nA b\r\nContent-Length : 0\r\n\r\n", 2, 27, false},
		{"A b\r\nl: 20\r\n\r\n12", 0, 0, false},
		{"A b\r\nX: y\r\n\r\n", 0, 0, true},
		{"A b\r\nl: -1\r\n\r\n", 0, 0, true},
		{"A b\r\nl: 99999999\r\n\r\n", 0, 0, true},
		{strings.Repeat("x", maxHead+1), 0, 0, true},
	} {
		if skip, n, err := nextMessage([]byte(c.in)); (err != nil) != c.bad || err == nil && (skip != c.skip || n != c.n) {
			t.Errorf("%.30q: %d, %d, %v", c.in, skip, n, err)
		}
	}
}

// TestInband hears keys in the sound of a peer that has no events.
func TestInband(t *testing.T) {
	keys := make(chan call.Key, 1)
	callee := start(t, func(ctx context.Context, l call.Leg) {
		pressed, stop := l.Keys()
		defer stop()
		_ = l.Answer(ctx)
		select {
		case k := <-pressed:
			keys <- k
		case <-l.Ended():
		}
	})
	h := newHandset(t, callee.udp(t))
	e := engine(t)
	m, err := openMedia(e, mustAddr("127.0.0.1:0").Addr(), mustAddr("127.0.0.1:0").Addr(), audio.Codecs[:1])
	if err != nil {
		t.Fatal(err)
	}
	defer m.stream.Close()
	h.sdp = strings.Replace(string(m.offer()), " 101", "", 1)
	h.sdp = dropLines(h.sdp, "a=rtpmap:101", "a=fmtp:101", "a=rtcp-mux")
	ok := h.call()
	if strings.Contains(body(ok), "telephone-event") {
		t.Fatalf("events were agreed on:\n%s", ok)
	}
	if err := m.accept([]byte(body(ok))); err != nil {
		t.Fatal(err)
	}
	if err := m.stream.SendKeys(deadline(t), "7", 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	select {
	case k := <-keys:
		if k.Digit != '7' || k.Via != call.ViaInband {
			t.Errorf("heard %+v", k)
		}
	case <-deadline(t).Done():
		t.Fatal("the key was not heard")
	}
	h.reply(h.expect("BYE"), 200, "")
}

func dropLines(s string, prefixes ...string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\r\n") {
		keep := true
		for _, p := range prefixes {
			keep = keep && !strings.HasPrefix(line, p)
		}
		if keep {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\r\n")
}
