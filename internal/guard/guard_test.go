package guard

import (
	"net/netip"
	"testing"
	"time"
)

// TestRarelyIsNoTarget has strangers name as a target what is counted for
// mails: their mistakes do not keep a mail from being sent.
func TestRarelyIsNoTarget(t *testing.T) {
	g := New(time.Now)
	const what = "mail to acc/user"
	for i := range 3 {
		g.Try(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), what)
	}
	if !g.Rarely(what, 3) {
		t.Error("what strangers try counts as mail")
	}
}

// TestManyTries is that tries count before they are answered.
func TestManyTries(t *testing.T) {
	g := New(time.Now)
	a := netip.MustParseAddr("192.0.2.1")
	for i := range FreeErrors + 2 {
		wait, _ := g.Try(a, "x")
		if (wait > 0) != (i > FreeErrors) {
			t.Errorf("try %d waits %v", i, wait)
		}
	}
}

func TestGuardForgets(t *testing.T) {
	g, b := New(time.Now), NewBuckets(time.Now, 10, 100)
	for i := range 3 * maxSources {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		b.Take(a, "x", 1)
		g.Try(a, a.String())
		g.Passed(a, a.String())
		g.Try(a, a.String()+"?")
	}
	if len(b.all) > maxSources || len(g.wrong) > maxSources || len(g.known) > maxSources {
		t.Errorf("%d buckets, %d mistakes, %d known", len(b.all), len(g.wrong), len(g.known))
	}
	if network(netip.MustParseAddr("2001:db8::1")) != network(netip.MustParseAddr("2001:db8::2:3")) {
		t.Error("one /64 is two sources")
	}
}
