package formant

import (
	"errors"
	"io"
	"math"
	"testing"
	"time"
)

// samples is everything a reader has.
func samples(t *testing.T, r *Reader) []int16 {
	t.Helper()
	var out []int16
	for buf := make([]int16, 777); ; {
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

// power is the mean square of samples against full scale, in dB.
func power(s []int16) float64 {
	sum := 0.0
	for _, x := range s {
		sum += float64(x) * float64(x) / (1 << 30)
	}
	return 10 * math.Log10(sum/float64(len(s))+1e-12)
}

func phrase(phones ...Phone) Phrase {
	w := Word{}
	for _, p := range phones {
		s := Sound{Phone: p}
		if p.Vowel() {
			s.Stress = Primary
		}
		w.Sounds = append(w.Sounds, s)
	}
	return Phrase{Words: []Word{w}}
}

// TestEveryPairCanBeSpoken goes through all neighbours there can be: no voice
// howls, clips or falls silent.
func TestEveryPairCanBeSpoken(t *testing.T) {
	for a := range phoneCount {
		v := []Voice{Male(), Female()}[a%2]
		for b := range phoneCount {
			out := samples(t, NewReader([]Phrase{phrase(a, b, AA)}, v))
			if p := power(out); p < -40 || p > -9 {
				t.Fatalf("%v %v AA has %.1f dB", a, b, p)
			}
			if d := time.Duration(len(out)) * time.Second / Rate; d < 150*time.Millisecond || d > 2*time.Second {
				t.Fatalf("%v %v AA takes %v", a, b, d)
			}
		}
	}
}

// tone is how strong a frequency is.
func tone(s []int16, hz float64) float64 {
	var re, im float64
	for i, x := range s {
		a := 2 * math.Pi * hz * float64(i) / Rate
		re += float64(x) * math.Cos(a)
		im += float64(x) * math.Sin(a)
	}
	return math.Hypot(re, im)
}

// energy is the energy between two frequencies.
func energy(s []int16, from, to float64) float64 {
	sum := 0.0
	for f := from; f < to; f += 20 {
		sum += tone(s, f) * tone(s, f)
	}
	return sum
}

// TestSoundsAreWhereTheyBelong looks at the spectra of a few: the second
// formant of ee is high and that of aw low, s hisses above sh.
func TestSoundsAreWhereTheyBelong(t *testing.T) {
	middle := func(p Phone) []int16 {
		s := samples(t, NewReader([]Phrase{phrase(p)}, Male()))
		return s[len(s)/2-800 : len(s)/2+800]
	}
	ee, aw, s, sh := middle(IY), middle(AO), middle(S), middle(SH)
	if energy(ee, 1900, 2600) < 3*energy(ee, 800, 1500) {
		t.Error("ee is no ee")
	}
	if energy(aw, 1900, 2600) > energy(aw, 700, 1300)/10 {
		t.Error("aw is no aw")
	}
	if energy(s, 4500, 7500) < 2*energy(s, 2000, 4000) || energy(sh, 2000, 4500) < energy(sh, 4500, 7500) {
		t.Error("s and sh are mixed up")
	}
}

func TestPausesAndEnds(t *testing.T) {
	with := phrase(W, AH, N)
	with.Pause = time.Second
	short := len(samples(t, NewReader([]Phrase{phrase(W, AH, N)}, Male())))
	long := len(samples(t, NewReader([]Phrase{with}, Male())))
	if long-short != Rate {
		t.Errorf("a second of silence has %d samples", long-short)
	}
	if n := len(samples(t, NewReader(nil, Male()))); n > Rate/10 {
		t.Errorf("nothing takes %d samples", n)
	}
	if _, ok := Lookup("QQ"); ok {
		t.Error("QQ is a sound")
	}
}

// TestSameEveryTime: what is kept on disk is what would be made.
func TestSameEveryTime(t *testing.T) {
	a := samples(t, NewReader([]Phrase{phrase(S, IH, K, S)}, Female()))
	b := samples(t, NewReader([]Phrase{phrase(S, IH, K, S)}, Female()))
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("sample %d differs", i)
		}
	}
}

func BenchmarkSpeakSecond(b *testing.B) {
	p := phrase(S, EH, V, AX, N, F, AO, R, Z, IH, R, OW)
	buf := make([]int16, Rate)
	for b.Loop() {
		_, _ = NewReader([]Phrase{p, p}, Female()).ReadSamples(buf)
	}
}
