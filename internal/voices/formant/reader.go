package formant

import (
	"io"
	"math"
	"time"
)

// Reader makes the sound of phrases as it is read, one phrase at a time. It is
// an audio.Reader.
type Reader struct {
	phrases []Phrase
	voice   Voice
	throat  *throat
	ready   []int16
	buffer  []int16
}

// NewReader speaks the phrases with a voice.
func NewReader(phrases []Phrase, v Voice) *Reader {
	r := &Reader{phrases: phrases, voice: v, throat: newThroat(v)}
	r.buffer = silence(nil, 30*time.Millisecond)
	r.ready = r.buffer
	return r
}

// Rate is 16000 Hz.
func (r *Reader) Rate() int { return Rate }

// ReadSamples fills p; it returns io.EOF after the last sample.
func (r *Reader) ReadSamples(p []int16) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.ready) == 0 {
			if len(r.phrases) == 0 {
				return n, io.EOF
			}
			r.next()
		}
		k := copy(p[n:], r.ready)
		r.ready = r.ready[k:]
		n += k
	}
	return n, nil
}

// next makes the next phrase and the pause behind it.
func (r *Reader) next() {
	p := r.phrases[0]
	r.phrases = r.phrases[1:]
	row := spell(p)
	out := bleep(r.buffer[:0], p.Bleep)
	if len(row) > 0 {
		measure(row, r.voice.Pace)
		s := arrange(row)
		for _, st := range track(s, compose(row, s.starts, s.length, p.Tone), shade(row, s), r.voice) {
			out = r.throat.speak(out, st)
		}
		last := r.throat.now
		for range 4 { // what still rings
			last.voice, last.breath, last.noise = 0, 0, hiss{}
			out = r.throat.speak(out, last)
		}
	}
	r.buffer = silence(out, p.Pause)
	r.ready = r.buffer
}

// The tone that stands for a word nobody should hear: 1 kHz, as loud as speech.
const (
	bleepHertz = 1000
	bleepLevel = 0.12
	bleepEdge  = Rate / 200 // samples of rise and fall
)

func bleep(out []int16, d time.Duration) []int16 {
	n := int(d * Rate / time.Second)
	for i := range n {
		edge := float64(min(i, n-1-i, bleepEdge)) / bleepEdge
		out = append(out, clip(bleepLevel*edge*math.Sin(2*math.Pi*bleepHertz*float64(i)/Rate)))
	}
	return out
}

func silence(out []int16, d time.Duration) []int16 {
	return append(out, make([]int16, int(d*Rate/time.Second))...)
}
