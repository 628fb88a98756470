package audio

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Heard is one tone that an Ear heard, from the start of its sound.
type Heard struct {
	Name     string
	From, To time.Duration
}

// Ear is a Sink that recognises pure tones by name, so that a test or a
// demonstration can tell which prompt was heard. A tone is heard when one
// frequency carries most of the sound for two frames or more; it may be some
// 20 Hz off. All of its methods may be used while sound comes in.
type Ear struct {
	rate  int
	tones []namedTone

	mu      sync.Mutex
	pcm     []float32
	frames  int
	name    string // of the frame before
	since   int    // the frame it began with
	heard   []Heard
	changed chan struct{} // closed and renewed when heard changes
}

type namedTone struct {
	name string
	g    goertzel
}

const (
	earPower  = 100 * 100 // mean square below which nothing is heard, -50 dB
	earPurity = 0.4       // part of the power that the tone must have
	earFrames = 2         // frames that make a tone
)

// NewEar is an ear for sound at rate Hz that knows tones by name and Hz.
func NewEar(rate int, tones map[string]float64) *Ear {
	e := &Ear{rate: rate, changed: make(chan struct{})}
	for name, hz := range tones {
		e.tones = append(e.tones, namedTone{name, newGoertzel(hz, rate)})
	}
	return e
}

// Rate implements Sink.
func (e *Ear) Rate() int { return e.rate }

// WriteFrame implements Sink.
func (e *Ear) WriteFrame(frame []int16) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pcm = toFloat(e.pcm[:0], frame)
	name := e.loudest()
	if name != e.name {
		e.name, e.since = name, e.frames
	}
	e.frames++
	if name == "" || e.frames-e.since < earFrames {
		return nil
	}
	if e.frames-e.since == earFrames {
		e.heard = append(e.heard, Heard{Name: name, From: time.Duration(e.since) * FrameTime})
		close(e.changed)
		e.changed = make(chan struct{})
	}
	e.heard[len(e.heard)-1].To = time.Duration(e.frames) * FrameTime
	return nil
}

// loudest is the name of the tone that the frame consists of, or "".
func (e *Ear) loudest() string {
	total := meanPower(e.pcm)
	if total < earPower {
		return ""
	}
	best, name := earPurity*total, ""
	for _, t := range e.tones {
		if p := power(t.g.of(e.pcm), len(e.pcm)); p > best {
			best, name = p, t.name
		}
	}
	return name
}

// Heard is what was heard so far, in order. The last may still go on.
func (e *Ear) Heard() []Heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.heard)
}

// Now is the tone in the last frame, "" if there is none.
func (e *Ear) Now() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.name
}

// Wait returns nil as soon as the tone was heard, or was before; else the
// cause of the context's end.
func (e *Ear) Wait(ctx context.Context, name string) error {
	for {
		e.mu.Lock()
		changed := e.changed
		ok := slices.ContainsFunc(e.heard, func(h Heard) bool { return h.Name == name })
		e.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// toFloat appends pcm to dst.
func toFloat(dst []float32, pcm []int16) []float32 {
	for _, s := range pcm {
		dst = append(dst, float32(s))
	}
	return dst
}
