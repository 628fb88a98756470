package audio

import (
	"math"
	"testing"
)

// TestG711 holds both laws to what G.711 says of them: every code's level comes
// back as that code, no sample is further off than half a step, louder never
// becomes softer.
func TestG711(t *testing.T) {
	for _, law := range []struct {
		name   string
		codes  *[1 << 16]byte
		levels *[1 << 8]int16
		zero   byte
		top    int16
	}{
		{"PCMU", muLawCodes, muLawLevels, 0xFF, 32124},
		{"PCMA", aLawCodes, aLawLevels, 0xD5, 32256},
	} {
		if law.codes[0] != law.zero {
			t.Errorf("%s: zero is %#x, want %#x", law.name, law.codes[0], law.zero)
		}
		if got := law.levels[law.codes[math.MaxInt16]]; got != law.top {
			t.Errorf("%s: full scale is %d, want %d", law.name, got, law.top)
		}
		for code, level := range law.levels {
			if back := law.codes[uint16(level)]; back != byte(code) && level != 0 { // µ-law has two zeros
				t.Errorf("%s: code %#x is %d, which is code %#x", law.name, code, level, back)
			}
		}
		last := int16(math.MinInt16)
		for s := math.MinInt16; s <= math.MaxInt16; s++ {
			got := law.levels[law.codes[uint16(int16(s))]]
			if off := abs(int(got) - s); off > max(8, (abs(s)+132)/32)+1 {
				t.Fatalf("%s: %d becomes %d", law.name, s, got)
			}
			if got < last {
				t.Fatalf("%s: %d becomes %d, but %d became %d", law.name, s, got, s-1, last)
			}
			last = got
		}
	}
}

// TestCodecsCarryTones sends a tone through each codec and compares powers.
func TestCodecsCarryTones(t *testing.T) {
	for _, c := range Codecs {
		for _, hz := range []float64{400, 1000, 3000, 6000} {
			if hz > float64(c.SampleRate)*0.4 {
				continue
			}
			in := sineOf(hz, 8000, c.SampleRate, c.SampleRate)
			payload := c.NewEncoder().Encode(nil, in)
			if len(payload) != c.FrameBytes*FramesPerSecond {
				t.Fatalf("%s: a second is %d bytes", c.Name, len(payload))
			}
			out := c.NewDecoder().Decode([]int16{7}, payload)
			if len(out) != len(in)+1 || out[0] != 7 {
				t.Fatalf("%s: %d samples came back of %d", c.Name, len(out)-1, len(in))
			}
			got, all := tonePower(out[c.SampleRate/10:], hz, c.SampleRate)
			if ratio := got / (8000 * 8000 / 2); ratio < 0.9 || ratio > 1.1 {
				t.Errorf("%s: %v Hz comes back with %.2f of its power", c.Name, hz, ratio)
			}
			if snr := 10 * math.Log10(got/(all-got)); snr < 20 {
				t.Errorf("%s: %v Hz comes back %.1f dB above the noise", c.Name, hz, snr)
			}
		}
	}
}

func TestG722OddSamples(t *testing.T) {
	if got := G722.NewEncoder().Encode(nil, make([]int16, 321)); len(got) != 161 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestCodecByName(t *testing.T) {
	for name, want := range map[string]*Codec{"pcmu": PCMU, "PCMA": PCMA, "G722": G722, "g722": G722, "opus": nil, "": nil} {
		if got := CodecByName(name); got != want {
			t.Errorf("%q is %v", name, got)
		}
	}
	for _, c := range Codecs {
		if c.FrameSamples() != c.SampleRate/50 || c.FrameTicks() != 160 {
			t.Errorf("%s: %d samples and %d ticks a frame", c.Name, c.FrameSamples(), c.FrameTicks())
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range Codecs {
		b.Run(c.Name, func(b *testing.B) {
			enc, pcm, dst := c.NewEncoder(), sineOf(440, 8000, c.SampleRate, c.FrameSamples()), make([]byte, 0, c.FrameBytes)
			b.ReportAllocs()
			for b.Loop() {
				enc.Encode(dst, pcm)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range Codecs {
		b.Run(c.Name, func(b *testing.B) {
			payload := c.NewEncoder().Encode(nil, sineOf(440, 8000, c.SampleRate, c.FrameSamples()))
			dec, dst := c.NewDecoder(), make([]int16, 0, c.FrameSamples())
			b.ReportAllocs()
			for b.Loop() {
				dec.Decode(dst, payload)
			}
		})
	}
}

// sineOf is n samples of a sine of peak.
func sineOf(hz, peak float64, rate, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(peak * sine(hz, float64(i)/float64(rate))))
	}
	return out
}

// tonePower is the mean power of the sine of hz that fits pcm best, and all of
// pcm's power.
func tonePower(pcm []int16, hz float64, rate int) (tone, all float64) {
	var cc, ss, cs, xc, xs float64
	for i, x := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		cc, ss, cs = cc+c*c, ss+s*s, cs+c*s
		xc, xs = xc+float64(x)*c, xs+float64(x)*s
		all += float64(x) * float64(x)
	}
	det := cc*ss - cs*cs
	a, b := (xc*ss-xs*cs)/det, (xs*cc-xc*cs)/det
	n := float64(len(pcm))
	return (a*a*cc + b*b*ss + 2*a*b*cs) / n, all / n
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
