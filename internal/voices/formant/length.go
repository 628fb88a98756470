package formant

// measure sets how long each sound takes, after Klatt's rules (MITalk,
// chapter 9): each sound has a length and a least length, and each rule
// stretches or shrinks what lies between. pace above 1 is slower.
func measure(row []spoken, pace float64) {
	for i := range row {
		s := &row[i]
		p := phones[s.Phone]
		percent, least := 1.0, p.least
		if s.Phone.Vowel() {
			percent *= vowelRate(row, i)
		} else {
			percent *= consonantRate(row, i)
		}
		if s.Stress == None && s.Phone.Vowel() {
			percent *= 0.75
			least *= 0.7
		}
		if s.strong {
			percent *= 1.12
		}
		if s.Phone == DX {
			percent = 1
		}
		s.length = ((p.length-least)*percent + least) * pace / s.manner.Pace()
	}
}

// vowelRate is the rules for vowels.
func vowelRate(row []spoken, i int) float64 {
	s := row[i]
	rate := 1.0
	switch {
	case s.final:
		rate *= 1.2
	case s.lastVowel && s.strong:
		rate *= 0.95
	case s.lastVowel:
		rate *= 0.78
	default:
		rate *= 0.72
	}
	if s.syllables > 1 {
		rate *= 0.86
	}
	if s.Stress == Secondary {
		rate *= 0.85
	}
	return rate * beforeCoda(row, i)
}

// beforeCoda is how the consonant after a vowel stretches it: long before
// voiced ones, short before p, t, k.
func beforeCoda(row []spoken, i int) float64 {
	if i+1 >= len(row) || row[i+1].onset || row[i].last {
		return 1.1
	}
	next := row[i+1].Phone
	rate := 1.0
	if (next == L || next == R || phones[next].manner == nasal) && i+2 < len(row) && !row[i+1].last {
		next = row[i+2].Phone
		rate = 0.92
	}
	m := phones[next]
	switch {
	case m.voiced && m.manner == fricative:
		rate *= 1.3
	case m.voiced && m.manner == stop:
		rate *= 1.15
	case m.manner == nasal:
		rate *= 0.95
	case !m.voiced && (m.manner == stop || m.manner == affricate):
		rate *= 0.75
	}
	if !row[i].final {
		rate = 0.6*rate + 0.4
	}
	return rate
}

// consonantRate is the rules for consonants: shorter in clusters and inside of
// words, longer where a phrase ends or a stressed syllable begins.
func consonantRate(row []spoken, i int) float64 {
	s := row[i]
	rate := 1.0
	if !s.first {
		rate *= 0.88
	}
	if s.Stress == None && !s.final {
		rate *= 0.85
	}
	if s.final && !s.onset {
		rate *= 1.25
	}
	before := i > 0 && !row[i-1].Phone.Vowel() && !s.first
	after := i+1 < len(row) && !row[i+1].Phone.Vowel() && !s.last
	if before {
		rate *= 0.75
	}
	if after {
		rate *= 0.75
	}
	return rate
}
