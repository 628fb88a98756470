package audio

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// The rates of linear sound that are understood, in Hz.
const (
	MinRate = 4000
	MaxRate = 192000
)

// The quality of the resampling filter: a windowed sinc of 32 zero crossings
// a side under a Kaiser window. It stops 80 dB at the lower of both Nyquist
// frequencies and passes 84 % of the band below it: 3.4 kHz at 8 kHz.
const (
	crossings  = 32
	kaiserBeta = 7.857
	passEdge   = 0.922 // middle of the transition, of the Nyquist frequency
	// maxPhases is the most filters of a bank. Rates with less in common are
	// served by interpolating between the filters of a bank of this size.
	maxPhases = 512
)

// Resampler changes the rate of a stream of linear sound by a polyphase FIR
// filter. The output is in step with the input: the filter's delay is taken
// out again. The zero value is of no use.
type Resampler struct {
	up, down int // output samples for input samples, in lowest terms
	phases   int // filters in the bank: up, or maxPhases
	taps     int // per filter
	bank     []float32
	history  []float32
	at       int // where in history the window of the next output begins
	phase    int // in units of 1/up of an input sample
	in, out  int64
}

// NewResampler returns a resampler from one rate to another, in Hz. Both must
// be within MinRate and MaxRate.
func NewResampler(from, to int) (*Resampler, error) {
	for _, rate := range []int{from, to} {
		if rate < MinRate || rate > MaxRate {
			return nil, fmt.Errorf("audio: a sample rate of %d Hz is not one of %d to %d", rate, MinRate, MaxRate)
		}
	}
	g := gcd(from, to)
	r := &Resampler{up: to / g, down: from / g}
	if from == to {
		return r, nil
	}
	r.phases = min(r.up, maxPhases)
	stretch := max(1, float64(from)/float64(to))
	half := int(math.Ceil(crossings * stretch))
	r.taps = 2 * half
	r.bank = filterBank(r.phases, half, stretch)
	r.history = make([]float32, half-1, 4*half)
	return r, nil
}

// Resample appends what has become of src to dst. Some of src's end is held
// back until more comes; Flush gives it out.
func (r *Resampler) Resample(dst, src []int16) []int16 {
	if r.up == r.down {
		return append(dst, src...)
	}
	r.in += int64(len(src))
	for _, s := range src {
		r.history = append(r.history, float32(s))
	}
	dst = r.drain(dst, math.MaxInt64)
	if r.at > 0 { // keep the memory small: forget what no window needs
		n := copy(r.history, r.history[min(r.at, len(r.history)):])
		r.at -= len(r.history) - n
		r.history = r.history[:n]
	}
	return dst
}

// Flush appends the end of the sound to dst. The resampler is then as new.
func (r *Resampler) Flush(dst []int16) []int16 {
	if r.up == r.down {
		return dst
	}
	for range r.taps {
		r.history = append(r.history, 0)
	}
	whole := (r.in*int64(r.up) + int64(r.down) - 1) / int64(r.down)
	dst = r.drain(dst, whole)
	r.history = r.history[:r.taps/2-1]
	clear(r.history)
	r.at, r.phase, r.in, r.out = 0, 0, 0, 0
	return dst
}

// drain makes output while the history holds whole windows, up to limit
// samples in all.
func (r *Resampler) drain(dst []int16, limit int64) []int16 {
	for r.at+r.taps <= len(r.history) && r.out < limit {
		dst = append(dst, r.sample(r.history[r.at:r.at+r.taps]))
		r.out++
		r.phase += r.down
		r.at += r.phase / r.up
		r.phase %= r.up
	}
	return dst
}

// sample is the output sample at the current phase of a window.
func (r *Resampler) sample(window []float32) int16 {
	if r.phases == r.up {
		return clip16(dot(r.filter(r.phase), window))
	}
	x := float64(r.phase) * float64(r.phases) / float64(r.up)
	i := int(x)
	a, b := dot(r.filter(i), window), dot(r.filter(i+1), window)
	return clip16(a + (b-a)*float32(x-float64(i)))
}

func (r *Resampler) filter(phase int) []float32 { return r.bank[phase*r.taps : (phase+1)*r.taps] }

// filterBank is phases+1 filters of 2*half taps; filter p gives the value p
// phases after the sample half-1. Each filter passes a constant unchanged.
func filterBank(phases, half int, stretch float64) []float32 {
	taps := 2 * half
	bank := make([]float32, (phases+1)*taps)
	row := make([]float64, taps)
	for p := range phases/2 + 1 {
		sum := 0.0
		for i := range row {
			x := (float64(half-1-i) + float64(p)/float64(phases)) / stretch
			row[i] = sinc(x*passEdge) * kaiser(x/crossings)
			sum += row[i]
		}
		mirror := (phases - p) * taps // the same filter from its other end
		for i, v := range row {
			bank[p*taps+i] = float32(v / sum)
			bank[mirror+taps-1-i] = float32(v / sum)
		}
	}
	return bank
}

// sinc is sin(πx)/πx.
func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the Kaiser window at x of -1 to 1, but for a constant factor.
func kaiser(x float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	return bessel0(kaiserBeta * math.Sqrt(1-x*x))
}

// bessel0 is the modified Bessel function I0 of 0 ≤ x, to seven digits:
// Abramowitz and Stegun 9.8.1 and 9.8.2.
func bessel0(x float64) float64 {
	if x < 3.75 {
		y := x / 3.75 * (x / 3.75)
		return 1 + y*(3.5156229+y*(3.0899424+y*(1.2067492+y*(0.2659732+y*(0.0360768+y*0.0045813)))))
	}
	y := 3.75 / x
	p := 0.39894228 + y*(0.01328592+y*(0.00225319+y*(-0.00157565+y*(0.00916281+
		y*(-0.02057706+y*(0.02635537+y*(-0.01647633+y*0.00392377)))))))
	return p * math.Exp(x) / math.Sqrt(x)
}

// dot is the inner product of two slices of the same even length. Four sums
// side by side let the processor overlap the additions.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// clip16 rounds to the nearest sample there is.
func clip16(x float32) int16 {
	return int16(math.Round(float64(min(max(x, math.MinInt16), math.MaxInt16))))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Resampled is r at another rate. It returns r itself if that is its rate.
func Resampled(r Reader, rate int) (Reader, error) {
	if r.Rate() == rate {
		return r, nil
	}
	rs, err := NewResampler(r.Rate(), rate)
	if err != nil {
		return nil, err
	}
	return &resampled{from: r, rs: rs, rate: rate, in: make([]int16, r.Rate()/FramesPerSecond)}, nil
}

// resampled reads through a Resampler.
type resampled struct {
	from Reader
	rs   *Resampler
	rate int
	in   []int16
	out  []int16
	left []int16 // of out
	err  error
}

// Rate implements Reader.
func (r *resampled) Rate() int { return r.rate }

// ReadSamples implements Reader. Like any, it may return nothing at times.
func (r *resampled) ReadSamples(p []int16) (int, error) {
	if len(r.left) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		n, r.err = r.from.ReadSamples(r.in)
		r.out = r.rs.Resample(r.out[:0], r.in[:n])
		if errors.Is(r.err, io.EOF) {
			r.out = r.rs.Flush(r.out)
		}
		r.left = r.out
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Close closes what it reads from, if that can be closed.
func (r *resampled) Close() error { return closeReader(r.from) }

// closeReader closes r if it can be closed.
func closeReader(r any) error {
	if c, ok := r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
