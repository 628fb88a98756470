package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// narrow is two seconds of 1 kHz as lame makes an MP3 of an 8 kHz WAV file.
func narrow(t *testing.T) []byte {
	t.Helper()
	path, err := exec.LookPath("lame")
	if err != nil && os.Getenv("PIVOT_STRANGERS") == "required" {
		t.Fatal("lame is not installed, and PIVOT_STRANGERS=required")
	}
	if err != nil {
		t.Skip("lame is not installed")
	}
	b := wav(16000, 0)
	for i := range 16000 {
		binary.LittleEndian.PutUint16(b[44+2*i:], uint16(int16(8000*math.Sin(float64(i)*math.Pi/4))))
	}
	cmd := exec.CommandContext(t.Context(), path, "--quiet", "-", "-")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNarrowMP3(t *testing.T) {
	data := narrow(t)
	if _, _, err := audio.Decode(bytes.NewReader(data)); !errors.Is(err, audio.ErrUnknownFormat) {
		t.Fatalf("it is decoded without lame: %v", err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"whole.mp3": data, "cut.mp3": data[:len(data)/2], "junk.mp3": append(data[:1000:1000], bytes.Repeat([]byte("junk"), 5000)...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := library(t, Config{Files: dir})
	sound, err := l.Sound(t.Context(), "", "whole.mp3")
	if err != nil {
		t.Fatal(err)
	}
	ear, dec := audio.NewEar(8000, map[string]float64{"it": 1000}), audio.PCMU.NewDecoder()
	for cur := sound.Open(audio.PCMU); ; {
		frame, err := cur.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, audio.ErrNotYet) {
			t.Fatal(err)
		}
		if err == nil {
			_ = ear.WriteFrame(dec.Decode(nil, frame))
		}
	}
	var heard time.Duration
	for _, h := range ear.Heard() { // the start is the encoder settling
		heard += h.To - h.From
	}
	if heard < 1900*time.Millisecond || heard > 2200*time.Millisecond {
		t.Errorf("heard %v", ear.Heard())
	}
	for _, name := range []string{"cut.mp3", "junk.mp3"} { // what there is of them
		sound, err := l.Sound(t.Context(), "", name)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, err := play(t, sound); n < 10 || !errors.Is(err, io.EOF) && !errors.Is(err, audio.ErrBroken) {
			t.Errorf("%s: %d frames, %v", name, n, err)
		}
	}
	if len(l.slots) != 0 {
		t.Errorf("%d decoders are still counted", len(l.slots))
	}
}

// TestNarrowMP3Ends is a decoder whose source never goes on, or fails.
func TestNarrowMP3Ends(t *testing.T) {
	data := narrow(t)
	l := library(t, Config{})
	r, w := io.Pipe()
	go func() { _, _ = w.Write(bytes.Repeat(data, 20)) }()
	sound, _, err := l.Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := sound.ReadSamples(make([]int16, 100)); n == 0 || err != nil {
		t.Errorf("%d samples, %v", n, err)
	}
	if err := sound.(io.Closer).Close(); err != nil || len(l.slots) != 0 {
		t.Errorf("closed with %v, %d decoders", err, len(l.slots))
	}
	dead := errors.New("the line went dead")
	sound, _, err = l.Decode(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(dead)))
	for buf := make([]int16, 1000); err == nil; {
		_, err = sound.ReadSamples(buf)
	}
	if !errors.Is(err, dead) {
		t.Errorf("ended with %v", err)
	}
	for range maxDecoders {
		l.slots <- struct{}{}
	}
	go l.stop(context.Canceled)
	if _, _, err := l.Decode(bytes.NewReader(data)); !errors.Is(err, context.Canceled) {
		t.Errorf("a place too many: %v", err)
	}
	for range maxDecoders {
		<-l.slots
	}
}
