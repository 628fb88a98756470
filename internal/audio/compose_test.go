package audio

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"
)

// count is a sound of n frames, each of its number; err is its end.
type count struct {
	n   int
	err error
}

func (c count) String() string { return "count" }

func (c count) Open(*Codec) Cursor { return &counter{count: c} }

type counter struct {
	count
	at     int
	closed bool
}

func (c *counter) Next() ([]byte, error) {
	if c.closed {
		return nil, errors.New("Next after Close")
	}
	if c.at == c.n {
		if c.err != nil {
			return nil, c.err
		}
		return nil, io.EOF
	}
	c.at++
	return []byte{byte(c.at)}, nil
}

func (c *counter) Close() { c.closed = true }

func TestComposed(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		sound Sound
		name  string
		want  []byte // the first ten frames
		end   error
	}{
		{Named(count{2, nil}, "two"), "two", []byte{1, 2}, io.EOF},
		{Loop(count{2, nil}, 1), "count", []byte{1, 2}, io.EOF},
		{Loop(count{2, nil}, 3), "count, 3 times", []byte{1, 2, 1, 2, 1, 2}, io.EOF},
		{Loop(count{3, nil}, 0), "count, repeated", []byte{1, 2, 3, 1, 2, 3, 1, 2, 3, 1}, nil},
		{Loop(count{0, nil}, 0), "count, repeated", nil, io.EOF},
		{Loop(count{1, broken}, 0), "count, repeated", []byte{1}, broken},
		{Sequence(count{2, nil}), "count", []byte{1, 2}, io.EOF},
		{Sequence(), "", nil, io.EOF},
		{Sequence(count{2, nil}, count{0, nil}, count{1, nil}), "count, then count, then count", []byte{1, 2, 1}, io.EOF},
		{Sequence(count{1, broken}, count{1, nil}), "count, then count", []byte{1}, broken},
		{Loop(Sequence(count{1, nil}, count{2, nil}), 2), "count, then count, 2 times", []byte{1, 1, 2, 1, 1, 2}, io.EOF},
		{Sequence(Loop(count{1, nil}, 2), Loop(count{2, nil}, 0)), "count, 2 times, then count, repeated", []byte{1, 1, 1, 2, 1, 2, 1, 2, 1, 2}, nil},
	} {
		cur := tt.sound.Open(PCMU)
		var got []byte
		var err error
		for len(got) < 10 && err == nil {
			var frame []byte
			frame, err = cur.Next()
			got = append(got, frame...)
		}
		cur.Close()
		if tt.sound.String() != tt.name || !slices.Equal(got, tt.want) || !errors.Is(err, tt.end) {
			t.Errorf("%s gives %v, %v; want %s, %v, %v", tt.sound, got, err, tt.name, tt.want, tt.end)
		}
	}
}

// TestLoopedClip goes back to the start of frames that are there.
func TestLoopedClip(t *testing.T) {
	clip := NewClip("clip", &slice{rate: 8000, pcm: sineOf(500, 5000, 8000, 800)})
	defer clip.Close()
	one, _ := play(t, clip, PCMU)
	if got, err := play(t, Loop(clip, 4), PCMU); len(got) != 4*len(one) || !isEnd(err) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if size := sizeOf(Named(Sequence(Loop(clip, 4), Silence(0)), "x")); size != clip.Size() || size == 0 {
		t.Errorf("%d bytes of memory", size)
	}
	if clip.InUse() {
		t.Error("still in use")
	}
}

// TestLinear reads what telephones would hear, and what a clip has kept.
func TestLinear(t *testing.T) {
	tone := Tone(100*time.Millisecond, 440)
	clip := NewClip("clip", &waveReader{wave: func(float64) float64 { return 0.5 }, rate: 16000, left: 3200})
	for _, tt := range []struct {
		sound   Sound
		rate, n int
	}{{tone, 8000, 800}, {clip, 16000, 3200}, {Named(clip, "other"), 16000, 3200}, {Silence(0), 8000, 0}} {
		r, err := Linear(t.Context(), tt.sound)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for buf := make([]int16, 100); ; {
			more, err := r.ReadSamples(buf)
			if n += more; errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != tt.n || r.Rate() != tt.rate {
			t.Errorf("%s: %d samples at %d Hz", tt.sound, n, r.Rate())
		}
	}
}

// TestLinearWaits: a clip is waited for as long as its context lasts.
func TestLinearWaits(t *testing.T) {
	slow, more := io.Pipe()
	late := NewClip("late", &bytesReader{slow})
	defer late.Close()
	over, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Linear(over, Named(late, "never")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a sound that never comes: %v", err)
	}
	go func() {
		_, _ = more.Write(make([]byte, 100))
		_ = more.Close()
	}()
	r, err := Linear(t.Context(), late)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.ReadSamples(make([]int16, 200)); n != 100 || err != nil {
		t.Errorf("%d samples, %v", n, err)
	}
}

// bytesReader is sound at 8 kHz, a byte a sample.
type bytesReader struct{ *io.PipeReader }

func (*bytesReader) Rate() int { return 8000 }

func (b *bytesReader) ReadSamples(p []int16) (int, error) {
	buf := make([]byte, len(p))
	n, err := b.Read(buf)
	for i, v := range buf[:n] {
		p[i] = int16(v)
	}
	return n, err
}
