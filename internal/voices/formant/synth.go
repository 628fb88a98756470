package formant

import "math"

// Rate is the samples a second of the voice.
const Rate = 16000

// loudness brings speech to what telephone prompts have, about -20 dBm0.
const loudness = 0.25

const stepSamples = Rate * step / 1000

// resonator is a digital resonance of two poles, with a gain of 1 at 0 Hz.
type resonator struct{ a, b, c, y1, y2 float64 }

func (r *resonator) tune(freq, width float64) {
	radius := math.Exp(-math.Pi * width / Rate)
	r.c = -radius * radius
	r.b = 2 * radius * math.Cos(2*math.Pi*freq/Rate)
	r.a = 1 - r.b - r.c
}

func (r *resonator) run(x float64) float64 {
	y := r.a*x + r.b*r.y1 + r.c*r.y2
	r.y2, r.y1 = r.y1, y
	return y
}

// notch is the inverse of a resonator: two zeros.
type notch struct{ a, b, c, x1, x2 float64 }

func (r *notch) tune(freq, width float64) {
	var p resonator
	p.tune(freq, width)
	r.a, r.b, r.c = 1/p.a, -p.b/p.a, -p.c/p.a
}

func (r *notch) run(x float64) float64 {
	y := r.a*x + r.b*r.x1 + r.c*r.x2
	r.x2, r.x1 = r.x1, x
	return y
}

// bandpass is a resonance with a gain of 1 at its middle and none at the ends.
type bandpass struct{ g, b, c, x1, x2, y1, y2 float64 }

func (r *bandpass) tune(freq, width float64) {
	radius := math.Exp(-math.Pi * width / Rate)
	r.c = -radius * radius
	r.b = 2 * radius * math.Cos(2*math.Pi*freq/Rate)
	r.g = (1 - radius*radius) / 2
}

func (r *bandpass) run(x float64) float64 {
	y := r.g*(x-r.x2) + r.b*r.y1 + r.c*r.y2
	r.x2, r.x1, r.y2, r.y1 = r.x1, x, r.y1, y
	return y
}

// upper are the formants that do not move: frequency and bandwidth of a man.
var upper = [...][2]float64{{3400, 190}, {4200, 260}, {5200, 450}, {6300, 800}, {7300, 1000}}

// throat is the synthesiser: two sources and the filters they go through.
type throat struct {
	voice   Voice
	phase   float64
	dull    float64
	dull2   float64
	noise   uint64
	formant [3]resonator
	upper   [len(upper)]resonator
	pole    resonator
	zero    notch
	bands   [3]bandpass
	now     setting
}

func newThroat(v Voice) *throat {
	t := &throat{voice: v, noise: 0x9E3779B97F4A7C15}
	for i, u := range upper {
		t.upper[i].tune(min(u[0]*(0.4+0.6*v.Mouth), 7600), u[1])
	}
	t.pole.tune(270*v.Mouth, 100)
	t.zero.tune(270*v.Mouth, 100)
	return t
}

// speak appends one step of sound.
func (t *throat) speak(out []int16, st setting) []int16 {
	before := t.now
	t.now = st
	for n := range t.formant {
		t.formant[n].tune(min(st.formant[n], 3900), st.width[n])
	}
	t.zero.tune((270+190*st.nose)*t.voice.Mouth, 100)
	for n, b := range st.noise.band {
		if st.noise.level > 0 {
			t.bands[n].tune(b.freq*(0.5+0.5*t.voice.Mouth), b.width)
		}
	}
	for i := range stepSamples {
		x := float64(i) / stepSamples
		out = append(out, clip(t.sample(before, x)))
	}
	return out
}

// sample is one sample, x of the way from one setting to the next.
func (t *throat) sample(before setting, x float64) float64 {
	now := &t.now
	mix := func(a, b float64) float64 { return a + x*(b-a) }
	pitch := now.pitch
	if before.pitch > 0 {
		pitch = mix(before.pitch, now.pitch)
	}
	av := mix(before.voice, now.voice)
	pulse := t.pulse(pitch)
	hiss := t.white()
	gate := 1.0
	if av > 0.02 && t.phase > t.voice.Open {
		gate = 0.45 // breath comes while the cords are open
	}
	source := av*t.dampen(pulse, mix(before.dull, now.dull)) +
		hiss*gate*(mix(before.breath, now.breath)+av*t.voice.Breath)

	y := t.zero.run(t.pole.run(source))
	for n := range t.formant {
		y = t.formant[n].run(y)
	}
	for n := range t.upper {
		y = t.upper[n].run(y)
	}
	level := mix(before.noise.level, now.noise.level)
	if now.noise.band != before.noise.band {
		level = now.noise.level
	}
	return loudness * (y + t.mouthNoise(hiss*gate*level))
}

// mouthNoise shapes noise made in the mouth.
func (t *throat) mouthNoise(hiss float64) float64 {
	h := &t.now.noise
	y := hiss * h.flat
	for n := range t.bands {
		v := t.bands[n].run(hiss * h.band[n].level)
		if n&1 == 1 {
			v = -v
		}
		y += v
	}
	return y
}

// pulse is the flow through the vocal cords, differentiated: it grows, falls
// and is cut off when they close. The edge is rounded by a step of limited
// bandwidth, or high voices sound rough.
func (t *throat) pulse(pitch float64) float64 {
	dt := pitch / Rate
	t.phase += dt
	if t.phase >= 1 {
		t.phase--
	}
	y := 0.0
	if x := t.phase / t.voice.Open; x < 1 {
		y = 2*x - 3*x*x
	}
	switch d := (t.phase - t.voice.Open) / dt; {
	case d >= 0 && d < 1:
		y -= (1 - d) * (1 - d) / 2
	case d < 0 && d > -1:
		y += (1 + d) * (1 + d) / 2
	}
	return y
}

// dampen takes the edge off the voice: a little always, and nearly all of it
// when the mouth is shut.
func (t *throat) dampen(x, dull float64) float64 {
	cut := t.voice.Tilt*(1-dull) + 260*dull
	k := math.Exp(-2 * math.Pi * cut / Rate)
	t.dull += (1 - k) * (x - t.dull)
	if dull <= 0 {
		t.dull2 = t.dull
		return t.dull
	}
	t.dull2 += (1 - k) * (t.dull - t.dull2)
	return dull*t.dull2 + (1-dull)*t.dull
}

// white is noise between -1 and 1, by xorshift: the same in every run, so that
// what is cached is what would be made.
func (t *throat) white() float64 {
	t.noise ^= t.noise << 13
	t.noise ^= t.noise >> 7
	t.noise ^= t.noise << 17
	return float64(int64(t.noise)) / (1 << 63)
}

// clip bends loud peaks instead of cutting them.
func clip(y float64) int16 {
	const full, knee = 32767, 0.7
	if a := math.Abs(y); a > knee {
		a = knee + (1-knee)*math.Tanh((a-knee)/(1-knee))
		y = math.Copysign(a, y)
	}
	return int16(y * full)
}
