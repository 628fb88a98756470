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

// four is the complex amplitudes of four filters. Each step of a filter waits
// for the one before; side by side they take little more time than one.
func four(f []goertzel, pcm []float32, out []complex128) {
	f, out = f[:4], out[:4]
	k0, k1, k2, k3 := 2*f[0].cos, 2*f[1].cos, 2*f[2].cos, 2*f[3].cos
	var a1, a2, b1, b2, c1, c2, d1, d2 float64
	for _, s := range pcm {
		x := float64(s)
		a1, a2 = x+k0*a1-a2, a1
		b1, b2 = x+k1*b1-b2, b1
		c1, c2 = x+k2*c1-c2, c1
		d1, d2 = x+k3*d1-d2, d1
	}
	out[0] = complex(a1-a2*f[0].cos, a2*f[0].sin)
	out[1] = complex(b1-b2*f[1].cos, b2*f[1].sin)
	out[2] = complex(c1-c2*f[2].cos, c2*f[2].sin)
	out[3] = complex(d1-d2*f[3].cos, d2*f[3].sin)
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
