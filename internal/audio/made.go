package audio

import (
	"io"
	"math"
	"sync"
	"time"
)

// wave is a sound as a formula: the value, -1 to 1, at a time in seconds
// since it began.
type wave func(t float64) float64

// made is a sound that is calculated, at each codec's own rate, frame by frame
// as the first listener in that codec comes to it: some 10 µs each. What nobody
// hears costs nothing, and no frame is ever waited for.
type made struct {
	name   string
	length time.Duration
	wave   func() wave // a new one for each codec
	mu     sync.Mutex  // held while a track is made
	tracks tracks
}

// newMade is a calculated sound. length must be short: its frames are kept.
func newMade(name string, length time.Duration, w func() wave) *made {
	return &made{name: name, length: length, wave: w}
}

// String implements Sound.
func (m *made) String() string { return m.name }

// Size is the memory that the frames take, in bytes.
func (m *made) Size() int64 { return m.tracks.bytes() }

// Open implements Sound.
func (m *made) Open(c *Codec) Cursor {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, fresh := m.tracks.of(c)
	if fresh {
		t.grow = grower(t, m.reader(c.SampleRate))
	}
	return t.open(nil)
}

// grower makes the next frame of a track each time it is called, by whoever
// comes first.
func grower(t *track, r Reader) func() {
	f := t.filler(r, 1)
	var mu sync.Mutex
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if t.end.Load() != nil {
			return
		}
		if err := f.more(); err != nil {
			t.end.Store(&ending{err})
		}
	}
}

// reader is the sound as linear samples.
func (m *made) reader(rate int) Reader {
	return &waveReader{wave: m.wave(), rate: rate, left: samplesIn(m.length, rate)}
}

// samplesIn is the samples in d, rounded to the nearest.
func samplesIn(d time.Duration, rate int) int {
	return int(math.Round(d.Seconds() * float64(rate)))
}

// waveReader implements Reader over a wave.
type waveReader struct {
	wave     wave
	rate     int
	at, left int
}

// Rate implements Reader.
func (r *waveReader) Rate() int { return r.rate }

// ReadSamples implements Reader.
func (r *waveReader) ReadSamples(p []int16) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.left)
	for i := range p[:n] {
		p[i] = clip16(float32(r.wave(float64(r.at)/float64(r.rate)) * math.MaxInt16))
		r.at++
	}
	r.left -= n
	return n, nil
}

// sine is the sine of a frequency in Hz at a time in seconds.
func sine(hz, t float64) float64 { return math.Sin(2 * math.Pi * hz * t) }

// amplitude is the peak of a sine of that level, where 1 is full scale. A full
// sine is at +3.14 dBm0 in G.711 (ITU-T G.711 section 4).
func amplitude(dbm0 float64) float64 { return math.Pow(10, (dbm0-3.14)/20) }

// fade takes the clicks off a stretch's ends: it rises and falls within 2 ms.
// at is the time since the stretch began and length its length, in seconds.
func fade(at, length float64) float64 {
	const edge = 0.002
	return min(1, max(0, at/edge), max(0, (length-at)/edge))
}
