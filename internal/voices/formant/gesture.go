package formant

// gesture is one movement of the mouth: formants that it heads for, and how
// it meets its neighbours. Times are milliseconds.
type gesture struct {
	phone      Phone
	at, length float64
	from, to   [3]float64
	width      [3]float64
	nose       bool
	stay       float64 // share of the length before it leaves from for to
	in, out    edge
}

// edge is where a gesture meets the next: the formants there and how long
// before (or after) it this gesture begins to bend (or is straight again).
type edge struct {
	value [3]float64
	bend  [3]float64
}

// puff is a stretch of the sources: the voice, breath and noise of the mouth.
type puff struct {
	length float64
	voice  float64
	breath float64
	noise  hiss
	dull   bool    // the voice is heard through closed lips
	attack float64 // milliseconds until noise and breath are there
	decay  float64
}

// score is a phrase as the synthesiser plays it.
type score struct {
	gestures []gesture
	puffs    []puff
	starts   []float64 // of each sound
	length   float64
}

// arrange turns measured sounds into gestures and puffs.
func arrange(row []spoken) score {
	var s score
	carry := 0.0 // aspiration belongs to the gesture after it
	for i := range row {
		puffs := sources(row, i)
		total, own := 0.0, 0.0
		for n, p := range puffs {
			total += p.length
			if n < 2 || phones[row[i].Phone].manner != stop {
				own += p.length
			}
		}
		s.starts = append(s.starts, s.length)
		p := phones[row[i].Phone]
		if next := i + 1; next == len(row) || !phones[row[next].Phone].sonorant() {
			own = total
		}
		s.gestures = append(s.gestures, gesture{
			phone: row[i].Phone, at: s.length - carry, length: own + carry,
			from: p.from, to: p.to, width: p.width, nose: p.manner == nasal, stay: stay(row[i].Phone),
		})
		s.colour(row, i)
		carry = total - own
		s.puffs = append(s.puffs, puffs...)
		s.length += total
	}
	s.aim(row)
	s.join()
	return s
}

// sonorant says that the sound lets the formants be heard.
func (s sound) sonorant() bool { return s.manner == vowel || s.manner == glide || s.manner == nasal }

// sources is the voice and noise of one sound.
func sources(row []spoken, i int) []puff {
	s := row[i]
	p := phones[s.Phone]
	switch p.manner {
	case stop:
		return stopSources(row, i)
	case affricate:
		shut := puff{length: 0.5 * s.length, dull: true}
		if p.voiced {
			shut.voice = 0.22
		}
		rub := puff{length: 0.62 * s.length, noise: p.noise, attack: 4, decay: 12}
		if p.voiced {
			rub.voice, rub.length = 0.25, 0.5*s.length
		}
		return []puff{shut, rub}
	case fricative:
		f := puff{length: s.length, noise: p.noise, voice: p.voice, attack: 22, decay: 16, dull: p.voiced}
		if p.voiced && (s.last && s.final) {
			f.voice *= 0.6
		}
		return []puff{f}
	case breath:
		h := puff{length: s.length, breath: 0.16, attack: 20, decay: 12}
		if i > 0 && row[i-1].Phone.Voiced() {
			h.voice = 0.3
		}
		return []puff{h}
	default:
		return []puff{{length: s.length, voice: p.voice, attack: 10, decay: 10}}
	}
}

// stopSources is a closure, a burst and the breath after it.
func stopSources(row []spoken, i int) []puff {
	s := row[i]
	p := phones[s.Phone]
	shut := puff{length: s.length, dull: true, voice: 0}
	if p.voiced {
		shut.voice = 0.22
		if s.phraseEdge {
			shut.length *= 0.6
		}
	}
	burst := puff{length: burstLength(s.Phone), noise: p.noise, attack: 0, decay: 6}
	end := i+1 == len(row)
	if !end && (phones[row[i+1].Phone].manner == stop || phones[row[i+1].Phone].manner == affricate) {
		burst.noise = burst.noise.times(0.25) // not let go before the next closure
		return []puff{shut, burst}
	}
	if end {
		burst.noise = burst.noise.times(0.55)
		burst.length += 8
	}
	if back(row, i) && p.place == velar {
		level := burst.noise.level
		burst.noise = hissKo
		burst.noise.level = level
	}
	if p.voiced {
		burst.voice = 0.1
		return []puff{shut, burst}
	}
	return append([]puff{shut, burst}, aspiration(row, i)...)
}

// burstLength is in milliseconds: the further back, the longer.
func burstLength(p Phone) float64 {
	switch phones[p].place {
	case labial:
		return 8
	case velar:
		return 18
	default:
		return 12
	}
}

// aspiration is the breath between the burst of p, t, k and the voice: long
// before a stressed vowel, none after s.
func aspiration(row []spoken, i int) []puff {
	s := row[i]
	if i+1 == len(row) {
		return []puff{{length: 30, breath: 0.035, attack: 5, decay: 20}}
	}
	next := phones[row[i+1].Phone]
	if !next.sonorant() {
		return nil
	}
	length := 22.0
	if s.first || (s.onset && s.Stress != None) {
		length = 42
	}
	if i > 0 && row[i-1].Phone == S && !s.first {
		length = 6
	}
	if next.manner == glide {
		length *= 1.25
	}
	if s.Phone == K {
		length *= 1.2
	}
	return []puff{{length: length, breath: 0.14, attack: 4, decay: 10}}
}

// back says whether the neighbour of a velar is spoken at the back of the
// mouth: the next sound, or the one before at the end of a word.
func back(row []spoken, i int) bool {
	if i+1 < len(row) && phones[row[i+1].Phone].sonorant() {
		return phones[row[i+1].Phone].from[1] < 1400
	}
	return i > 0 && phones[row[i-1].Phone].to[1] < 1400
}

// stay is how long a vowel keeps its beginning: long where it goes far.
func stay(p Phone) float64 {
	switch p {
	case AY, OY, AW:
		return 0.38
	default:
		return 0.2
	}
}

// colour changes a vowel for what stands after it: before r the mouth is
// already on its way.
func (s *score) colour(row []spoken, i int) {
	if i+1 == len(row) || row[i+1].Phone != R || row[i].last {
		return
	}
	g := &s.gestures[i]
	switch row[i].Phone {
	case AO:
		g.from, g.to = [3]float64{490, 820, 2350}, [3]float64{470, 930, 1900}
	case EH:
		g.to[2] = 1950
	}
}
