package formant

import "math"

// tint is what the manner of a word does to one step: factors on the pitch and
// on all that is loud.
type tint struct{ pitch, gain float64 }

// over lays the tint over a setting.
func (c tint) over(st *setting) {
	st.pitch *= c.pitch
	st.voice *= c.gain
	st.breath *= c.gain
	st.noise = st.noise.times(c.gain)
}

// blend is how much of the way to the next word's manner is gone in one step:
// the voice needs some 30 ms to change.
const blend = 0.2

// shade follows the manners of the words over a phrase, one tint for each step
// of its track.
func shade(row []spoken, s score) []tint {
	out := make([]tint, int(math.Ceil(s.length/step)))
	at := 0
	now := row[0].manner.tint()
	for i := range out {
		for at+1 < len(row) && float64(i)*step >= s.starts[at+1] {
			at++
		}
		want := row[at].manner.tint()
		now.pitch += blend * (want.pitch - now.pitch)
		now.gain += blend * (want.gain - now.gain)
		out[i] = now
	}
	return out
}

func (m Manner) tint() tint {
	return tint{math.Exp2(m.Pitch / 12), math.Pow(10, m.Volume/20)}
}
