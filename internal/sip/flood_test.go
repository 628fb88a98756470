package sip

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/event"
)

// TestHeaderBombs refuses what would cost much to read, unread.
func TestHeaderBombs(t *testing.T) {
	s := start(t, noCalls(t))
	h := newHandset(t, s.udp(t))
	for name, line := range map[string]string{
		"many headers": "X-A: b\r\n", "a header folded often": " b\r\n", "empty headers": ":\r\n",
	} {
		m := h.request("INVITE", h.sdp)
		h.send(strings.Replace(m, "Contact:", "X: y\r\n"+strings.Repeat(line, maxLines)+"Contact:", 1))
		h.expect("400")
		if n := s.Counts().Malformed; n == 0 {
			t.Errorf("%s: %+v", name, s.Counts())
		}
	}
	h.send(h.request("OPTIONS", "")) // and is there for others
	h.expect("200")
}

// TestStrayAnswers drops answers to nothing of ours before they are read.
func TestStrayAnswers(t *testing.T) {
	s := start(t, noCalls(t))
	h := newHandset(t, s.udp(t))
	for range 10 {
		h.send("SIP/2.0 200 OK\r\nnonsense")
	}
	h.send(h.request("OPTIONS", ""))
	h.expect("200")
	if c := s.Counts(); c.Strays != 10 || c.Malformed != 0 {
		t.Errorf("%+v", c)
	}
}

// TestManyWithinACall is a call that sends more than can be remembered.
func TestManyWithinACall(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	refused := 0
	for range maxPerCall + 20 {
		h.send(h.request("OPTIONS", ""))
		if strings.HasPrefix(h.expect("SIP/2.0 "), "SIP/2.0 503") {
			refused++
		}
	}
	if refused < 20 {
		t.Errorf("%d were refused", refused)
	}
	told := len(facts[event.SIP](s.log))
	other := newHandset(t, s.udp(t)) // nobody else is
	other.call()
	other.send(other.request("BYE", ""))
	other.expect("200 OK")
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
	if told > 2*maxPerCall+20 {
		t.Errorf("%d messages were told", told)
	}
}

// TestCallBehindAFlood is a call whose Call-ID has more to do than may wait: it
// is answered all the same, and does not stay for ever.
func TestCallBehindAFlood(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	th, _ := s.thread(h.id)
	begun, busy := make(chan struct{}), make(chan struct{})
	th.must(func() { close(begun); <-busy })
	<-begun
	for th.push(func() {}) {
	}
	second := newHandset(t, s.udp(t))
	second.id = h.id
	second.send(second.request("INVITE", second.sdp))
	second.send(second.request("OPTIONS", "")) // has no place, and comes behind it
	second.expect("200 OK")
	second.far = ""
	close(busy)
	second.expect("200 OK")
	second.seq = 1
	second.send(second.write2("ACK"))
	for _, h := range []*handset{h, second} {
		h.send(h.request("BYE", ""))
		for m := h.expect("200 OK"); !strings.Contains(head(m, "CSeq"), "BYE"); m = h.expect("200 OK") {
		}
	}
	if err := s.settled(deadline(t)); err != nil || s.Live() != 0 {
		t.Errorf("%d calls are left, %v", s.Live(), err)
	}
}

// TestRepeatedForEver answers a request that comes again, up to a point.
func TestRepeatedForEver(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	m := h.request("OPTIONS", "")
	for range maxRepeats + 1 {
		h.send(m)
		h.expect("200 OK")
	}
	for range 5 {
		h.send(m)
	}
	h.send(h.request("BYE", ""))
	if ok := h.expect("200 OK"); !strings.Contains(head(ok, "CSeq"), "BYE") {
		t.Errorf("answered again with\n%s", ok)
	}
	if n := s.Counts().Overflow; n != 5 {
		t.Errorf("%d were dropped", n)
	}
}

// TestManyAnswers is an INVITE of ours that more phones answer than may.
func TestManyAnswers(t *testing.T) {
	_, o := onTape(transportUDP)
	x := newTxTable(Timers{}.orDefault())
	defer x.close()
	told := 0
	tx, err := x.request(o, request(t, sip.INVITE), func(res *sip.Response, _ error) {
		if res != nil {
			told++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		tx.take(answer(tx.req, 200, fmt.Sprint("tag", i)))
	}
	if told != maxEarlyDialogs {
		t.Errorf("%d answers were handed on", told)
	}
}

// TestCrowded counts the requests remembered for each call and in all.
func TestCrowded(t *testing.T) {
	x := newTxTable(Timers{}.orDefault())
	_, o := onTape(transportUDP)
	one := asks(sip.BYE, "one")
	var all []*serverTx
	for i := range maxPerCall {
		all = append(all, x.take(fmt.Sprint(i), one, o, nil))
	}
	if !x.crowded("one", true) || x.crowded("two", false) {
		t.Error("a call's bound is wrong")
	}
	x.take("0", one, o, nil) // in place of another
	for _, tx := range all {
		tx.stop()
	}
	if x.crowded("one", true) || x.calls["one"] != 1 {
		t.Errorf("%d are counted after their end", x.calls["one"])
	}
	for i := range maxServers {
		x.take("k"+fmt.Sprint(i), asks(sip.BYE, fmt.Sprint(i)), o, nil)
	}
	if !x.crowded("new", false) || x.crowded("7", true) {
		t.Error("the bound of all is wrong")
	}
	x.close()
	if len(x.calls) != 0 {
		t.Errorf("%d calls are counted after the end", len(x.calls))
	}
}

// TestManyConnections closes those beyond an address's share.
func TestManyConnections(t *testing.T) {
	s := start(t, noCalls(t))
	here := netip.MustParseAddr("127.0.0.1")
	share := func(n int) {
		s.pool.mu.Lock()
		defer s.pool.mu.Unlock()
		s.pool.from[here] += n
	}
	dial := func() error {
		c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(s.Addrs()[1].AddrPort))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_, _ = c.Write([]byte("\r\n\r\n"))
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err = c.Read(make([]byte, 2))
		return err
	}
	share(maxFromOne)
	if dial() == nil {
		t.Error("one too many was served")
	}
	share(-maxFromOne)
	if err := dial(); err != nil {
		t.Errorf("one within the share was not: %v", err)
	}
}

// TestHasPassword may be wrong in one way only.
func TestHasPassword(t *testing.T) {
	for _, in := range []string{"From: <sip:a:b@c>\r\n", "X: sip\r\nTo: sip:x@y, <sips:a:b@c>", "m: sip:a:b@c"} {
		if !hasPassword([]byte(in)) {
			t.Errorf("%q has one", in)
		}
	}
}

// BenchmarkBombs reads messages made to cost much.
func BenchmarkBombs(b *testing.B) {
	h := &handset{to: mustAddr("127.0.0.1:5060"), id: "x", from: "y", via: cookie + "z"}
	fill := func(s string) string { return strings.Repeat(s, 60000/len(s)) }
	for name, line := range map[string]string{
		"folded": "X: y\r\n" + fill(" b\r\n"), "sips": "X: " + fill("sip") + "\r\n", "passwords": "X: " + fill("sip:a:") + "\r\n",
		"via": "Via: " + fill("SIP/2.0/UDP a,") + "\r\n", "route": "Route: " + fill("<sip:a>,") + "\r\n",
		"contact": "m: " + fill("<sip:a>,") + "\r\n", "params": "Route: <sip:a" + fill(";a=b") + ">\r\n",
		"supported": "Supported: " + fill("a,") + "\r\n", "reason": "Reason: " + fill("a,") + "\r\n",
	} {
		m := []byte(strings.Replace(h.write("OPTIONS", 1, ""), "Contact:", line+"Contact:", 1))
		s := &Server{parser: sip.NewParser()}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(m)))
			for b.Loop() {
				_ = mask(m)
				if endless(m) {
					continue
				}
				if parsed, err := s.parse(bytes.Clone(m)); err == nil {
					if req, ok := parsed.(*sip.Request); ok {
						s.checked(req, m)
					}
				}
			}
		})
	}
}
