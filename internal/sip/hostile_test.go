package sip

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/trial"
)

// TestJunkBesideCalls has good calls go on while another peer sends broken
// messages as fast as it can.
func TestJunkBesideCalls(t *testing.T) {
	callee, caller := start(t, answerAndWait, watched(board(t), quick)), start(t, noCalls(t))
	h := newHandset(t, callee.udp(t))
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		r, sent := rand.New(rand.NewPCG(1, 2)), 0 //nolint:gosec // the same junk each time
		for {
			select {
			case <-stop:
				done <- sent
				return
			default:
			}
			m := []byte(h.request([]string{"INVITE", "BYE", "ACK", "CANCEL", "OPTIONS", "INFO", "SUBSCRIBE"}[r.IntN(7)], h.sdp, "Event: dialog"))
			for range r.IntN(8) {
				m[r.IntN(len(m))] = byte(r.IntN(256))
			}
			_, _ = h.conn.WriteToUDPAddrPort(m[:r.IntN(len(m)+1)], h.to)
			if sent++; sent%16 == 0 {
				<-time.After(time.Millisecond)
			}
		}
	}()
	for range 50 {
		l, err := caller.Dial(deadline(t), callee.uri("100"), call.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Hangup(t.Context(), call.Normal); err != nil {
			t.Error(err)
		}
		cause(t, l)
	}
	close(stop)
	t.Logf("beside %d broken messages: %+v", <-done, callee.Counts())
}

// TestStreamLost hangs up on a peer whose connection broke: it is called back
// where its Contact says.
func TestStreamLost(t *testing.T) {
	legs := make(chan call.Leg, 1)
	s := start(t, func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) })
	back, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(mustAddr("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = back.Close() })
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(s.Addrs()[1].AddrPort))
	if err != nil {
		t.Fatal(err)
	}
	h := newHandset(t, s.udp(t))
	tcp := strings.NewReplacer("SIP/2.0/UDP", "SIP/2.0/TCP", "<sip:200@"+h.addr()+">", "<sip:200@"+back.Addr().String()+";transport=tcp>")
	if _, err := c.Write([]byte(tcp.Replace(h.request("INVITE", h.sdp)))); err != nil {
		t.Fatal(err)
	}
	l := <-legs
	buf := make([]byte, 8192)
	for h.far == "" {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if m := string(buf[:n]); strings.Contains(m, "SIP/2.0 200") {
			h.far = tagOf(m[strings.Index(m, "SIP/2.0 200"):])
		}
	}
	if _, err := c.Write([]byte(tcp.Replace(h.write2("ACK")))); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	trial.Eventually(t, func() string {
		if _, open := s.pool.find(c.LocalAddr().(*net.TCPAddr).AddrPort()); open {
			return "the connection is taken for open"
		}
		return ""
	})
	if err := l.Hangup(t.Context(), call.Normal); err != nil {
		t.Fatal(err)
	}
	again, err := back.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	n, err := again.Read(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "BYE sip:200@") {
		t.Fatalf("%v came:\n%s", err, buf[:n])
	}
	res := answer(parsed(t, string(buf[:n])), 200, "")
	finish(res, "", nil)
	if _, err := again.Write(encode(res)); err != nil {
		t.Error(err)
	}
}

// TestStrangersStream closes the connections of peers that are not allowed.
func TestStrangersStream(t *testing.T) {
	s := start(t, noCalls(t), func(c *Config) { c.Listen = []Listen{{"tcp", "0.0.0.0:0"}} })
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netipPort(mustAddr("127.0.0.1:1"), int(s.Addrs()[0].Port()))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if n, err := c.Read(make([]byte, 10)); n > 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

// TestCalledStranger may talk within the call that we made, and only there.
func TestCalledStranger(t *testing.T) {
	s := start(t, noCalls(t), func(c *Config) { c.Listen = []Listen{{"udp", "0.0.0.0:0"}} })
	h := newHandset(t, netipPort(mustAddr("127.0.0.1:1"), int(s.udp(t).Port())))
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	invite := h.expect("INVITE")
	h.reply(invite, 200, h.sdp)
	h.expect("ACK")
	d := <-got
	if d.err != nil {
		t.Fatal(d.err)
	}
	h.callee(invite)
	h.send(h.asCallee("BYE", ""))
	h.expect("200")
	cause(t, d.leg)
	h.id = "another"
	h.far = ""
	h.send(h.request("OPTIONS", ""))
	_ = h.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _, err := h.conn.ReadFromUDPAddrPort(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came", n)
	}
}
