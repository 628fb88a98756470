package audio

import (
	"math"
	"math/cmplx"
	"time"
)

// KeyChange is a key that went down or up again, as a KeyDetector heard it.
type KeyChange struct {
	Key  byte // 0-9 * # A-D
	Down bool
	// At is when, since the start of the sound, within some 10 ms.
	At time.Duration
	// Held is how long the key was down, when it went up; else 0.
	Held time.Duration
}

// What is a key tone, near to ITU-T Q.24 annex A (AT&T's values): frequencies
// within 1.5 % are taken and beyond 3.5 % are not, the lower may be 8 dB louder
// than the higher or 4 dB softer, either down to -36 dBm0; a tone of 40 ms is a
// key and one of 23 ms is not; a gap of 40 ms ends it and one of 10 ms does not.
const (
	keyWindow     = 12750 * time.Microsecond // its null lies on the next frequency
	keyMinPower   = 300 * 300 / 2            // of each frequency, mean square
	keyLowLouder  = 9                        // 9.5 dB, as each leaks into the other
	keyHighLouder = 3.5                      // 5.5 dB
	keyOthers     = 6.3                      // 8 dB above every other of its group
	keyPurity     = 0.88                     // part of all power, talk-off's first guard
	keyPuritySeen = 0.70                     // of it while the frequencies are not known exactly
	keyOffPart    = 0.015                    // how far off a frequency may be
	keyOffHz      = 10                       // and the error of measuring it
	keyHits       = 4                        // windows in a row, half overlapping, that make a key
	keyMisses     = 4                        // and that end it
)

// KeyDetector finds key tones (DTMF) in linear sound. Speech and music hold
// the same frequencies now and then, so it also demands that nothing else is
// to be heard, that both frequencies are exact, which it tells from how their
// phases advance, and that they stay.
type KeyDetector struct {
	rate, window, hop int
	filters           [8]goertzel // four low, four high
	hz                [8]float64
	pcm               []float32 // less than a window and a hop
	at                int64     // samples before pcm
	last              [8]complex128
	lastKey           byte // of the window before

	run, misses int   // windows in a row with lastKey, and without the key that is down
	began       int64 // where the run began
	down        byte
	downAt      int64
	downEnd     int64 // end of the last window with it
	changes     []KeyChange
}

// NewKeyDetector is a detector for sound at rate Hz, 8000 or more.
func NewKeyDetector(rate int) *KeyDetector {
	d := &KeyDetector{rate: rate, window: samplesIn(keyWindow, rate)}
	d.hop = d.window / 2
	copy(d.hz[:4], keyLows[:])
	copy(d.hz[4:], keyHighs[:])
	for i, hz := range d.hz {
		d.filters[i] = newGoertzel(hz, rate)
	}
	return d
}

// Write hears the next samples, any number, and returns the keys that went
// down or up: a key is down once it is certain, some 35 ms after its start,
// and up 25 ms after its end. The slice is valid until the next call.
func (d *KeyDetector) Write(frame []int16) []KeyChange {
	d.changes = d.changes[:0]
	d.pcm = toFloat(d.pcm, frame)
	used := 0
	for ; used+d.window <= len(d.pcm); used += d.hop {
		d.step(d.hear(d.pcm[used : used+d.window]))
		d.at += int64(d.hop)
	}
	d.pcm = d.pcm[:copy(d.pcm, d.pcm[used:])]
	return d.changes
}

// hear is the key in a window, or 0.
func (d *KeyDetector) hear(pcm []float32) byte {
	all := meanPower(pcm)
	before := d.last
	if all < 2*keyMinPower/10 {
		return 0
	}
	four(d.filters[:4], pcm, d.last[:4])
	four(d.filters[4:], pcm, d.last[4:])
	var powers [8]float64
	for i, x := range d.last {
		powers[i] = power(x, len(pcm))
	}
	low, lowClear := strongest(powers[:4])
	high, highClear := strongest(powers[4:])
	a, b := powers[low], powers[4+high]
	switch {
	case !lowClear, !highClear, min(a, b) < keyMinPower:
		return 0
	case a > b*keyLowLouder, b > a*keyHighLouder, a+b < keyPuritySeen*all:
		return 0
	}
	key := keyPad[4*low+high]
	if key == d.lastKey && !d.exact(before, low, a, 4+high, b, all) {
		return 0
	}
	return key
}

// strongest is the strongest of a group and whether it stands out.
func strongest(powers []float64) (best int, clear bool) {
	for i, p := range powers {
		if p > powers[best] {
			best = i
		}
	}
	for i, p := range powers {
		if i != best && p*keyOthers > powers[best] {
			return best, false
		}
	}
	return best, true
}

// exact says whether two frequencies, i of power a and j of power b, are where
// they belong, and make up all of the sound now that it is known how much each
// filter missed of what was beside it.
func (d *KeyDetector) exact(before [8]complex128, i int, a float64, j int, b, all float64) bool {
	offI, offJ := d.off(before, i), d.off(before, j)
	if math.Abs(offI) > keyOffPart*d.hz[i]+keyOffHz || math.Abs(offJ) > keyOffPart*d.hz[j]+keyOffHz {
		return false
	}
	length := float64(d.window) / float64(d.rate)
	missI, missJ := sinc(offI*length), sinc(offJ*length)
	return a/(missI*missI)+b/(missJ*missJ) > keyPurity*all
}

// off is how far frequency i is from where it belongs, in Hz, by how its phase
// advanced since the window before.
func (d *KeyDetector) off(before [8]complex128, i int) float64 {
	if before[i] == 0 {
		return 0
	}
	advance := cmplx.Phase(d.last[i]/before[i])/(2*math.Pi) - d.hz[i]*float64(d.hop)/float64(d.rate)
	return (advance - math.Round(advance)) * float64(d.rate) / float64(d.hop)
}

// step takes what one window says.
func (d *KeyDetector) step(key byte) {
	if key != d.lastKey || key == 0 {
		d.run, d.began = 0, d.at
	}
	d.lastKey = key
	d.run++
	if d.down != 0 {
		d.misses++
		if key == d.down {
			d.misses, d.downEnd = 0, d.at+int64(d.window)
		}
		if d.misses == keyMisses {
			d.up()
		}
	}
	if key != 0 && key != d.down && d.run >= keyHits {
		d.up()
		d.down, d.downAt, d.downEnd, d.misses = key, d.began, d.at+int64(d.window), 0
		d.changes = append(d.changes, KeyChange{Key: key, Down: true, At: d.time(d.began)})
	}
}

// up ends the key that is down, if one is.
func (d *KeyDetector) up() {
	if d.down == 0 {
		return
	}
	d.changes = append(d.changes, KeyChange{Key: d.down, At: d.time(d.downEnd), Held: d.time(d.downEnd - d.downAt)})
	d.down = 0
}

// time is a number of samples as time.
func (d *KeyDetector) time(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / time.Duration(d.rate)
}
