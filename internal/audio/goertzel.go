package audio

import "math"

// goertzel measures one frequency in a stretch of samples.
type goertzel struct{ cos, sin float64 }

// newGoertzel is a filter for hz in sound of rate.
func newGoertzel(hz float64, rate int) goertzel {
	sin, cos := math.Sincos(2 * math.Pi * hz / float64(rate))
	return goertzel{cos: cos, sin: sin}
}

// of is the complex amplitude of the filter's frequency in pcm, its phase as
// at the end: a sine of peak a right on the frequency has the magnitude a/2
// times the number of samples.
func (g goertzel) of(pcm []float32) complex128 {
	var s1, s2 float64
	k := 2 * g.cos
	for _, x := range pcm {
		s1, s2 = float64(x)+k*s1-s2, s1
	}
	return complex(s1-s2*g.cos, s2*g.sin)
}

// power is the mean power of a sine of that amplitude, in n samples.
func power(amplitude complex128, n int) float64 {
	re, im := real(amplitude), imag(amplitude)
	return 2 * (re*re + im*im) / float64(n*n)
}

// meanPower is the mean square of pcm.
func meanPower(pcm []float32) (sum float64) {
	for _, x := range pcm {
		sum += float64(x) * float64(x)
	}
	return sum / float64(max(1, len(pcm)))
}
