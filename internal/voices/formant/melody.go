package formant

import "math"

// knot is one point of the melody: a height in semitones over the voice's
// base at a time in milliseconds.
type knot struct{ at, height float64 }

// melody is the height of the voice over a phrase: it declines from start to
// end, every accent lifts it, and the tone bends its end.
type melody struct{ knots []knot }

// compose lays the melody of a phrase. starts are the sounds' times.
func compose(row []spoken, starts []float64, end float64, tone Tone) melody {
	var accents []int
	for i, s := range row {
		if s.accent {
			accents = append(accents, i)
		}
	}
	line := func(t float64) float64 { return 3 - 4.2*t/math.Max(end, 900) }
	m := melody{[]knot{{0, line(0) + 0.3}}}
	for n, i := range accents {
		from, to := starts[i], starts[i]+row[i].length
		if n == len(accents)-1 {
			m.nucleus(line, from, to, end, tone)
			break
		}
		lift := 2.6 - 0.25*math.Min(float64(n), 4)
		m.add(from-30, line(from)+0.4)
		m.add(from+0.45*(to-from), line(from)+lift)
		m.add(to+60, line(to)+0.6)
	}
	if len(accents) == 0 {
		m.nucleus(line, end*0.4, end*0.7, end, tone)
	}
	return m
}

// nucleus is the last accent and what follows it.
func (m *melody) nucleus(line func(float64) float64, from, to, end float64, tone Tone) {
	m.add(from-30, line(from)+0.3)
	switch tone {
	case Rise:
		m.add(from+0.3*(to-from), line(from)-0.5)
		m.add(end-40, line(end)+8.5)
		m.add(end, line(end)+9)
	case Hold:
		m.add(from+0.35*(to-from), line(from)+2.6)
		m.add(math.Max(to-20, end-140), line(end)+0.6)
		m.add(end, line(end)+2.2)
	default:
		lift := 2.8
		if tone == Shout {
			lift = 4.5
		}
		m.add(from+0.3*(to-from), line(from)+lift)
		m.add(math.Max(to, from+0.6*(end-from)), line(end)-1.6)
		m.add(end, line(end)-3)
	}
}

// add keeps the knots in order of time.
func (m *melody) add(at, height float64) {
	if last := m.knots[len(m.knots)-1]; at <= last.at+5 {
		at = last.at + 5
	}
	m.knots = append(m.knots, knot{at, height})
}

// height is the melody at a time, smooth between the knots.
func (m *melody) height(t float64) float64 {
	k := m.knots
	if t <= k[0].at {
		return k[0].height
	}
	for i := 1; i < len(k); i++ {
		if t < k[i].at {
			x := (t - k[i-1].at) / (k[i].at - k[i-1].at)
			x = x * x * (3 - 2*x)
			return k[i-1].height + x*(k[i].height-k[i-1].height)
		}
	}
	return k[len(k)-1].height
}
