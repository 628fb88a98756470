package audio

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// tempFile is a file that the test throws away.
func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "sound.wav"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// contents is a WAV file's sound.
func contents(t *testing.T, f *os.File) []int16 {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	pcm, _, _ := decodeAll(t, bytes.NewReader(b))
	return pcm
}

func TestWAVWriter(t *testing.T) {
	f := tempFile(t)
	w, err := NewWAVWriter(f, 16000, 1)
	if err != nil {
		t.Fatal(err)
	}
	in := sineOf(440, 12000, 16000, 16001)
	if err := errors.Join(w.Write(in[:5]), w.Write(nil), w.Write(in[5:])); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, f); !slices.Equal(got, in) {
		t.Errorf("%d samples came back of %d", len(got), len(in))
	}
	b, _ := os.ReadFile(f.Name())
	want := []byte("RIFF\x26\x7d\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x02\x7d\x00\x00")
	if !bytes.Equal(b[:44], want) {
		t.Errorf("the header is %q", b[:44])
	}
	if at, _ := f.Seek(0, io.SeekCurrent); at != int64(len(b)) || w.Duration() != 1000062500*time.Nanosecond {
		t.Errorf("left at %d after %v", at, w.Duration())
	}
}

func TestWAVWriterLimits(t *testing.T) {
	for _, bad := range [][2]int{{0, 1}, {8000, 0}, {1 << 20, 1}, {8000, 99}} {
		if _, err := NewWAVWriter(tempFile(t), bad[0], bad[1]); err == nil {
			t.Errorf("%v is no error", bad)
		}
	}
	w, _ := NewWAVWriter(tempFile(t), 8000, 1)
	w.bytes = maxWAV - 1
	if err := w.Write([]int16{1}); !errors.Is(err, ErrWAVFull) {
		t.Errorf("%v", err)
	}
}

func TestRecorder(t *testing.T) {
	f := tempFile(t)
	r, err := NewRecorder(8000, f)
	if err != nil {
		t.Fatal(err)
	}
	in := sineOf(300, 9000, 8000, 8000*20)
	for at := 0; at < len(in); at += 160 {
		dropped := r.Dropped()
		if err := r.WriteFrame(in[at : at+160]); err != nil {
			t.Fatal(err)
		}
		for r.Dropped() > dropped { // the test is faster than any call: again
			dropped = r.Dropped()
			_ = r.WriteFrame(in[at : at+160])
		}
	}
	d, err := r.Close()
	if err != nil || d != 20*time.Second || r.Duration() != d {
		t.Errorf("%v, %v", d, err)
	}
	if again, err := r.Close(); again != d || err != nil {
		t.Errorf("closed again: %v, %v", again, err)
	}
	if err := r.WriteFrame(in[:160]); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if !slices.Equal(contents(t, f), in) {
		t.Error("what was recorded differs")
	}
}

// TestRecorderCloseMeanwhile closes while frames still come.
func TestRecorderCloseMeanwhile(t *testing.T) {
	r, err := NewRecorder(8000, tempFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	begun := make(chan struct{})
	wg.Go(func() {
		frame := make([]int16, 160)
		for i := range 100000 {
			if i == 10 {
				close(begun)
			}
			if r.WriteFrame(frame) != nil {
				return
			}
		}
	})
	<-begun
	if d, err := r.Close(); err != nil || d < 200*time.Millisecond {
		t.Errorf("%v, %v", d, err)
	}
	wg.Wait()
}

// stuck is a file whose disk waits, then is full.
type stuck struct {
	*os.File
	gate chan struct{}
	err  error
}

func (s *stuck) Write([]byte) (int, error) {
	<-s.gate
	return 0, s.err
}

func TestRecorderSlowAndFullDisk(t *testing.T) {
	full := errors.New("disk full")
	f := &stuck{File: tempFile(t), gate: make(chan struct{}), err: full}
	r, err := NewRecorder(8000, f)
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]int16, 160)
	for range 5000 {
		if err := r.WriteFrame(frame); err != nil {
			t.Fatal(err)
		}
	}
	if r.Dropped() == 0 {
		t.Error("nothing was dropped")
	}
	close(f.gate)
	if _, err := r.Close(); !errors.Is(err, full) {
		t.Errorf("Close: %v", err)
	}
}

func BenchmarkRecorderWriteFrame(b *testing.B) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := NewRecorder(8000, f)
	if err != nil {
		b.Fatal(err)
	}
	frame := make([]int16, 160)
	b.ReportAllocs()
	for b.Loop() {
		_ = r.WriteFrame(frame)
	}
	_, _ = r.Close()
}
