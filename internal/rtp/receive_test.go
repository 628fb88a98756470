//go:build linux

package rtp

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// TestSignalledWins is a straggler that is quicker than the far end: the
// address that was signalled takes the call back at once.
func TestSignalledWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		straggler := newPeer(t, loopback)
		for range proof {
			straggler.send(c.LocalAddr(), straggler.packet(make([]byte, 160)))
		}
		time.Sleep(40 * time.Millisecond)
		if got := c.Stats().Latched; got != straggler.media.local {
			t.Fatalf("latched to %s", got)
		}
		c.far.send(c.LocalAddr(), c.far.packet(make([]byte, 160)))
		straggler.send(c.LocalAddr(), straggler.packet(make([]byte, 160)))
		time.Sleep(40 * time.Millisecond)
		if got := c.Stats(); got.Latched != c.far.media.local || got.Dropped != proof {
			t.Errorf("%+v", got)
		}
	})
}

func TestLatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		_ = c.Play(t.Context(), counted(1)) // from now on silence goes out
		time.Sleep(2 * time.Millisecond)    // not in step with the clock
		nat, attacker := newPeer(t, loopback), newPeer(t, loopback)
		arrives := func(p *peer) int { // packets sent to p in 100 ms
			p.heard()
			time.Sleep(100 * time.Millisecond)
			return len(p.heard())
		}
		if n := arrives(c.far); n != 5 {
			t.Fatalf("%d packets where it was signalled", n)
		}

		attacker.raw(c.LocalAddr(), []byte("not RTP at all, of some length"))
		wrong := attacker.packet([]byte{1})
		wrong.PayloadType = 18
		attacker.send(c.LocalAddr(), wrong)
		if arrives(attacker) != 0 || c.Stats().Dropped != 2 {
			t.Errorf("junk latched: %+v", c.Stats())
		}

		for range 20 { // valid, but no stream: a guess at the port
			guess := attacker.packet(make([]byte, 160))
			guess.SequenceNumber *= 3
			attacker.send(c.LocalAddr(), guess)
		}
		for range proof - 1 {
			nat.send(c.LocalAddr(), nat.packet(make([]byte, 160)))
		}
		if arrives(attacker) != 0 || arrives(nat) != 0 {
			t.Errorf("a few packets were enough: %+v", c.Stats())
		}
		nat.send(c.LocalAddr(), nat.packet(make([]byte, 160)))
		time.Sleep(20 * time.Millisecond)
		if arrives(nat) != 5 || c.Stats().Latched != nat.media.local {
			t.Errorf("the first steady sender was not taken: %+v", c.Stats())
		}

		heard := c.LastHeard()
		attacker.send(c.LocalAddr(), attacker.packet(make([]byte, 160)))
		if arrives(attacker) != 0 || !c.LastHeard().Equal(heard) || c.Stats().Received != 1 {
			t.Errorf("an attacker took the call: %+v", c.Stats())
		}

		for range 30 { // as long as the far end speaks, nobody takes its place
			nat.send(c.LocalAddr(), nat.packet(make([]byte, 160)))
			attacker.send(c.LocalAddr(), attacker.packet(make([]byte, 160)))
			time.Sleep(100 * time.Millisecond)
		}
		if st := c.Stats(); st.Latched != nat.media.local || st.Received != 31 {
			t.Errorf("an attacker took the call: %+v", st)
		}

		time.Sleep(deaf) // silence: the far end may have moved
		moved := newPeer(t, loopback)
		for range proof {
			moved.send(c.LocalAddr(), moved.packet(make([]byte, 160)))
		}
		time.Sleep(20 * time.Millisecond)
		if st := c.Stats(); arrives(moved) != 5 || st.Latched != moved.media.local || st.Relatched != 2 {
			t.Errorf("not found again: %+v", st)
		}

		_ = c.Configure(c.params) // a re-INVITE that changes nothing
		if arrives(moved) != 5 {
			t.Error("a refresh sent the sound elsewhere")
		}
		attacker.send(c.LocalAddr(), attacker.packet(make([]byte, 160)))
		if arrives(attacker) != 0 {
			t.Error("a refresh opened the call to others")
		}
		c.params.Remote, c.params.RemoteRTCP = newPeer(t, loopback).media.local, netip.AddrPort{}
		_ = c.Configure(c.params) // and one that does
		for range proof {
			c.far.send(c.LocalAddr(), c.far.packet(make([]byte, 160)))
		}
		time.Sleep(20 * time.Millisecond)
		if arrives(c.far) != 5 {
			t.Error("not learnt anew after Configure")
		}
	})
}

func TestReceiveOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t, func(p *Params) { p.Receive = false })
		to := &collector{rate: 8000}
		defer c.Tap(Heard, to)()
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(500, 8000, 200*time.Millisecond))
		pcm, _ := to.taken()
		if c.LastHeard().IsZero() || c.Stats().Received != 0 || level(pcm, 500, 8000) > 0 {
			t.Errorf("%+v", c.Stats())
		}
	})
}

func TestComfortNoiseAndGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(500, 8000, 200*time.Millisecond))
		noise := c.far.packet([]byte{40})
		noise.PayloadType = comfortNoise
		c.far.send(c.LocalAddr(), noise)
		time.Sleep(time.Second)
		c.far.ts += 8000
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(500, 8000, 200*time.Millisecond))
		c.far.send(c.LocalAddr(), c.far.packet(nil)) // an empty packet to keep a NAT open
		time.Sleep(40 * time.Millisecond)
		if st := c.Stats(); st.Received != 22 || st.Lost != 0 || st.Dropped != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestIPv6(t *testing.T) {
	ip := netip.MustParseAddr("::1")
	if s, err := listen(netip.AddrPortFrom(ip, 0)); err != nil {
		t.Skip("no IPv6 here:", err)
	} else {
		s.close()
	}
	synctest.Test(t, func(t *testing.T) {
		e, err := NewEngine(Config{PortMin: 20000, PortMax: 29999})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		c := addCall(t, e, ip)
		_ = c.Play(t.Context(), counted(5))
		if got := numbers(c.far.heard()); len(got) < 5 || got[4] != 5 {
			t.Errorf("got %v", got)
		}
		other := newPeer(t, ip)
		for range proof {
			other.send(c.LocalAddr(), other.packet(make([]byte, 160)))
		}
		time.Sleep(100 * time.Millisecond)
		if len(other.heard()) < 4 || c.Stats().Latched != other.media.local {
			t.Errorf("%+v", c.Stats())
		}
	})
}

func TestTrack(t *testing.T) {
	tests := []struct {
		name     string
		seqs     []uint16
		lost     uint64
		repeated uint64
		total    uint64
	}{
		{"none", nil, 0, 0, 0},
		{"in order", []uint16{1, 2, 3, 4}, 0, 0, 4},
		{"lost", []uint16{1, 2, 5, 6}, 2, 0, 4},
		{"overtaken", []uint16{1, 3, 2, 4}, 0, 0, 4},
		{"overtaken from the start", []uint16{5, 4, 3, 6}, 0, 0, 4},
		{"doubled", []uint16{1, 2, 2, 1, 3}, 0, 2, 3},
		{"doubles do not hide loss", []uint16{1, 2, 2, 2, 4}, 1, 2, 3},
		{"wraps", []uint16{65534, 65535, 0, 2, 1}, 0, 0, 5},
		{"one wild", []uint16{1, 2, 30000, 3}, 0, 0, 3},
		{"begins anew", []uint16{1, 2, 4, 30000, 30001, 30002}, 1, 0, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var tr track
			for _, seq := range tt.seqs {
				tr.packet(9, seq)
			}
			if tr.lost() != tt.lost || tr.repeated != tt.repeated || tr.total != tt.total {
				t.Errorf("lost %d, repeated %d, total %d", tr.lost(), tr.repeated, tr.total)
			}
		})
	}
	t.Run("another source", func(t *testing.T) {
		var tr track
		for _, seq := range []uint16{1, 3} {
			tr.packet(9, seq)
		}
		if tr.packet(10, 500) != restart || tr.packet(10, 501) != good || tr.lost() != 1 || tr.total != 4 {
			t.Errorf("%+v", tr)
		}
	})
}

func TestJitter(t *testing.T) {
	var tr track
	tr.rate(8000)
	at := time.Unix(1_700_000_000, 999_000_000)
	for i := range 2000 { // every other packet 10 ms late: |D| is 10 ms each time
		tr.arrive(at.Add(time.Duration(i)*audio.FrameTime+time.Duration(i%2)*10*time.Millisecond), uint32(i*160))
	}
	if d := tr.deviation() - 10*time.Millisecond; d.Abs() > 200*time.Microsecond {
		t.Errorf("%v", tr.deviation())
	}
	var even track
	even.rate(8000)
	for i := range 100 {
		even.arrive(at.Add(time.Duration(i)*audio.FrameTime), 4294967000+uint32(i*160))
	}
	if even.deviation() > 200*time.Microsecond {
		t.Errorf("an even stream has %v", even.deviation())
	}
}

// TestNoMemory holds that a packet sent and one received take no memory.
func TestNoMemory(t *testing.T) {
	c, step := ticked(t)
	c.far.send(c.LocalAddr(), c.far.packet(make([]byte, 160)))
	c.tick(step, c.far.inbox)
	if n := testing.AllocsPerRun(200, func() {
		step += slots
		c.tick(step, c.far.inbox)
	}); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}

// ticked is a call whose clock is the test, with an endless sound playing.
func ticked(tb testing.TB) (c *call, step int64) {
	tb.Helper()
	e, err := NewEngine(Config{PortMin: 20000, PortMax: 29999, Schedulers: 1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(e.Close)
	s, err := e.Open(loopback)
	if err != nil {
		tb.Fatal(err)
	}
	far := newPeer(tb, loopback)
	c = &call{engine: e, Stream: s, far: far}
	if err := s.Configure(Params{Remote: far.media.local, Codec: audio.PCMU, EventPT: 101, Send: true, Receive: true}); err != nil {
		tb.Fatal(err)
	}
	s.clock.remove(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports.due = time.Now().Add(time.Hour)
	s.out.turns = append(s.out.turns, &turn{source: &playing{sound: audio.Silence(-1)}, done: make(chan error, 1)})
	return c, s.next
}

func BenchmarkTick(b *testing.B) {
	c, step := ticked(b)
	payload := make([]byte, 160)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		c.far.send(c.LocalAddr(), c.far.packet(payload))
		b.StartTimer()
		c.tick(step, c.far.inbox)
		step += slots
	}
}

// BenchmarkTickTapped is a tick of a stream that is listened to, louder.
func BenchmarkTickTapped(b *testing.B) {
	c, step := ticked(b)
	c.SetLevel(Heard, 1)
	defer c.Tap(Heard, &deafSink{})()
	payload := make([]byte, 160)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		c.far.send(c.LocalAddr(), c.far.packet(payload))
		b.StartTimer()
		c.tick(step, c.far.inbox)
		step += slots
	}
}

type deafSink struct{}

func (*deafSink) Rate() int                { return 8000 }
func (*deafSink) WriteFrame([]int16) error { return nil }

func FuzzDatagram(f *testing.F) {
	p := pion.Packet{Header: pion.Header{Version: 2, SequenceNumber: 1, SSRC: 2}, Payload: make([]byte, 160)}
	data, _ := p.Marshal()
	f.Add(data, uint8(0))
	p.PayloadType, p.Payload = 101, []byte{5, 0x8a, 1, 2}
	data, _ = p.Marshal()
	f.Add(data, uint8(1))
	f.Add([]byte{0x80, 200, 0, 6, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0}, uint8(0))
	f.Add([]byte{0xb0, 0, 0, 1}, uint8(3))
	c, _ := ticked(f)
	defer c.Tap(Both, &collector{rate: 16000})()
	f.Fuzz(func(t *testing.T, data []byte, how uint8) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.in, c.reports.lost, c.reports.senderAt = receiver{open: true}, 0, time.Time{}
		c.in.track.rate(8000)
		c.taps.restart(c.params.Codec)
		from := netip.AddrPortFrom(loopback, 4000+uint16(how%2))
		now := time.Now().Add(time.Duration(how) * time.Second)
		for range how%3 + 1 {
			c.datagram(data, from, now, now)
			if len(data) > 4 {
				data[3]++
				data[len(data)/2]++
			}
		}
		c.send()
		c.in.events.tick(now, c.key)
		c.keys = nil
		if r := c.taps.buffer; r != nil && (len(r.held) > heldMost || len(r.pcm) > 8*maxPacket) {
			t.Fatalf("%d packets and %d samples held", len(r.held), len(r.pcm))
		}
	})
}
