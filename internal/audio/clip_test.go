package audio

import (
	"bytes"
	"errors"
	"io"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"
)

// play collects a sound's payload, waiting for what is not there yet.
func play(t *testing.T, s Sound, c *Codec) ([]byte, error) {
	t.Helper()
	cur := s.Open(c)
	defer cur.Close()
	return drain(t, cur)
}

func drain(t *testing.T, cur Cursor) ([]byte, error) {
	t.Helper()
	var out []byte
	for {
		frame, err := cur.Next()
		switch {
		case err == nil:
			out = append(out, frame...)
		case errors.Is(err, ErrNotYet):
			runtime.Gosched()
		default:
			return out, err
		}
		if len(out) > 100<<20 {
			t.Fatal("no end")
		}
	}
}

// hear is a sound as linear samples, which must end well.
func hear(t *testing.T, s Sound, c *Codec) []int16 {
	t.Helper()
	payload, err := play(t, s, c)
	if !errors.Is(err, io.EOF) {
		t.Fatalf("%s ended with %v", s, err)
	}
	return c.NewDecoder().Decode(nil, payload)
}

func TestClipPlays(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 44100} {
		for _, c := range Codecs {
			clip := NewClip("a tone", &slice{rate: rate, pcm: sineOf(1000, 8000, rate, rate*3/2)})
			pcm := hear(t, clip, c)
			if want := c.SampleRate * 3 / 2; len(pcm) != want {
				t.Errorf("%d Hz as %s: %d samples, want %d", rate, c.Name, len(pcm), want)
			}
			got, all := tonePower(pcm[c.SampleRate/4:c.SampleRate], 1000, c.SampleRate)
			if ratio := got / (8000 * 8000 / 2); ratio < 0.9 || ratio > 1.1 || got/all < 0.99 {
				t.Errorf("%d Hz as %s: %.2f of the power, of which the tone is %.3f", rate, c.Name, ratio, got/all)
			}
			if d, whole := clip.Duration(); !whole || (d-1500*time.Millisecond).Abs() > time.Millisecond || clip.Err() != nil {
				t.Errorf("%d Hz: %v, %v, %v", rate, d, whole, clip.Err())
			}
			clip.Close()
		}
	}
}

// TestClipWideband keeps what only G.722 can carry.
func TestClipWideband(t *testing.T) {
	clip := NewClip("high", &slice{rate: 44100, pcm: sineOf(6000, 8000, 44100, 44100)})
	defer clip.Close()
	pcm := hear(t, clip, G722)
	if got, _ := tonePower(pcm[1600:14400], 6000, 16000); got < 0.8*8000*8000/2 {
		t.Errorf("6 kHz came through G.722 at %.0f", math.Sqrt(2*got))
	}
	if got := meanPower(toFloat(nil, hear(t, clip, PCMU)[800:7200])); got > 20*20 {
		t.Errorf("6 kHz came through PCMU as %.0f", math.Sqrt(got))
	}
}

// TestCursorMissesNothing reads frames while they are made, many times over.
func TestCursorMissesNothing(t *testing.T) {
	for i := range 200 {
		clip := NewClip("race", &slice{rate: 8000, pcm: make([]int16, 8000*4)})
		if got, err := play(t, clip, PCMU); len(got) != 8000*4 || !isEnd(err) {
			t.Fatalf("try %d: %d bytes, %v", i, len(got), err)
		}
		clip.Close()
	}
}

// TestClipIsShared opens a clip many times at once: one encode, equal frames.
func TestClipIsShared(t *testing.T) {
	clip := NewClip("shared", &slice{rate: 8000, pcm: sineOf(440, 8000, 8000, 8000*3)})
	var all [20][]byte
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i], _ = play(t, clip, PCMA) })
	}
	wg.Wait()
	for i := range all {
		if !bytes.Equal(all[i], all[0]) || len(all[i]) != 3*8000 {
			t.Fatalf("listener %d heard %d bytes", i, len(all[i]))
		}
	}
	if n := len(clip.tracks.made); n != 1 || clip.InUse() {
		t.Errorf("%d tracks, in use %v", n, clip.InUse())
	}
	clip.Close()
	if got, err := play(t, clip, PCMA); !errors.Is(err, io.EOF) || !bytes.Equal(got, all[0]) {
		t.Errorf("a closed clip that was complete gives %d bytes, %v", len(got), err)
	}
	if _, err := play(t, clip, PCMU); !errors.Is(err, ErrClosed) {
		t.Errorf("a new codec after Close: %v", err)
	}
	if size := clip.Size(); size < 3*16000+3*8000 || size > 4*16000+5*8000 {
		t.Errorf("%d bytes", size)
	}
}

// gate is a Reader that waits to be let on, or closed.
type gate struct {
	more   chan []int16
	closed chan struct{}
}

func newGate() *gate { return &gate{make(chan []int16), make(chan struct{})} }

func (g *gate) Rate() int { return 8000 }

func (g *gate) ReadSamples(p []int16) (int, error) {
	select {
	case pcm, ok := <-g.more:
		if !ok {
			return 0, io.EOF
		}
		return copy(p, pcm), nil
	case <-g.closed:
		return 0, errors.New("read of a closed source")
	}
}

func (g *gate) Close() error {
	close(g.closed)
	return nil
}

// TestClipWhileItComes listens to the start before the end is there.
func TestClipWhileItComes(t *testing.T) {
	g := newGate()
	clip := NewClip("live", g)
	cur := clip.Open(PCMU)
	if _, err := cur.Next(); !errors.Is(err, ErrNotYet) {
		t.Fatalf("before anything: %v", err)
	}
	for i := range 200 {
		g.more <- make([]int16, 160)
		for {
			_, err := cur.Next()
			if err == nil {
				break
			}
			if !errors.Is(err, ErrNotYet) {
				t.Fatalf("frame %d: %v", i, err)
			}
			runtime.Gosched()
		}
	}
	if d, whole := clip.Duration(); whole || d != 4*time.Second || !clip.InUse() {
		t.Errorf("%v, whole %v", d, whole)
	}
	g.more <- make([]int16, 40)
	close(g.more)
	rest, err := drain(t, cur)
	if len(rest) != 160 || !errors.Is(err, io.EOF) {
		t.Errorf("the end is %d bytes, %v", len(rest), err)
	}
	cur.Close()
	<-clip.Done()
	<-g.closed // the clip closed its source by itself
}

func TestClipCloseWhileItComes(t *testing.T) {
	g := newGate()
	clip := NewClip("live", g)
	cur := clip.Open(PCMU)
	g.more <- make([]int16, 320)
	clip.Close()
	clip.Close()
	if _, err := drain(t, cur); !errors.Is(err, ErrClosed) {
		t.Errorf("the listener got %v", err)
	}
	if !errors.Is(clip.Err(), ErrClosed) {
		t.Errorf("the clip says %v", clip.Err())
	}
}

func TestClipBreaks(t *testing.T) {
	broken := errors.New("the line went dead")
	for name, tt := range map[string]struct {
		from   *slice
		limit  time.Duration
		want   error
		frames int
	}{
		"source": {&slice{rate: 8000, pcm: make([]int16, 800), err: broken}, time.Minute, broken, 5},
		"long":   {&slice{rate: 8000, pcm: make([]int16, 80000)}, time.Second, ErrTooLong, 50},
		"rate":   {&slice{rate: 12}, time.Minute, nil, 0},
	} {
		clip := NewClipLimit(name, tt.from, tt.limit)
		got, err := play(t, clip, PCMU)
		if errors.Is(err, io.EOF) || tt.want != nil && !errors.Is(err, tt.want) || clip.Err() == nil {
			t.Errorf("%s: %v, %v", name, err, clip.Err())
		}
		if n := len(got) / 160; n < tt.frames || n > tt.frames+8 {
			t.Errorf("%s: %d frames before it broke", name, n)
		}
		clip.Close()
	}
}

func TestCursorNextMakesNothing(t *testing.T) {
	clip := NewClip("long", &slice{rate: 8000, pcm: make([]int16, 8000*60)})
	cur := clip.Open(PCMU)
	if _, err := play(t, clip, PCMU); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(2000, func() { _, _ = cur.Next() }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkCursorNext(b *testing.B) {
	for _, s := range []Sound{
		Loop(NewClip("clip", &slice{rate: 8000, pcm: make([]int16, 8000*60)}), 0),
		Silence(-1),
		Ringback(0),
	} {
		b.Run(s.String(), func(b *testing.B) {
			cur := s.Open(PCMU)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = cur.Next()
			}
		})
	}
}

// BenchmarkFirstFrame is the time from NewClip to the first frame.
func BenchmarkFirstFrame(b *testing.B) {
	pcm := sineOf(440, 8000, 44100, 44100)
	for b.Loop() {
		clip := NewClip("new", &slice{rate: 44100, pcm: pcm})
		cur := clip.Open(PCMU)
		for {
			if _, err := cur.Next(); err == nil {
				break
			}
			runtime.Gosched()
		}
		clip.Close()
	}
}
