//go:build linux

package rtp

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// hears collects the keys a stream hears.
func hears(c *call) *[]Key {
	var keys []Key
	c.OnKey(func(k Key) { keys = append(keys, k) })
	return &keys
}

func named(keys []Key) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteByte(k.Digit)
	}
	return b.String()
}

func TestSendKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newCall(t)
		began := time.Now()
		if err := a.SendKeys(t.Context(), "5w#", 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < 800*time.Millisecond || d > 840*time.Millisecond {
			t.Errorf("two keys and a pause took %v", d)
		}
		var events []pion.Packet
		for _, p := range a.far.heard() {
			if p.PayloadType == 101 {
				events = append(events, p)
			}
		}
		if len(events) != 14 {
			t.Fatalf("%d packets", len(events))
		}
		for i, p := range events {
			i %= 7
			code, end, duration := p.Payload[0], p.Payload[1]&0x80 != 0, binary.BigEndian.Uint16(p.Payload[2:])
			if p.Marker != (i == 0) || end != (i >= 4) || int(duration) != min(i+1, 5)*160 || code != 5 && code != 11 {
				t.Errorf("packet %d: %v %x", i, p.Header, p.Payload)
			}
		}
		if events[0].Timestamp != events[6].Timestamp || events[6].Timestamp == events[7].Timestamp {
			t.Error("an event has one time, and each its own")
		}
	})
}

// TestKeysAcross has one stream press and another hear, in every way there is.
func TestKeysAcross(t *testing.T) {
	const all = "0123456789*#ABCD"
	for _, tt := range []struct {
		name string
		pick pick
		in   bool
	}{
		{"events", func(*Params) {}, false},
		{"sound", func(p *Params) { p.EventPT, p.Inband = -1, true }, true},
		{"sound in wideband", func(p *Params) {
			p.EventPT, p.Inband, p.Codec, p.PayloadType = -1, true, audio.G722, 9
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newCall(t, tt.pick)
				b := addCall(t, a.engine, loopback, tt.pick)
				a.params.Remote, b.params.Remote = b.LocalAddr(), a.LocalAddr()
				if a.Configure(a.params) != nil || b.Configure(b.params) != nil {
					t.Fatal("not configured")
				}
				keys := hears(b)
				if err := a.SendKeys(t.Context(), all, 100*time.Millisecond); err != nil {
					t.Fatal(err)
				}
				time.Sleep(300 * time.Millisecond)
				b.OnKey(nil)
				if named(*keys) != all {
					t.Fatalf("heard %q", named(*keys))
				}
				for _, k := range *keys {
					if k.Inband != tt.in || (k.Held-100*time.Millisecond).Abs() > 25*time.Millisecond {
						t.Errorf("%+v", k)
					}
				}
			})
		})
	}
}

func TestSendKeysInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := c.SendKeys(ctx, "7", time.Second); err == nil {
			t.Error("a second is over in 50 ms")
		}
		events := c.far.heard()
		ends := 0
		for _, p := range events {
			if p.PayloadType == 101 && p.Payload[1]&0x80 != 0 {
				ends++
			}
		}
		if ends != 3 {
			t.Errorf("the key is still down: %d ends in %d packets", ends, len(events))
		}
		if err := c.SendKeys(t.Context(), "5x", 0); err == nil {
			t.Error("there is no key x")
		}
	})
}

// ev is one event packet: sequence number, time, code, end, duration, and the
// milliseconds since the one before.
type ev struct {
	seq  uint16
	ts   uint32
	code byte
	end  bool
	dur  uint16
	wait int
}

func TestEventReader(t *testing.T) {
	tests := []struct {
		name    string
		packets []ev
		want    string
	}{
		{"plain", []ev{{1, 0, 5, false, 160, 0}, {2, 0, 5, false, 320, 20}, {3, 0, 5, true, 480, 20}, {4, 0, 5, true, 480, 20}, {5, 0, 5, true, 480, 20}}, "5"},
		{"only an end", []ev{{5, 0, 5, true, 480, 0}}, "5"},
		{"no end", []ev{{1, 0, 5, false, 160, 0}}, "5"},
		{"no end before the next", []ev{{1, 0, 5, false, 160, 0}, {9, 4000, 6, false, 160, 60}, {10, 4000, 6, true, 320, 20}}, "56"},
		{"the same key twice", []ev{{1, 0, 5, true, 480, 0}, {2, 0, 5, true, 480, 0}, {3, 2000, 5, true, 480, 100}}, "55"},
		{"an end after the next began", []ev{{1, 0, 5, false, 160, 0}, {5, 4000, 6, false, 160, 20}, {2, 0, 5, true, 320, 0}, {3, 0, 5, true, 320, 0}, {6, 4000, 6, true, 320, 0}}, "56"},
		{"overtaken within", []ev{{2, 0, 5, false, 320, 0}, {1, 0, 5, false, 160, 0}, {4, 0, 5, true, 640, 20}, {3, 0, 5, false, 480, 0}}, "5"},
		{"doubled", []ev{{1, 0, 5, false, 160, 0}, {1, 0, 5, false, 160, 0}, {2, 0, 5, true, 320, 20}, {2, 0, 5, true, 320, 0}, {1, 0, 5, false, 160, 0}}, "5"},
		{"the same time for each key", []ev{
			{1, 0, 5, false, 160, 0},
			{2, 0, 5, true, 800, 80},
			{3, 0, 5, true, 800, 0},
			{4, 0, 5, false, 160, 200},
			{5, 0, 5, true, 800, 80},
			{6, 0, 6, false, 160, 200},
			{7, 0, 6, true, 800, 80},
		}, "556"},
		{"the same time a second later", []ev{{1, 0, 5, true, 800, 0}, {2, 0, 5, true, 800, 1500}}, "55"},
		{"held up within", []ev{{1, 0, 5, false, 160, 0}, {2, 0, 5, false, 320, 1500}, {3, 0, 5, true, 480, 20}, {4, 0, 5, true, 480, 20}}, "5"},
		{"the same time a second later, the end lost", []ev{{1, 0, 5, false, 800, 0}, {2, 0, 5, false, 160, 1500}, {3, 0, 5, true, 800, 80}}, "55"},
		{"time goes on within", []ev{{1, 0, 5, false, 160, 0}, {2, 160, 5, false, 320, 20}, {3, 320, 5, false, 480, 20}, {4, 480, 5, true, 640, 20}, {5, 480, 5, true, 640, 0}}, "5"},
		{"very long", []ev{{1, 0, 5, false, 65000, 0}, {2, 0, 5, false, 65535, 20}, {3, 65535, 5, false, 160, 20}, {4, 65535, 5, true, 320, 20}}, "5"},
		{"held up, time goes on within", []ev{{1, 0, 5, false, 160, 0}, {2, 160, 5, false, 320, 1500}, {3, 320, 5, true, 480, 20}, {4, 320, 5, true, 480, 20}}, "5"},
		{"held up, very long", []ev{{1, 0, 5, false, 65000, 0}, {2, 0, 5, false, 65535, 1500}, {3, 65535, 5, false, 160, 20}, {4, 65535, 5, true, 320, 20}}, "5"},
		{"no keys", []ev{{1, 0, 16, true, 160, 0}, {2, 0, 200, true, 160, 0}}, ""},
		{"number wraps", []ev{{65535, 0, 1, false, 160, 0}, {0, 0, 1, true, 320, 20}, {1, 0, 1, true, 320, 0}}, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := eventReader{clock: 8000}
			now := time.Unix(1000, 0)
			var keys []Key
			tell := func(k Key) { keys = append(keys, k) }
			for _, p := range tt.packets {
				for ; p.wait > 0; p.wait -= 20 {
					now = now.Add(20 * time.Millisecond)
					r.tick(now, tell)
				}
				flags := byte(10)
				if p.end {
					flags |= 0x80
				}
				r.packet(p.seq, p.ts, []byte{p.code, flags, byte(p.dur >> 8), byte(p.dur)}, now, tell)
			}
			for range 50 {
				now = now.Add(20 * time.Millisecond)
				r.tick(now, tell)
			}
			if named(keys) != tt.want {
				t.Errorf("heard %q, want %q", named(keys), tt.want)
			}
			if tt.name == "very long" && keys[0].Held < 8*time.Second {
				t.Errorf("held for %v", keys[0].Held)
			}
		})
	}
}

// TestKeyEndIsHeardSoon looks at a stream in every slot while a key is down,
// and only then.
func TestKeyEndIsHeardSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		told := make(chan time.Time, 8)
		c.OnKey(func(Key) { told <- time.Now() })
		key := func(flags byte, duration byte) {
			p := c.far.packet([]byte{5, flags | 10, duration, 0})
			p.PayloadType, p.Timestamp = 101, 7000
			c.far.send(c.LocalAddr(), p)
		}
		hot := func() int {
			c.clock.mu.Lock()
			defer c.clock.mu.Unlock()
			return len(c.clock.hot)
		}
		for _, wait := range []int{50, 55, 60, 65} { // ms: whatever the time within a frame
			key(0, 1)
			time.Sleep(time.Duration(wait) * time.Millisecond)
			if hot() != 1 {
				t.Error("the stream is not looked at more often")
			}
			up := time.Now()
			key(0x80, 3)
			if took := (<-told).Sub(up); took > stepTime {
				t.Errorf("told after %v", took)
			}
			time.Sleep(2 * time.Second)
			if hot() != 0 {
				t.Error("the stream is still looked at more often")
			}
		}
		key(0, 1)
		time.Sleep(audio.FrameTime)
		c.Close() // with a key down
		if hot() != 0 {
			t.Error("a closed stream is kept")
		}
	})
}
