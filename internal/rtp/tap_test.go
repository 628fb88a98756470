//go:build linux

package rtp

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// collector is a sink that keeps what it gets.
type collector struct {
	rate   int
	mu     sync.Mutex
	pcm    []int16
	frames int
	odd    bool
	fail   bool
}

func (c *collector) Rate() int { return c.rate }

func (c *collector) WriteFrame(frame []int16) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pcm = append(c.pcm, frame...)
	c.frames++
	c.odd = c.odd || len(frame) != c.rate/50
	if c.fail {
		return errors.New("full")
	}
	return nil
}

// taken is what has come so far.
func (c *collector) taken() (pcm []int16, frames int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pcm), c.frames
}

func TestTapSides(t *testing.T) {
	for _, tt := range []struct {
		side          Side
		rate          int
		heard, spoken float64 // of the sound, at least; 0 is nothing
	}{
		{Heard, 8000, 0.9, 0},
		{Spoken, 8000, 0, 0.9},
		{Both, 8000, 0.4, 0.4},
		{Heard, 16000, 0.9, 0},
		{Both, 11025, 0.4, 0.4},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCall(t)
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() { _ = c.Play(t.Context(), sound(audio.PCMU, sine(440, 8000, 3*time.Second))) })
			wg.Go(func() { c.far.talk(c.LocalAddr(), audio.PCMU, sine(1000, 8000, 3*time.Second)) })
			time.Sleep(500 * time.Millisecond)
			to := &collector{rate: tt.rate}
			stop := c.Tap(tt.side, to)
			time.Sleep(2 * time.Second)
			stop()
			n := to.frames
			time.Sleep(100 * time.Millisecond)
			if to.frames != n || to.odd {
				t.Errorf("frames after stop, or odd ones")
			}
			if n < 97 || n > 102 {
				t.Errorf("%d frames in two seconds", n)
			}
			pcm := to.pcm[len(to.pcm)/4:]
			if l := level(pcm, 1000, tt.rate); l < tt.heard || tt.heard == 0 && l > 0.01 {
				t.Errorf("side %d at %d Hz: heard %v", tt.side, tt.rate, l)
			}
			if l := level(pcm, 440, tt.rate); l < tt.spoken || tt.spoken == 0 && l > 0.01 {
				t.Errorf("side %d at %d Hz: spoken %v", tt.side, tt.rate, l)
			}
		})
	}
}

// TestBothAreInStep has both sides begin at the same time.
func TestBothAreInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		to := &collector{rate: 8000}
		stop := c.Tap(Both, to)
		time.Sleep(205 * time.Millisecond)
		var wg sync.WaitGroup
		wg.Go(func() { _ = c.Play(t.Context(), sound(audio.PCMU, sine(500, 8000, 500*time.Millisecond))) })
		wg.Go(func() { c.far.talk(c.LocalAddr(), audio.PCMU, sine(1500, 8000, 500*time.Millisecond)) })
		wg.Wait()
		time.Sleep(100 * time.Millisecond)
		stop()
		begins := func(hz float64) int { // the frame
			for i := 0; i+160 <= len(to.pcm); i += 160 {
				if level(to.pcm[i:i+160], hz, 8000) > 0.2 {
					return i / 160
				}
			}
			return -1
		}
		heard, spoken := begins(1500), begins(500)
		if heard < 0 || spoken < 0 || heard-spoken > 1 || spoken-heard > 1 {
			t.Errorf("heard from frame %d, spoken from %d", heard, spoken)
		}
	})
}

func TestTapIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		bad, good := &collector{rate: 8000, fail: true}, &collector{rate: 8000}
		stop := c.Tap(Heard, bad)
		defer c.Tap(Heard, good)()
		time.Sleep(time.Second)
		_, once := bad.taken()
		if _, n := good.taken(); once != 1 || n < 45 {
			t.Errorf("%d and %d frames", once, n)
		}
		stop()
		c.Close()
		c.Tap(Spoken, good)()
	})
}

// TestReorder gives the jitter buffer packets by number and reads what comes
// out, a sample value for each; 0 is silence.
func TestReorder(t *testing.T) {
	upTo := func(n int) (out []int) {
		for i := range n {
			out = append(out, i+1)
		}
		return out
	}
	tests := []struct {
		name string
		// at each tick, the packets that come; number n has time n frames and
		// its samples say so
		come  [][]int
		want  []int // after the first wait
		fades []int // ticks, from 0, at which something is made up
		late  uint64
	}{
		{"in order", [][]int{{1}, {2}, {3}, {4}, {5}}, upTo(5), nil, 0},
		{"overtaken", [][]int{{1}, {3}, {2}, {5}, {4}}, upTo(5), nil, 0},
		{"in bursts", [][]int{{1, 2}, {}, {3, 4}, {}, {6, 5}}, upTo(6), nil, 0},
		{"doubled", [][]int{{1, 1}, {2}, {2, 3}, {4}}, upTo(4), nil, 0},
		{"lost", [][]int{{1}, {2}, {}, {4}, {5}}, []int{1, 2, 0, 4, 5}, []int{2}, 0},
		{"too late", [][]int{{1}, {}, {3}, {4}, {5}, {6}, {2}}, []int{1, 0, 3, 4, 5, 6}, []int{1}, 1},
		{"a jump of time", [][]int{{1}, {2}, {3}, {3000}, {3001}}, []int{0, 0, 0, 3000, 3001}, []int{0, 1, 2}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newReorder(&audio.Codec{
				Name: "test", ClockRate: 8000, SampleRate: 8000, FrameBytes: 2,
				NewDecoder: func() audio.Decoder { return wide{} },
			})
			var got []int
			for tick := range len(tt.want) + ahead {
				if tick < len(tt.come) {
					for _, n := range tt.come[tick] {
						r.packet(&pion.Packet{
							Header:  pion.Header{SequenceNumber: uint16(65530 + n), Timestamp: uint32(n * 160)},
							Payload: []byte{byte(n >> 8), byte(n)},
						}, false)
					}
				}
				pcm := r.frame(nil)
				if len(pcm) != 160 {
					t.Fatalf("%d samples", len(pcm))
				}
				got = append(got, int(pcm[0]))
			}
			got = got[ahead:]
			for _, i := range tt.fades {
				got[i] = 0
			}
			if !slices.Equal(got, tt.want) || r.late != tt.late {
				t.Errorf("got %v, want %v; %d late", got, tt.want, r.late)
			}
		})
	}
}

// wide decodes a number into a frame of it.
type wide struct{}

func (wide) Decode(dst []int16, p []byte) []int16 {
	for range 160 {
		dst = append(dst, int16(p[0])<<8|int16(p[1]))
	}
	return dst
}

func TestRecordingKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		to := &collector{rate: 8000}
		defer c.Tap(Heard, to)()
		began := time.Now()
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(600, 8000, time.Second))
		time.Sleep(3 * time.Second) // DTX: nothing is sent, and time goes on
		c.far.ts += 3 * 8000
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(900, 8000, time.Second))
		time.Sleep(200 * time.Millisecond)
		pcm, frames := to.taken()
		if want := int(time.Since(began) / audio.FrameTime); frames < want-1 || frames > want+1 {
			t.Errorf("%d frames, want %d", frames, want)
		}
		for _, part := range []struct {
			from, to float64
			hz       float64
		}{{0.1, 1, 600}, {4.15, 5, 900}} {
			if l := level(pcm[int(part.from*8000):int(part.to*8000)], part.hz, 8000); l < 0.9 {
				t.Errorf("%v Hz at %v", part.hz, l)
			}
		}
		for _, v := range pcm[10000:32000] {
			if v != 0 {
				t.Fatal("sound in the pause")
			}
		}
	})
}
