package audio

import (
	"fmt"
	"strings"
	"time"
)

// The eight frequencies of the keys, in Hz: ITU-T Q.23.
var (
	keyLows  = [4]float64{697, 770, 852, 941}
	keyHighs = [4]float64{1209, 1336, 1477, 1633}
)

// keyPad is the keys by low and high frequency.
const keyPad = "123A456B789C*0#D"

// How loud the two frequencies of a key are, in dBm0: the higher one is sent
// louder, as lines weaken it more (ITU-T Q.23, Q.24 annex A).
const (
	keyLowLevel  = -9.0
	keyHighLevel = -7.0
)

// keyTones is the two frequencies of a key: 0-9 * # A-D, letters in any case.
func keyTones(key byte) (low, high float64, ok bool) {
	i := strings.IndexByte(keyPad, key)
	if key >= 'a' && key <= 'd' {
		i = strings.IndexByte(keyPad, key-'a'+'A')
	}
	if i < 0 {
		return 0, 0, false
	}
	return keyLows[i/4], keyHighs[i%4], true
}

// Keys is key tones as a sound: each key for that long, with gap of silence
// behind it; w is half a second of silence and W a second. Any other letter
// is an error.
func Keys(keys string, each, gap time.Duration) (Sound, error) {
	type stretch struct {
		low, high   float64
		begins, end float64
	}
	var all []stretch
	var at time.Duration
	for i := range len(keys) {
		switch keys[i] {
		case 'w':
			at += time.Second / 2
			continue
		case 'W':
			at += time.Second
			continue
		}
		low, high, ok := keyTones(keys[i])
		if !ok {
			return nil, fmt.Errorf("audio: %q is not a key", keys[i:i+1])
		}
		all = append(all, stretch{low, high, at.Seconds(), (at + each).Seconds()})
		at += each + gap
	}
	if at > maxPeriod {
		return nil, fmt.Errorf("audio: keys for %v: %w", at, ErrTooLong)
	}
	a, b := amplitude(keyLowLevel), amplitude(keyHighLevel)
	return newMade("keys "+keys, at, func() wave {
		i := 0
		return func(t float64) float64 {
			for i < len(all) && t >= all[i].end {
				i++
			}
			if i == len(all) || t < all[i].begins {
				return 0
			}
			t -= all[i].begins
			return a*sine(all[i].low, t) + b*sine(all[i].high, t)
		}
	}), nil
}
