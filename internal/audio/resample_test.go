package audio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
)

var commonRates = []int{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000}

// resample takes pcm from one rate to another in uneven pieces.
func resample(t *testing.T, from, to int, pcm []int16) []int16 {
	t.Helper()
	r, err := NewResampler(from, to)
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	for i := 0; len(pcm) > 0; i++ {
		n := min(len(pcm), 1+i*37%1000)
		out = r.Resample(out, pcm[:n])
		pcm = pcm[n:]
	}
	return r.Flush(out)
}

// TestResamplePasses sends tones of the common band through every pair.
func TestResamplePasses(t *testing.T) {
	for _, from := range commonRates {
		for _, to := range append(commonRates, 7999) {
			for _, part := range []float64{0.02, 0.3, 0.8} {
				hz := part * float64(min(from, to)) / 2
				out := resample(t, from, to, sineOf(hz, 10000, from, from/4))
				if want := (from/4*to + from - 1) / from; len(out) != want {
					t.Errorf("%d to %d: a quarter of a second is %d samples, not %d", from, to, len(out), want)
				}
				middle := out[to/32 : to/4-to/32]
				got, all := tonePower(middle, hz, to)
				if ratio := got / (10000 * 10000 / 2); math.Abs(ratio-1) > 0.03 {
					t.Errorf("%d to %d: %.0f Hz has %.3f of its power", from, to, hz, ratio)
				}
				if snr := 10 * math.Log10(got/math.Max(all-got, 1)); part > 0.1 && snr < 45 {
					t.Errorf("%d to %d: %.0f Hz is only %.1f dB above what else there is", from, to, hz, snr)
				}
			}
		}
	}
}

// TestResampleRejectsAliases sends what the lower rate cannot carry.
func TestResampleRejectsAliases(t *testing.T) {
	for _, from := range commonRates {
		for _, to := range commonRates {
			for _, part := range []float64{1.01, 1.2, 1.7} {
				hz := part * float64(to) / 2
				if hz >= float64(from)/2 {
					continue
				}
				out := resample(t, from, to, sineOf(hz, 20000, from, from/4))
				if got := 10 * math.Log10(meanPower(toFloat(nil, out[to/32:to/4-to/32]))/(20000*20000/2)+1e-12); got > -65 {
					t.Errorf("%d to %d: %.0f Hz comes through at %.1f dB", from, to, hz, got)
				}
			}
		}
	}
}

// TestResampleIsInStep finds a step where it was.
func TestResampleIsInStep(t *testing.T) {
	for _, to := range commonRates {
		in := make([]int16, 16000)
		for i := 8000; i < len(in); i++ {
			in[i] = 10000
		}
		out := resample(t, 16000, to, in)
		for i, s := range out {
			if s > 5000 {
				if math.Abs(float64(i)/float64(to)-0.5) > 1.5/8000 {
					t.Errorf("to %d: the step is at %d", to, i)
				}
				break
			}
		}
	}
}

// TestResamplerAgain uses one a second time after Flush.
func TestResamplerAgain(t *testing.T) {
	r, err := NewResampler(44100, 8000)
	if err != nil {
		t.Fatal(err)
	}
	in := sineOf(500, 9000, 44100, 4410)
	first := fmt.Sprint(r.Flush(r.Resample(nil, in)))
	if again := fmt.Sprint(r.Flush(r.Resample(nil, in))); again != first {
		t.Error("the second time differs")
	}
}

func TestResampleRefuses(t *testing.T) {
	for _, pair := range [][2]int{{0, 8000}, {8000, 0}, {-1, 8000}, {8000, 1 << 30}, {3999, 8000}} {
		if _, err := NewResampler(pair[0], pair[1]); err == nil {
			t.Errorf("%v: no error", pair)
		}
	}
}

// slice is a Reader over samples that answers in small pieces.
type slice struct {
	rate int
	pcm  []int16
	err  error // at the end; nil is io.EOF
}

func (s *slice) Rate() int { return s.rate }

func (s *slice) ReadSamples(p []int16) (int, error) {
	if len(s.pcm) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 97)], s.pcm)
	s.pcm = s.pcm[n:]
	return n, nil
}

// readAll reads r to its end.
func readAll(t *testing.T, r Reader) []int16 {
	t.Helper()
	var out []int16
	buf := make([]int16, 333)
	for {
		n, err := r.ReadSamples(buf)
		out = append(out, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestResampledReader(t *testing.T) {
	r, err := Resampled(&slice{rate: 44100, pcm: make([]int16, 44100)}, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(readAll(t, r)); n != 8000 || r.Rate() != 8000 {
		t.Errorf("%d samples at %d Hz", n, r.Rate())
	}
	same := &slice{rate: 8000}
	if r, _ := Resampled(same, 8000); r != Reader(same) {
		t.Error("the same rate is not passed through")
	}
}

func BenchmarkResampleFrame(b *testing.B) {
	for _, pair := range [][2]int{{16000, 8000}, {8000, 16000}, {44100, 8000}, {48000, 16000}} {
		b.Run(fmt.Sprintf("%d-%d", pair[0], pair[1]), func(b *testing.B) {
			r, _ := NewResampler(pair[0], pair[1])
			in, out := sineOf(440, 8000, pair[0], pair[0]/50), make([]int16, 0, 1000)
			b.ReportAllocs()
			for b.Loop() {
				r.Resample(out, in)
			}
		})
	}
}

func BenchmarkNewResampler(b *testing.B) {
	for b.Loop() {
		_, _ = NewResampler(44100, 8000)
	}
}
