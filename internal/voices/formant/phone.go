// Package formant speaks: it turns the sounds of English into samples with a
// model of the voice, a glottal pulse and noise that go through resonators
// whose frequencies follow the mouth. There is no recorded speech in it and no
// data but the tables.
//
// The design is that of D. H. Klatt, "Software for a cascade/parallel formant
// synthesizer", JASA 67 (1980), with durations after Klatt's rules in Allen,
// Hunnicutt and Klatt, "From Text to Speech: the MITalk system" (1987).
package formant

// Phone is one sound of English. The names are those of ARPABET.
type Phone uint8

// The sounds. AX and IX are the short vowels of syllables without stress, DX
// is the t of "forty".
const (
	AA Phone = iota
	AE
	AH
	AO
	AW
	AX
	AY
	EH
	ER
	EY
	IH
	IX
	IY
	OW
	OY
	UH
	UW
	B
	CH
	D
	DH
	DX
	F
	G
	HH
	JH
	K
	L
	M
	N
	NG
	P
	R
	S
	SH
	T
	TH
	V
	W
	Y
	Z
	ZH
	phoneCount
)

// String is the ARPABET name.
func (p Phone) String() string {
	if p >= phoneCount {
		return "?"
	}
	return phones[p].name
}

// Vowel says whether the sound can be the middle of a syllable.
func (p Phone) Vowel() bool { return p <= UW }

// Voiced says whether the vocal cords swing in it.
func (p Phone) Voiced() bool { return phones[p].voiced }

// Lookup finds a sound by its ARPABET name.
func Lookup(name string) (Phone, bool) {
	for i := range phones {
		if phones[i].name == name {
			return Phone(i), true
		}
	}
	return 0, false
}

// manner is how a sound is made.
type manner uint8

const (
	vowel manner = iota
	glide        // W, Y, R, L
	nasal
	stop
	affricate
	fricative
	breath // HH
	flap
)

// place is where the mouth is narrow.
type place uint8

const (
	open place = iota
	labial
	dental
	alveolar
	palatal
	velar
)

// sound is what is known of one phone. Frequencies and bandwidths are in Hz
// and a man's, times in milliseconds.
type sound struct {
	name   string
	manner manner
	place  place
	voiced bool
	from   [3]float64 // formants where it begins
	to     [3]float64 // and where it ends
	width  [3]float64 // bandwidths
	length float64    // in a stressed syllable
	least  float64    // cannot be spoken shorter
	voice  float64    // how loud the voice is in it, 1 in vowels
	noise  hiss
}

// hiss is noise made in the mouth: three bands, and the rest flat.
type hiss struct {
	level float64
	band  [3]band
	flat  float64
}

type band struct{ freq, width, level float64 }

// hisses of the places. The bands are the resonances of what is in front of
// the narrow place.
var (
	hissF  = hiss{0.085, [3]band{{1500, 1500, 0.35}, {4500, 3000, 0.7}, {7000, 1500, 1}}, 0.35}
	hissTH = hiss{0.075, [3]band{{1600, 900, 0.3}, {5400, 2500, 0.8}, {7200, 1200, 1}}, 0.3}
	hissS  = hiss{0.42, [3]band{{3700, 900, 0.25}, {4900, 1000, 0.8}, {6500, 1800, 1}}, 0.02}
	hissSH = hiss{0.34, [3]band{{2600, 350, 0.9}, {3600, 700, 0.9}, {5000, 1400, 0.5}}, 0.02}
	hissP  = hiss{0.20, [3]band{{800, 600, 0.9}, {1500, 1200, 0.5}, {4000, 3000, 0.25}}, 0.35}
	hissT  = hiss{0.42, [3]band{{3300, 700, 0.5}, {4400, 1200, 1}, {6000, 2200, 0.8}}, 0.08}
	hissK  = hiss{0.42, [3]band{{2200, 350, 1}, {3600, 900, 0.3}, {5000, 1500, 0.2}}, 0.03}
	hissKo = hiss{0.42, [3]band{{1350, 300, 1}, {2900, 900, 0.2}, {4800, 1500, 0.15}}, 0.03}
)

// phones is every sound. Formants are the averages published by Klatt (1980)
// and by Peterson and Barney (1952), durations those of Klatt's rules.
var phones = [phoneCount]sound{
	AA: vow("AA", [3]float64{720, 1200, 2600}, [3]float64{700, 1220, 2600}, [3]float64{110, 80, 160}, 240, 100),
	AE: vow("AE", [3]float64{640, 1690, 2430}, [3]float64{670, 1520, 2470}, [3]float64{70, 130, 250}, 230, 80),
	AH: vow("AH", [3]float64{620, 1220, 2550}, [3]float64{620, 1220, 2550}, [3]float64{80, 70, 140}, 140, 60),
	AO: vow("AO", [3]float64{590, 930, 2550}, [3]float64{610, 990, 2570}, [3]float64{90, 90, 90}, 240, 100),
	AW: vow("AW", [3]float64{690, 1280, 2550}, [3]float64{420, 900, 2350}, [3]float64{80, 70, 100}, 260, 100),
	AX: vow("AX", [3]float64{520, 1330, 2470}, [3]float64{520, 1330, 2470}, [3]float64{80, 70, 140}, 110, 50),
	AY: vow("AY", [3]float64{710, 1180, 2550}, [3]float64{440, 1800, 2550}, [3]float64{90, 80, 180}, 250, 130),
	EH: vow("EH", [3]float64{540, 1740, 2500}, [3]float64{590, 1620, 2530}, [3]float64{60, 90, 180}, 150, 70),
	ER: vow("ER", [3]float64{480, 1280, 1600}, [3]float64{450, 1320, 1620}, [3]float64{90, 70, 110}, 180, 80),
	EY: vow("EY", [3]float64{490, 1800, 2520}, [3]float64{320, 2150, 2700}, [3]float64{65, 100, 190}, 190, 100),
	IH: vow("IH", [3]float64{400, 1850, 2570}, [3]float64{430, 1750, 2580}, [3]float64{50, 100, 140}, 135, 40),
	IX: vow("IX", [3]float64{420, 1700, 2520}, [3]float64{420, 1700, 2520}, [3]float64{60, 100, 140}, 110, 40),
	IY: vow("IY", [3]float64{310, 2100, 2960}, [3]float64{285, 2200, 3000}, [3]float64{50, 140, 300}, 155, 55),
	OW: vow("OW", [3]float64{550, 1080, 2350}, [3]float64{420, 850, 2300}, [3]float64{75, 80, 80}, 220, 80),
	OY: vow("OY", [3]float64{560, 900, 2400}, [3]float64{360, 1900, 2500}, [3]float64{80, 70, 130}, 280, 150),
	UH: vow("UH", [3]float64{450, 1100, 2350}, [3]float64{470, 1160, 2390}, [3]float64{80, 90, 90}, 160, 60),
	UW: vow("UW", [3]float64{350, 1350, 2280}, [3]float64{310, 1020, 2240}, [3]float64{65, 100, 120}, 210, 70),

	W: {
		name: "W", manner: glide, place: labial, voiced: true, length: 80, least: 60, voice: 0.62,
		from: [3]float64{290, 640, 2180}, to: [3]float64{290, 640, 2180}, width: [3]float64{60, 90, 100},
	},
	Y: {
		name: "Y", manner: glide, place: palatal, voiced: true, length: 80, least: 40, voice: 0.62,
		from: [3]float64{265, 2180, 3000}, to: [3]float64{265, 2180, 3000}, width: [3]float64{50, 180, 350},
	},
	R: {
		name: "R", manner: glide, place: alveolar, voiced: true, length: 80, least: 40, voice: 0.66,
		from: [3]float64{340, 1100, 1450}, to: [3]float64{340, 1100, 1450}, width: [3]float64{70, 100, 120},
	},
	L: {
		name: "L", manner: glide, place: alveolar, voiced: true, length: 80, least: 40, voice: 0.60,
		from: [3]float64{340, 1060, 2800}, to: [3]float64{340, 1060, 2800}, width: [3]float64{60, 100, 250},
	},
	M: {
		name: "M", manner: nasal, place: labial, voiced: true, length: 72, least: 60, voice: 0.6,
		from: [3]float64{440, 1150, 2130}, to: [3]float64{440, 1150, 2130}, width: [3]float64{90, 150, 170},
	},
	N: {
		name: "N", manner: nasal, place: alveolar, voiced: true, length: 65, least: 50, voice: 0.6,
		from: [3]float64{440, 1500, 2470}, to: [3]float64{440, 1500, 2470}, width: [3]float64{90, 150, 170},
	},
	NG: {
		name: "NG", manner: nasal, place: velar, voiced: true, length: 95, least: 60, voice: 0.6,
		from: [3]float64{440, 2000, 2700}, to: [3]float64{440, 2000, 2700}, width: [3]float64{90, 150, 170},
	},

	B: voiced("B", stop, labial, hissP.times(0.8), 85, 55),
	D: voiced("D", stop, alveolar, hissT.times(0.7), 75, 45),
	G: voiced("G", stop, velar, hissK.times(0.8), 80, 55),
	P: mute("P", stop, labial, hissP, 90, 50),
	T: mute("T", stop, alveolar, hissT, 75, 45),
	K: mute("K", stop, velar, hissK, 80, 55),

	CH: mute("CH", affricate, palatal, hissSH.times(1.1), 75, 50),
	JH: voiced("JH", affricate, palatal, hissSH.times(0.75), 70, 50),
	F:  mute("F", fricative, labial, hissF, 105, 70),
	V:  voiced("V", fricative, labial, hissF.times(0.45), 60, 40),
	TH: mute("TH", fricative, dental, hissTH, 95, 60),
	DH: voiced("DH", fricative, dental, hissTH.times(0.35), 50, 30),
	S:  mute("S", fricative, alveolar, hissS, 110, 60),
	Z:  voiced("Z", fricative, alveolar, hissS.times(0.55), 75, 40),
	SH: mute("SH", fricative, palatal, hissSH, 110, 75),
	ZH: voiced("ZH", fricative, palatal, hissSH.times(0.5), 70, 40),

	HH: {name: "HH", manner: breath, length: 75, least: 40},
	DX: {
		name: "DX", manner: flap, place: alveolar, voiced: true, length: 22, least: 20, voice: 0.25,
		from: [3]float64{300, 1700, 2600}, to: [3]float64{300, 1700, 2600}, width: [3]float64{80, 120, 200},
	},
}

func vow(name string, from, to, width [3]float64, length, least float64) sound {
	return sound{name, vowel, open, true, from, to, width, length, least, 1, hiss{}}
}

// mute is an obstruent without voice.
func mute(name string, m manner, p place, h hiss, length, least float64) sound {
	rest := loci[p].rest
	return sound{name, m, p, false, rest, rest, [3]float64{150, 120, 200}, length, least, 0, h}
}

// voiced is an obstruent with voice.
func voiced(name string, m manner, p place, h hiss, length, least float64) sound {
	s := mute(name, m, p, h, length, least)
	s.width = [3]float64{70, 100, 170}
	s.voiced, s.voice = true, 0.30
	if m == fricative {
		s.voice = 0.42
	}
	return s
}

func (h hiss) times(x float64) hiss {
	h.level *= x
	return h
}

// locus says where the formants of a neighbour head for at a narrow place, as
// straight lines over the neighbour's own: at its edge a formant is
// base + share × the neighbour's.
type locus struct {
	rest        [3]float64 // between two obstruents
	base, share [3]float64
}

// loci are fitted to the locus equations of Sussman et al. (1991).
var loci = [...]locus{
	open:     {[3]float64{500, 1500, 2500}, [3]float64{0, 0, 0}, [3]float64{1, 1, 1}},
	labial:   {[3]float64{250, 1000, 2150}, [3]float64{170, 130, 800}, [3]float64{0.3, 0.76, 0.6}},
	dental:   {[3]float64{270, 1350, 2540}, [3]float64{180, 650, 1250}, [3]float64{0.3, 0.52, 0.5}},
	alveolar: {[3]float64{260, 1700, 2620}, [3]float64{180, 980, 1400}, [3]float64{0.3, 0.44, 0.48}},
	palatal:  {[3]float64{260, 1900, 2700}, [3]float64{180, 1250, 1400}, [3]float64{0.3, 0.36, 0.48}},
	velar:    {[3]float64{260, 1900, 2500}, [3]float64{180, 1100, 900}, [3]float64{0.3, 0.55, 0.58}},
}

// velarBack is the locus of a velar before vowels spoken at the back.
var velarBack = locus{[3]float64{260, 1400, 2300}, [3]float64{180, 180, 900}, [3]float64{0.3, 1.0, 0.58}}
