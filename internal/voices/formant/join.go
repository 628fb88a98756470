package formant

// aim sets the formants of gestures that have none of their own: breath takes
// the shape of what follows, obstruents that of their place bent towards
// their neighbours.
func (s *score) aim(row []spoken) {
	for i := len(s.gestures) - 1; i >= 0; i-- {
		g := &s.gestures[i]
		p := phones[g.phone]
		switch p.manner {
		case breath:
			near := [3]float64{500, 1500, 2500}
			if i+1 < len(row) {
				near = s.gestures[i+1].from
			}
			g.from, g.to = near, near
			g.width = [3]float64{250, 160, 220}
		case stop, affricate, fricative:
			g.from, g.to = s.reach(i, i-1, p), s.reach(i, i+1, p)
		case nasal:
			from, to := s.reach(i, i-1, p), s.reach(i, i+1, p)
			g.from[1], g.from[2] = from[1], from[2]
			g.to[1], g.to[2] = to[1], to[2]
		}
	}
}

// reach is where the obstruent i stands beside its neighbour.
func (s *score) reach(i, neighbour int, p sound) [3]float64 {
	if neighbour < 0 || neighbour >= len(s.gestures) {
		return loci[p.place].rest
	}
	n := phones[s.gestures[neighbour].phone]
	if n.manner != vowel && n.manner != glide {
		return loci[p.place].rest
	}
	near := n.from
	if neighbour < i {
		near = n.to
	}
	return meet(p.place, near)
}

// meet is the locus of a place beside a sound with the formants near.
func meet(at place, near [3]float64) [3]float64 {
	l := loci[at]
	if at == velar && near[1] < 1400 {
		l = velarBack
	}
	var f [3]float64
	for n := range f {
		f[n] = l.base[n] + l.share[n]*near[n]
	}
	return f
}

// join sets the edges between gestures: the one with the narrower mouth says
// where the formants are, the wider one bends to it.
func (s *score) join() {
	for i := 1; i < len(s.gestures); i++ {
		a, b := &s.gestures[i-1], &s.gestures[i]
		ra, rb := rank(a.phone), rank(b.phone)
		var value [3]float64
		for n := range value {
			switch {
			case ra > rb:
				value[n] = a.to[n] + yield(a.phone)*(b.from[n]-a.to[n])
			case rb > ra:
				value[n] = b.from[n] + yield(b.phone)*(a.to[n]-b.from[n])
			default:
				value[n] = (a.to[n] + b.from[n]) / 2
			}
		}
		a.out = edge{value, bends(a.phone, b.phone, ra >= rb)}
		b.in = edge{value, bends(b.phone, a.phone, rb >= ra)}
	}
	if n := len(s.gestures); n > 0 {
		s.gestures[0].in.value = s.gestures[0].from
		s.gestures[n-1].out.value = s.gestures[n-1].to
	}
}

// rank is how narrow the mouth is.
func rank(p Phone) int {
	switch phones[p].manner {
	case vowel, breath:
		return 0
	case glide:
		return 1
	case nasal, flap:
		return 3
	case fricative:
		return 4
	default:
		return 5
	}
}

// yield is how far a sound gives way to its neighbour at their edge.
func yield(p Phone) float64 {
	switch phones[p].manner {
	case glide:
		return 0.32
	case flap:
		return 0.5
	default:
		return 0.08
	}
}

// bends is how long the formants of a sound bend towards another, in
// milliseconds: the first formant is the quickest.
func bends(p, towards Phone, narrower bool) [3]float64 {
	m, t := phones[p].manner, phones[towards].manner
	if narrower && m != vowel {
		switch m {
		case glide:
			return [3]float64{40, 50, 50}
		case breath:
			return [3]float64{30, 40, 40}
		default:
			return [3]float64{25, 40, 40}
		}
	}
	switch t {
	case glide:
		return [3]float64{60, 85, 85}
	case vowel, breath:
		return [3]float64{60, 80, 80}
	case nasal:
		return [3]float64{30, 60, 60}
	case fricative:
		return [3]float64{40, 62, 62}
	default:
		return [3]float64{28, 60, 60}
	}
}
