package audio

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// fax runs pcm through a detector in frames and returns what it found, and
// when.
func fax(pcm []int16) (found string, at time.Duration) {
	d := NewFaxDetector()
	for n := 0; n < len(pcm); n += FaxRate / 50 {
		if found = d.Write(pcm[n:min(len(pcm), n+FaxRate/50)]); found != "" {
			return found, time.Duration(n) * time.Second / FaxRate
		}
	}
	return "", 0
}

// cng is a calling tone, described in full.
type cng struct {
	hz, level     float64 // Hz, dBm0
	lead, on, off time.Duration
	times         int
	snr           float64 // dB; 0 is no noise
}

// wave is it, as samples.
func (c cng) wave(random *rand.Rand) []int16 {
	lead, on, off := samplesIn(c.lead, FaxRate), samplesIn(c.on, FaxRate), samplesIn(c.off, FaxRate)
	out := make([]int16, lead+c.times*(on+off))
	noise := 0.0
	if c.snr != 0 {
		noise = 32767 * amplitude(c.level) / math.Sqrt2 * math.Pow(10, -c.snr/20)
	}
	for i := range out {
		v := noise * random.NormFloat64()
		if n := i - lead; n >= 0 && n%(on+off) < on {
			v += 32767 * amplitude(c.level) * sine(c.hz, float64(i)/FaxRate)
		}
		out[i] = clip16(float32(v))
	}
	return out
}

// plain is a calling tone as it should be, three times.
var plain = cng{hz: 1100, level: -13, lead: 300 * time.Millisecond, on: 500 * time.Millisecond, off: 3 * time.Second, times: 3}

// TestCNG holds the detector to T.30's limits on either side.
func TestCNG(t *testing.T) {
	ms := time.Millisecond
	for name, c := range map[string]struct {
		change func(*cng)
		want   bool
	}{
		"plain":               {func(*cng) {}, true},
		"38 Hz high":          {func(c *cng) { c.hz += 38 }, true},
		"38 Hz low":           {func(c *cng) { c.hz -= 38 }, true},
		"80 Hz high":          {func(c *cng) { c.hz += 80 }, false},
		"80 Hz low":           {func(c *cng) { c.hz -= 80 }, false},
		"15 % short":          {func(c *cng) { c.on = 425 * ms }, true},
		"15 % long":           {func(c *cng) { c.on = 575 * ms }, true},
		"pauses 15 % short":   {func(c *cng) { c.off = 2550 * ms }, true},
		"pauses 15 % long":    {func(c *cng) { c.off = 3450 * ms }, true},
		"pauses too short":    {func(c *cng) { c.off = 2300 * ms }, false},
		"pauses too long":     {func(c *cng) { c.off = 3700 * ms }, false},
		"once":                {func(c *cng) { c.times = 1 }, false},
		"far too short":       {func(c *cng) { c.on = 300 * ms }, false},
		"far too long":        {func(c *cng) { c.on = 700 * ms }, false},
		"without end":         {func(c *cng) { c.on = 4 * time.Second }, false},
		"-30 dBm0":            {func(c *cng) { c.level = -30 }, true},
		"-43 dBm0":            {func(c *cng) { c.level = -43 }, true},
		"0 dBm0":              {func(c *cng) { c.level = 0 }, true},
		"-55 dBm0":            {func(c *cng) { c.level = -55 }, false},
		"noise 10 dB below":   {func(c *cng) { c.snr = 10 }, true},
		"all at once":         {func(c *cng) { c.snr, c.level, c.hz, c.on = 10, -30, 1138, 425*ms }, true},
		"all at once, low":    {func(c *cng) { c.snr, c.level, c.hz, c.on = 10, -30, 1062, 575*ms }, true},
		"nothing but noise":   {func(c *cng) { c.snr = -20 }, false},
		"it rings on and off": {func(c *cng) { c.off = 150 * ms; c.times = 9 }, false},
		"it has begun":        {func(c *cng) { c.lead = 0; c.times = 2 }, false},
		"it had begun":        {func(c *cng) { c.lead = 0 }, true}, // the last two are whole
	} {
		random := rand.New(rand.NewPCG(1, 2))
		for range 8 {
			tone := plain
			tone.lead += time.Duration(random.IntN(40_000)) * time.Microsecond
			c.change(&tone)
			found, at := fax(tone.wave(random))
			if (found == FaxCNG) != c.want || found != "" && found != FaxCNG {
				t.Errorf("%s: found %q", name, found)
				break
			}
			if late := at - tone.lead - 2*tone.on - tone.off; c.want && tone.lead > 0 && (late < 0 || late > 300*ms) {
				t.Errorf("%s: found %v after its end", name, late)
			}
		}
	}
}

// TestCNGThroughCodecs is what comes out of each codec, also where a packet of
// it is lost.
func TestCNGThroughCodecs(t *testing.T) {
	s, err := ToneStream("tone_stream://%(500,3000,1100);loops=2")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Codecs {
		r, err := NewResampler(c.SampleRate, FaxRate)
		if err != nil {
			t.Fatal(err)
		}
		pcm := append(make([]int16, c.SampleRate/4), hear(t, s, c)...)
		if c.SampleRate != FaxRate {
			pcm = r.Resample(nil, pcm)
		}
		if found, _ := fax(pcm); found != FaxCNG {
			t.Errorf("%s: found %q", c.Name, found)
		}
		for lost := 2000; lost < 6000; lost += 160 {
			holed := append([]int16(nil), pcm...)
			clear(holed[lost : lost+160])
			if found, _ := fax(holed); found != FaxCNG {
				t.Errorf("%s, without the packet after %d ms: found %q", c.Name, lost/8, found)
			}
		}
	}
}

// flagged is the flags of V.21 at 300 bits a second, and frames of data after
// it.
func flagged(random *rand.Rand, length time.Duration, level, snr float64) []int16 {
	n := samplesIn(length, FaxRate)
	out := make([]int16, n+FaxRate/4)
	noise := 32767 * amplitude(level) / math.Sqrt2 * math.Pow(10, -snr/20)
	var phase float64
	for i := range out {
		hz := 1850.0
		if bit := i * 300 / FaxRate; bit%8 != 0 && bit%8 != 7 {
			hz = 1650
		}
		phase += hz / FaxRate
		v := noise * random.NormFloat64()
		if i >= FaxRate/4 {
			v += 32767 * amplitude(level) * math.Sin(2*math.Pi*phase)
		}
		out[i] = clip16(float32(v))
	}
	return out
}

// TestV21 finds one that answers, which sends no calling tone.
func TestV21(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		length     time.Duration
		level, snr float64
		want       string
	}{
		{time.Second, -13, 60, FaxV21},
		{850 * time.Millisecond, -30, 10, FaxV21},
		{1150 * time.Millisecond, -40, 20, FaxV21},
		{300 * time.Millisecond, -13, 60, ""},
		{time.Second, -60, 60, ""},
	} {
		if found, _ := fax(flagged(random, c.length, c.level, c.snr)); found != c.want {
			t.Errorf("%+v: found %q", c, found)
		}
	}
	for _, hz := range []float64{1650, 1700, 1750, 1850, 2100} {
		if found, _ := fax(sineOf(hz, 5000, FaxRate, 4*FaxRate)); found != "" {
			t.Errorf("%v Hz: found %q", hz, found)
		}
	}
}

// TestNoFax is a minute each of speech-like sound, music and noise, key
// tones, ringing, busy tones and beeps.
func TestNoFax(t *testing.T) {
	sounds := map[string][]int16{}
	random := rand.New(rand.NewPCG(5, 6))
	for name, make := range map[string]func(*rand.Rand, int) []int16{"speech": babble, "music": chords, "noise": hiss} {
		sounds[name] = make(random, FaxRate*60)
	}
	keys, err := Keys("123A456B789C*0#D", 500*time.Millisecond, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	sounds["keys"] = hear(t, keys, PCMU)
	for _, hz := range []float64{350, 440, 480, 620, 850, 950, 1000, 1100, 1200, 1400, 1800, 2000, 2100, 2600} {
		for _, ms := range []int{250, 500, 1000} {
			on := time.Duration(ms) * time.Millisecond
			tone := cng{hz: hz, level: -7, lead: time.Second, on: on, off: on, times: 4}
			sounds[fmt.Sprint(hz, " Hz for ", on)] = tone.wave(random)
		}
	}
	for _, off := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		tone := plain
		tone.off, tone.times = off, 10
		sounds[fmt.Sprint("1100 Hz for half a second, and a pause of ", off)] = tone.wave(random)
	}
	sounds["a note that fades"] = func() []int16 {
		pcm := plain.wave(random)
		for i := range pcm {
			pcm[i] = int16(float64(pcm[i]) * math.Exp(-4*math.Mod(float64(i)/FaxRate-0.3, 3.5)))
		}
		return pcm
	}()
	sounds["a whistle"] = func() []int16 {
		out := make([]int16, FaxRate)
		var phase float64
		for i := FaxRate / 4; i < FaxRate*3/4; i++ {
			phase += (1060 + 160*float64(i-FaxRate/4)/FaxRate) / FaxRate
			out[i] = int16(9000 * math.Sin(2*math.Pi*phase))
		}
		return out
	}()
	for name, pcm := range sounds {
		if found, at := fax(pcm); found != "" {
			t.Errorf("%s: found %q after %v", name, found, at)
		}
	}
}

// BenchmarkFaxDetector is a second of sound.
func BenchmarkFaxDetector(b *testing.B) {
	pcm := plain.wave(rand.New(rand.NewPCG(7, 8)))[:FaxRate]
	d := NewFaxDetector()
	for b.Loop() {
		d.Write(pcm)
	}
}
