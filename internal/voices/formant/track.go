package formant

import "math"

// step is the time between two settings of the synthesiser, in milliseconds.
const step = 5

// setting is what the synthesiser does for one step.
type setting struct {
	pitch   float64 // Hz
	voice   float64
	breath  float64
	noise   hiss
	dull    float64 // 0 to 1
	formant [3]float64
	width   [3]float64
	nose    float64 // 0 to 1: how far the nose is open
}

// track plays a score: one setting for each step.
func track(s score, m melody, shades []tint, v Voice) []setting {
	out := make([]setting, int(math.Ceil(s.length/step)))
	g, p := 0, 0
	begun := 0.0 // of puff p
	for i := range out {
		t := (float64(i) + 0.5) * step
		for g+1 < len(s.gestures) && t >= s.gestures[g+1].at {
			g++
		}
		for p+1 < len(s.puffs) && t >= begun+s.puffs[p].length {
			begun += s.puffs[p].length
			p++
		}
		st := &out[i]
		st.formant, st.width = s.gestures[g].shape(t)
		st.nose = s.nose(g, t)
		blow(st, s.puffs, p, t-begun)
		st.pitch = v.Pitch * math.Exp2(v.Range*m.height(t)/12) * (1 + 0.006*math.Sin(t*0.0271) + 0.004*math.Sin(t*0.0437))
		shades[i].over(st)
		v.scale(st)
	}
	return out
}

// shape is where the formants of the gesture are at a time: its own line, bent
// at both ends to what it shares with its neighbours.
func (g *gesture) shape(t float64) (formant, width [3]float64) {
	x := t - g.at
	glideTo := 0.0
	if g.length > 0 {
		glideTo = ease(min(max((x/g.length-g.stay)/(0.95-g.stay), 0), 1))
	}
	for n := range formant {
		f := g.from[n] + glideTo*(g.to[n]-g.from[n])
		f += (g.in.value[n] - g.from[n]) * fade(x, g.in.bend[n])
		f += (g.out.value[n] - g.to[n]) * fade(g.length-x, g.out.bend[n])
		formant[n] = f
	}
	return formant, g.width
}

// fade falls from 1 to 0 over span.
func fade(x, span float64) float64 {
	if x >= span || span <= 0 {
		return 0
	}
	return 1 - ease(max(x/span, 0))
}

// ease goes smoothly from 0 to 1.
func ease(x float64) float64 { return x * x * (3 - 2*x) }

// nose is how far the nose is open: in nasals, and at the edges of vowels
// beside them.
func (s *score) nose(g int, t float64) float64 {
	here := &s.gestures[g]
	if here.nose {
		return 1
	}
	open := 0.0
	if g > 0 && s.gestures[g-1].nose && phones[here.phone].manner <= glide {
		open = fade(t-here.at, 45)
	}
	if g+1 < len(s.gestures) && s.gestures[g+1].nose && phones[here.phone].manner <= glide {
		open = max(open, fade(here.at+here.length-t, 60))
	}
	return open
}

// blow sets the sources at a time within puff p. The voice goes smoothly
// between two puffs that both have it.
func blow(st *setting, puffs []puff, p int, at float64) {
	now := puffs[p]
	left := now.length - at
	st.voice = now.voice
	if p > 0 {
		st.voice += (min(puffs[p-1].voice, now.voice) - now.voice) * fade(at, 18)
	}
	if p+1 < len(puffs) {
		st.voice += (min(puffs[p+1].voice, now.voice) - now.voice) * fade(left, 18)
	} else {
		st.voice *= 1 - fade(left, 45)
	}
	if p == 0 {
		st.voice *= 1 - fade(at, 12)
	}
	shape := (1 - fade(at, now.attack)) * (1 - fade(left, now.decay))
	st.breath = now.breath * shape
	st.noise = now.noise.times(shape)
	if now.dull {
		st.dull = 1
	}
}
