package formant

import "time"

// Stress is how strongly a vowel is spoken.
type Stress uint8

// The stresses of a vowel.
const (
	None Stress = iota
	Primary
	Secondary
)

// Sound is one sound of a word. Only vowels carry a stress.
type Sound struct {
	Phone  Phone
	Stress Stress
}

// Word is one word.
type Word struct {
	Text   string // as it would be written, for people
	Sounds []Sound
	Weak   bool // a small word, spoken without an accent: "the", "of"
	Strong bool // to be understood on its own: a digit, a letter
	Manner Manner
}

// Manner is how a word is spoken against the others. The zero value is as
// usual.
type Manner struct {
	Rate   float64 // 2 is twice as fast, 0 is as usual
	Pitch  float64 // semitones higher
	Volume float64 // dB louder; minus infinity is silence
}

// Pace is Rate with 0 read as 1.
func (m Manner) Pace() float64 {
	if m.Rate <= 0 {
		return 1
	}
	return m.Rate
}

// Tone is the melody a phrase ends with.
type Tone uint8

// The melodies.
const (
	Fall  Tone = iota // the end of a sentence
	Hold              // more will follow: a comma, a group of digits
	Rise              // a question that is answered by yes or no
	Shout             // an exclamation
)

// Phrase is what is spoken in one breath, and the silence after it.
type Phrase struct {
	Words []Word
	Bleep time.Duration // a tone in place of words
	Tone  Tone
	Pause time.Duration
}

// spoken is one sound of a phrase with everything its length and height
// depend on.
type spoken struct {
	Sound
	length float64 // milliseconds

	word       int  // which word of the phrase
	accent     bool // carries an accent of the melody
	first      bool // begins its word
	last       bool // ends its word
	onset      bool // a consonant before the vowel of its syllable
	syllables  int  // of its word
	strong     bool
	manner     Manner
	final      bool // in the last syllable of the phrase, from its vowel on
	lastVowel  bool // the last vowel of its word
	phraseEdge bool // the first sound of the phrase
}

// spell lays the words of a phrase out as a row of sounds.
func spell(p Phrase) []spoken {
	var row []spoken
	for w, word := range p.Words {
		at := len(row)
		syllables := 0
		for i, s := range word.Sounds {
			if s.Phone.Vowel() {
				syllables++
			}
			row = append(row, spoken{
				Sound: s, word: w, first: i == 0, last: i == len(word.Sounds)-1, strong: word.Strong,
				manner: word.Manner,
				accent: !word.Weak && s.Phone.Vowel() && s.Stress == Primary,
			})
		}
		markSyllables(row[at:], syllables)
	}
	if len(row) > 0 {
		row[0].phraseEdge = true
	}
	for i := len(row) - 1; i >= 0; i-- {
		row[i].final = true
		if row[i].Phone.Vowel() {
			break
		}
	}
	soften(row)
	return row
}

// markSyllables finds which consonants of a word begin a syllable: before a
// vowel, one consonant does, or two or three that English words begin with.
func markSyllables(word []spoken, syllables int) {
	seenVowel := false
	for i := len(word) - 1; i >= 0; i-- {
		word[i].syllables = syllables
		if !word[i].Phone.Vowel() {
			continue
		}
		word[i].lastVowel, seenVowel = !seenVowel, true
		for j := i - 1; j >= 0 && !word[j].Phone.Vowel(); j-- {
			if j < i-1 && !begins(word[j].Phone, word[j+1].Phone) {
				break
			}
			word[j].onset = true
			word[j].Stress = word[i].Stress
		}
	}
}

// begins says whether two consonants can begin a syllable together.
func begins(a, b Phone) bool {
	switch b {
	case L:
		return a == P || a == B || a == K || a == G || a == F || a == S
	case R:
		return a == P || a == B || a == T || a == D || a == K || a == G || a == F || a == TH || a == SH
	case W:
		return a == T || a == D || a == K || a == G || a == S || a == TH
	case Y:
		return a == P || a == B || a == K || a == F || a == V || a == M || a == HH
	case P, T, K, M, N:
		return a == S
	}
	return false
}

// soften turns t and d into the quick tap of American English, as in "forty"
// and "ready": between vowels, the second one without stress.
func soften(row []spoken) {
	for i := 1; i+1 < len(row); i++ {
		s := &row[i]
		if (s.Phone != T && s.Phone != D) || s.first || s.last {
			continue
		}
		before, after := row[i-1].Phone, row[i+1]
		if (before.Vowel() || before == R) && after.Phone.Vowel() && after.Stress == None {
			s.Phone = DX
		}
	}
}
