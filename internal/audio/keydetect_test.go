package audio

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// detect runs pcm through a detector in frames and returns the keys that went
// down and those that went up.
func detect(rate int, pcm []int16) (down, up string, held []time.Duration) {
	d := NewKeyDetector(rate)
	for len(pcm) > 0 {
		n := min(len(pcm), rate/50)
		for _, c := range d.Write(pcm[:n]) {
			if c.Down {
				down += string(c.Key)
			} else {
				up += string(c.Key)
				held = append(held, c.Held)
			}
		}
		pcm = pcm[n:]
	}
	return down, up, held
}

// pair is one key tone, described in full.
type pair struct {
	rate           int
	low, high      float64 // Hz
	lowDB, highDB  float64 // dBm0
	lead, on, tail time.Duration
	noise          float64 // mean square
}

func (p pair) pcm(random *rand.Rand) []int16 {
	lead, on := samplesIn(p.lead, p.rate), samplesIn(p.on, p.rate)
	out := make([]int16, lead+on+samplesIn(p.tail, p.rate))
	for i := range out {
		v := math.Sqrt(p.noise) * random.NormFloat64()
		if t := float64(i) / float64(p.rate); i >= lead && i < lead+on {
			v += 32767 * (amplitude(p.lowDB)*sine(p.low, t) + amplitude(p.highDB)*sine(p.high, t))
		}
		out[i] = clip16(float32(v))
	}
	return out
}

func TestKeysThroughCodecs(t *testing.T) {
	const keys = "123A456B789C*0#D1122"
	for _, c := range Codecs {
		for _, length := range []time.Duration{ms(40), ms(45), ms(50), ms(80), ms(333)} {
			for _, gap := range []time.Duration{ms(40), ms(47), ms(100)} {
				s, err := Keys(keys, length, gap)
				if err != nil {
					t.Fatal(err)
				}
				down, up, held := detect(c.SampleRate, append(hear(t, s, c), make([]int16, 1600)...))
				if down != keys || up != keys {
					t.Errorf("%s, %v and %v: heard %s, %s", c.Name, length, gap, down, up)
				}
				for _, h := range held {
					if (h - length).Abs() > 15*time.Millisecond {
						t.Errorf("%s: a key of %v was held %v", c.Name, length, h)
					}
				}
			}
		}
	}
}

// TestKeyLimits holds the detector to Q.24's limits on either side.
func TestKeyLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	ms := time.Millisecond
	for name, tt := range map[string]struct {
		change func(*pair)
		want   bool
	}{
		"plain":             {func(*pair) {}, true},
		"1.5 % high":        {func(p *pair) { p.low *= 1.015; p.high *= 1.015 }, true},
		"1.5 % low":         {func(p *pair) { p.low *= 0.985; p.high *= 0.985 }, true},
		"1.5 % apart":       {func(p *pair) { p.low *= 0.985; p.high *= 1.015 }, true},
		"low 3.5 % high":    {func(p *pair) { p.low *= 1.035 }, false},
		"high 3.5 % low":    {func(p *pair) { p.high *= 0.965 }, false},
		"low 8 dB louder":   {func(p *pair) { p.lowDB, p.highDB = -6, -14 }, true},
		"low 12 dB louder":  {func(p *pair) { p.lowDB, p.highDB = -6, -18 }, false},
		"high 4 dB louder":  {func(p *pair) { p.lowDB, p.highDB = -10, -6 }, true},
		"high 8 dB louder":  {func(p *pair) { p.lowDB, p.highDB = -14, -6 }, false},
		"0 dBm0":            {func(p *pair) { p.lowDB, p.highDB = -3, -3 }, true},
		"-33 dBm0":          {func(p *pair) { p.lowDB, p.highDB, p.noise = -33, -33, 1 }, true},
		"-45 dBm0":          {func(p *pair) { p.lowDB, p.highDB, p.noise = -45, -45, 1 }, false},
		"15 dB above noise": {func(p *pair) { p.noise = 2 * 32767 * 32767 * math.Pow(amplitude(-10), 2) / 2 / 31.6 }, true},
		"40 ms":             {func(p *pair) { p.on = 40 * ms }, true},
		"23 ms":             {func(p *pair) { p.on = 23 * ms }, false},
		"one tone":          {func(p *pair) { p.lowDB = -60 }, false},
	} {
		for _, rate := range []int{8000, 16000} {
			for i := range 16 * 8 {
				p := pair{
					rate: rate, low: keyLows[i/4%4], high: keyHighs[i%4], lowDB: -10, highDB: -10, noise: 25,
					lead: time.Duration(20000+random.IntN(20000)) * time.Microsecond, on: 60 * ms, tail: 100 * ms,
				}
				tt.change(&p)
				down, up, _ := detect(rate, p.pcm(random))
				want := ""
				if tt.want {
					want = keyPad[i%16 : i%16+1]
				}
				if down != want || up != want {
					t.Errorf("%s at %d Hz: key %c is heard as %q, %q", name, rate, keyPad[i%16], down, up)
					break
				}
			}
		}
	}
}

// TestKeyInterrupted is one key with a hole of 10 ms.
func TestKeyInterrupted(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 200 {
		p := pair{rate: 8000, low: 770, high: 1336, lowDB: -10, highDB: -10, on: 120 * time.Millisecond, tail: 100 * time.Millisecond}
		p.lead = time.Duration(random.IntN(20000)) * time.Microsecond
		pcm := p.pcm(random)
		hole := samplesIn(p.lead, 8000) + 400
		clear(pcm[hole : hole+80])
		if down, up, _ := detect(8000, pcm); down != "5" || up != "5" {
			t.Fatalf("try %d: %q, %q", i, down, up)
		}
	}
}

// TestTalkOff makes a minute each of speech-like sound, music and noise.
// The syllables are steadier than anyone's, so a few of them may be mistaken;
// in three hours of synthetic speech none was.
func TestTalkOff(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(*rand.Rand, int) []int16
		most int
	}{{"speech", babble, 1}, {"music", chords, 0}, {"noise", hiss, 0}} {
		random := rand.New(rand.NewPCG(5, 6))
		if down, _, _ := detect(8000, tt.make(random, 8000*60)); len(down) > tt.most {
			t.Errorf("%s: heard %q in a minute", tt.name, down)
		}
	}
}

// babble is voiced and unvoiced syllables: harmonics of a gliding pitch under
// three gliding formants.
func babble(random *rand.Rand, n int) []int16 {
	out := make([]int16, 0, n)
	var phase float64
	for len(out) < n {
		length := 400 + random.IntN(2400)
		pitch, glide := 80+random.Float64()*220, (random.Float64()-0.5)*60
		var from, to [3]float64
		for i, r := range [3][2]float64{{250, 900}, {800, 2400}, {2200, 3300}} {
			from[i] = r[0] + random.Float64()*(r[1]-r[0])
			to[i] = from[i] + (random.Float64()-0.5)*300
		}
		voiced := random.IntN(5) > 0
		for i := range length {
			x := float64(i) / float64(length)
			f0 := pitch + glide*x
			phase += f0 / 8000
			var v float64
			for h := 1.0; voiced && h*f0 < 3800; h++ {
				gain := 0.02
				for k := range from {
					d := (h*f0 - from[k] - (to[k]-from[k])*x) / (60 + 20*float64(k))
					gain += math.Pow(0.5, float64(k)) / (1 + d*d)
				}
				v += gain * math.Sin(2*math.Pi*h*phase)
			}
			if !voiced {
				v = random.NormFloat64() * 0.3
			}
			out = append(out, clip16(float32(6000*v*math.Sin(math.Pi*x))))
		}
	}
	return out
}

// chords are three notes and their harmonics, of a piano's scale.
func chords(random *rand.Rand, n int) []int16 {
	out := make([]int16, 0, n)
	for len(out) < n {
		root := 220 * math.Pow(2, float64(random.IntN(24))/12)
		third := root * math.Pow(2, float64(3+random.IntN(2))/12)
		fifth := root * math.Pow(2, 7.0/12)
		for i := range 800 + random.IntN(4000) {
			at := float64(i) / 8000
			var v float64
			for _, f := range []float64{root, third, fifth} {
				for h := 1.0; h <= 4 && h*f < 3900; h++ {
					v += sine(f*h, at) / (h * h)
				}
			}
			out = append(out, clip16(float32(5000*v*math.Exp(-3*at))))
		}
	}
	return out
}

func hiss(random *rand.Rand, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = clip16(float32(4000 * random.NormFloat64()))
	}
	return out
}

func TestBadKeys(t *testing.T) {
	for _, keys := range []string{"x", "12 3", "1\x00", strings.Repeat("W", 301)} {
		if _, err := Keys(keys, time.Millisecond, 0); err == nil {
			t.Errorf("%.10q was accepted", keys)
		}
	}
	s, err := Keys("1wW2ad", 100*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	pcm := hear(t, s, PCMU)
	if down, _, _ := detect(8000, append(pcm, make([]int16, 800)...)); down != "12AD" || len(pcm) != 8000*23/10 {
		t.Errorf("heard %q in %d samples", down, len(pcm))
	}
}

func BenchmarkKeyDetector(b *testing.B) {
	for _, rate := range []int{8000, 16000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			d, frame := NewKeyDetector(rate), sineOf(440, 8000, rate, rate/50)
			b.ReportAllocs()
			for b.Loop() {
				d.Write(frame)
			}
		})
	}
}
