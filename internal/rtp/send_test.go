//go:build linux

package rtp

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// counted is n frames that tell their number.
func counted(n int) clip {
	out := make(clip, n)
	for i := range out {
		out[i] = []byte{byte(i + 1), 1, 2, 3}
	}
	return out
}

// numbers are those of frames made by counted, 0 for silence.
func numbers(packets []pion.Packet) (out []int) {
	for _, p := range packets {
		if len(p.Payload) == 4 {
			out = append(out, int(p.Payload[0]))
		} else {
			out = append(out, 0)
		}
	}
	return out
}

func TestPlayWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		var wg sync.WaitGroup
		wg.Go(func() { _ = c.Play(t.Context(), counted(10)) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { _ = c.Play(ctx, counted(50)) })
		synctest.Wait()
		wg.Go(func() { _ = c.Play(t.Context(), counted(5)) })
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		cancel() // one that never had its turn
		wg.Wait()
		packets := c.far.heard()
		inOrder(t, packets)
		want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5}
		got := numbers(packets) // silence may have followed by now
		if len(got) < len(want) || len(got) > len(want)+1 || !slices.Equal(got[:len(want)], want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestFirstFrame begins to play at all times between two ticks.
func TestFirstFrame(t *testing.T) {
	for _, late := range []int{0, 3} { // ms until the sound is there
		for after := range 20 {
			synctest.Test(t, func(t *testing.T) {
				c := newCall(t)
				time.Sleep(time.Duration(100+after) * time.Millisecond)
				done := make(chan error, 1)
				began := time.Now()
				go func() { done <- c.Play(t.Context(), faulty{counted(5), late, nil}) }()
				synctest.Wait()
				time.Sleep(time.Duration(late)*time.Millisecond + time.Microsecond)
				if first := c.far.heard(); len(first) != 1 || !first[0].Marker {
					t.Fatalf("the first frame is not sent at once: %d packets", len(first))
				}
				for i := 0; len(c.far.heard()) == 0 && i < 1000; i++ {
					time.Sleep(100 * time.Microsecond)
				}
				gap := time.Since(began) - time.Duration(late)*time.Millisecond
				if gap < 15*time.Millisecond || gap > 26*time.Millisecond {
					t.Errorf("begun %d ms after a tick: the second frame after %v", after, gap)
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestBetweenSounds(t *testing.T) {
	for _, tt := range []struct {
		name string
		pick pick
		want int // packets in a second
	}{
		{"silence is sent", func(*Params) {}, 50},
		{"nothing is sent", func(p *Params) { p.NoFill = true }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCall(t, tt.pick)
				time.Sleep(time.Second)
				if n := len(c.far.heard()); n != 0 {
					t.Errorf("%d packets before the first sound", n)
				}
				_ = c.Play(t.Context(), counted(3))
				first := c.far.heard()
				time.Sleep(time.Second)
				between := c.far.heard()
				if n := len(between) - tt.want; n < -1 || n > 1 {
					t.Errorf("%d packets between sounds, want %d", len(between), tt.want)
				}
				began := time.Now()
				_ = c.Play(t.Context(), counted(3))
				second := c.far.heard()
				if tt.want == 0 {
					if !second[0].Marker || time.Since(began) > 80*time.Millisecond {
						t.Errorf("no marker after silence, or late: %v", second[0].Header)
					}
					gap := second[0].Timestamp - first[0].Timestamp
					if gap < 8000 || gap > 8000+1000 || second[0].SequenceNumber != first[len(first)-1].SequenceNumber+1 {
						t.Errorf("time went on by %d", gap)
					}
				} else {
					inOrder(t, append(append(first, between...), second...))
				}
			})
		})
	}
}

func TestHoldAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		done := make(chan error, 1)
		go func() { done <- c.Play(t.Context(), counted(100)) }()
		time.Sleep(495 * time.Millisecond)
		hold := c.params
		hold.Send, hold.Remote = false, netip.MustParseAddrPort("0.0.0.0:9")
		if err := c.Configure(hold); err != nil {
			t.Fatal(err)
		}
		before := c.far.heard()
		time.Sleep(500 * time.Millisecond)
		if n := len(c.far.heard()); n != 0 {
			t.Errorf("%d packets on hold", n)
		}
		elsewhere := newPeer(t, loopback)
		back := c.params
		back.Remote = elsewhere.media.local
		if err := c.Configure(back); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		after := elsewhere.heard()
		last, next := before[len(before)-1], after[0]
		if next.SequenceNumber != last.SequenceNumber+1 || next.SSRC != last.SSRC || !next.Marker {
			t.Errorf("%v then %v", last.Header, next.Header)
		}
		if d := next.Timestamp - last.Timestamp; d != uint32(next.Payload[0]-last.Payload[0])*160 || d < 4000 {
			t.Errorf("time went on by %d, sound by %d", d, next.Payload[0]-last.Payload[0])
		}
	})
}

func TestAnotherCodec(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		done := make(chan error, 1)
		go func() { done <- c.Play(t.Context(), tones{}) }()
		time.Sleep(990 * time.Millisecond)
		c.far.heard()
		p := c.params
		p.Codec, p.PayloadType = audio.PCMA, 8
		if err := c.Configure(p); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		packets := c.far.heard()
		inOrder(t, packets)
		if n := len(packets); n < 50 || n > 52 || packets[0].PayloadType != 8 {
			t.Errorf("%d packets left, of type %d", n, packets[0].PayloadType)
		}
		if l := level(sounds(t, audio.PCMA, packets[:48]), 440, 8000); l < 0.9 {
			t.Errorf("sound at %v", l)
		}
	})
}

// tones is two seconds of a tone in any codec.
type tones struct{}

func (tones) String() string { return "tones" }
func (tones) Open(c *audio.Codec) audio.Cursor {
	return sound(c, sine(440, c.SampleRate, 2*time.Second)).Open(c)
}

// TestCatchUp starves the clock: a sound that takes time to give a frame holds
// it up, as nothing may.
func TestCatchUp(t *testing.T) {
	for _, tt := range []struct {
		held         time.Duration
		burst, skips int
	}{{30 * time.Millisecond, 2, 0}, {250 * time.Millisecond, 3, 10}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCall(t)
			slow := func(left int) {
				if left == 10 {
					time.Sleep(tt.held)
				}
			}
			var after []pion.Packet
			if err := c.Play(t.Context(), held{counted(20), slow}); err != nil {
				t.Fatal(err)
			}
			after = c.far.heard()
			if got := numbers(after); len(got) < 20 || got[19] != 20 {
				t.Fatalf("sound is missing: %v", got)
			}
			st := c.Stats()
			if d := int(st.Skipped) - tt.skips; d < -1 || d > 1 {
				t.Errorf("held up for %v: %d skipped, want %d", tt.held, st.Skipped, tt.skips)
			}
			total := (after[19].Timestamp - after[0].Timestamp) / 160
			if total != 19+uint32(st.Skipped) {
				t.Errorf("%d frames of time for %d skipped", total, st.Skipped)
			}
			for i := range after[1:] {
				jump := after[i+1].Timestamp-after[i].Timestamp != 160
				if jump != after[i+1].Marker {
					t.Errorf("packet %d: %v", i+1, after[i+1].Header)
				}
			}
		})
	}
}

type held struct {
	clip
	slow func(int)
}

func (h held) Open(*audio.Codec) audio.Cursor { return &clipCursor{left: h.clip, slow: h.slow} }

func TestEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Echo(ctx) }()
		spoken := &collector{rate: 8000}
		defer c.Tap(Spoken, spoken)()
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(700, 8000, time.Second))
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		back := c.far.heard()
		inOrder(t, back)
		if len(back) < 49 || level(sounds(t, audio.PCMU, back), 700, 8000) < 0.9 {
			t.Errorf("%d packets came back", len(back))
		}
		pcm, _ := spoken.taken()
		if l := level(pcm[1600:7000], 700, 8000); l < 0.9 {
			t.Errorf("the tap heard the echo at %v", l)
		}
		_ = c.Play(t.Context(), counted(2))
		if next := c.far.heard(); int32(next[0].Timestamp-back[len(back)-1].Timestamp) < 160 {
			t.Errorf("time went back: %v then %v", back[len(back)-1].Header, next[0].Header)
		}
	})
}

func TestNotConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		s, err := c.engine.Open(loopback)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Play(t.Context(), counted(1)); !errors.Is(err, ErrNotConfigured) {
			t.Error(err)
		}
		good := c.params
		for name, spoil := range map[string]func(*Params){
			"codec":   func(p *Params) { p.Codec = nil },
			"address": func(p *Params) { p.Remote = netip.AddrPort{} },
			"port":    func(p *Params) { p.Remote = netip.AddrPortFrom(loopback, 0) },
			"family":  func(p *Params) { p.Remote = netip.MustParseAddrPort("[::1]:4000") },
			"type":    func(p *Params) { p.PayloadType = 128 },
		} {
			p := good
			spoil(&p)
			if s.Configure(p) == nil {
				t.Errorf("%s: configured", name)
			}
		}
	})
}

func TestPorts(t *testing.T) {
	e, err := NewEngine(Config{PortMin: 30001, PortMax: 30007})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var open []*Stream
	for range 3 { // 30002, 30004, 30006
		s, err := e.Open(loopback)
		if err != nil {
			t.Skip("ports are taken by others:", err)
		}
		if s.Port()%2 != 0 || s.Port() < 30002 {
			t.Errorf("port %d", s.Port())
		}
		open = append(open, s)
	}
	if _, err := e.Open(loopback); !errors.Is(err, ErrNoPorts) || e.Active() != 3 {
		t.Errorf("a fourth of three: %v, %d active", err, e.Active())
	}
	if s, err := e.Open(netip.MustParseAddr("127.0.0.2")); err != nil {
		t.Error("another address:", err)
	} else {
		s.Close()
	}
	open[1].Close()
	open[1].Close()
	s, err := e.Open(loopback)
	if err != nil || s.Port() != open[1].Port() {
		t.Errorf("the port given back: %v", err)
	}
	for _, bad := range []Config{{PortMin: 10, PortMax: 10}, {PortMin: 5, PortMax: 70000}, {PortMin: -4, PortMax: 3}} {
		if _, err := NewEngine(bad); err == nil {
			t.Errorf("%+v taken", bad)
		}
	}
}

func TestNothingIsLeft(t *testing.T) {
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(list)
	}
	e, err := NewEngine(Config{PortMin: 20000, PortMax: 29999})
	if err != nil {
		t.Fatal(err)
	}
	far := newPeer(t, loopback)
	before := count()
	for range 1000 {
		s, err := e.Open(loopback)
		if err != nil {
			t.Fatal(err)
		}
		p := Params{Remote: far.media.local, Codec: audio.PCMU, EventPT: -1, Send: true, Receive: true, Inband: true}
		if err := s.Configure(p); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	if e.Active() != 0 || count() != before {
		t.Errorf("%d active, %d files open, before %d", e.Active(), count(), before)
	}
	if _, err := e.Open(loopback); err != nil {
		t.Fatal(err)
	}
	e.Close()
	e.Close()
	if count() != before {
		t.Errorf("%d files open after Close, before %d", count(), before)
	}
	if _, err := e.Open(loopback); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestManyAtOnce lets everything happen at the same time, for the race
// detector and for deadlocks.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := NewEngine(Config{PortMin: 20000, PortMax: 29999})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		var wg sync.WaitGroup
		for i := range 40 {
			c := addCall(t, e, loopback)
			c.OnKey(func(Key) { _ = c.Stats() })
			wg.Go(func() {
				stop := c.Tap(Both, &collector{rate: 16000})
				defer stop()
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*7*time.Millisecond)
				defer cancel()
				_ = c.Play(ctx, counted(20))
			})
			wg.Go(func() { _ = c.SendKeys(t.Context(), "1w2", 0) })
			wg.Go(func() { c.far.talk(c.LocalAddr(), audio.PCMU, sine(500, 8000, time.Second)) })
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 11 * time.Millisecond)
				_ = c.Configure(c.params)
				_ = c.LastHeard()
				if i%2 == 0 {
					c.Close()
				}
			})
		}
		wg.Wait()
	})
}
