package english

import (
	"strings"
	"time"
	"unicode"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// pauseParagraph is the pause around a paragraph.
const pauseParagraph = 700 * time.Millisecond

// Script is text read piece by piece, with what is asked between and about the
// pieces. A sentence may go on over several of them.
type Script struct {
	r          reader
	emphasised bool
}

// NewScript begins. whole is all the text that will come: only against that it
// can be said whether capitals mean anything.
func NewScript(whole string) *Script {
	return &Script{r: reader{capitals: !strings.ContainsFunc(plain(whole), unicode.IsLower)}}
}

// Manner sets how the next pieces are spoken, and whether every word of them
// carries an accent.
func (s *Script) Manner(m formant.Manner, emphasised bool) {
	s.r.manner = m
	s.emphasised = emphasised
}

// Text reads a piece.
func (s *Script) Text(text string) { s.accented(func() { s.r.read(text) }) }

// accented reads something and gives its words accents if they are emphasised.
func (s *Script) accented(read func()) {
	phrase, word := len(s.r.phrases), len(s.r.words)
	read()
	if !s.emphasised {
		return
	}
	for i := phrase; i <= len(s.r.phrases); i++ {
		words := s.r.words
		if i < len(s.r.phrases) {
			words = s.r.phrases[i].Words
		}
		for n := word; n < len(words); n++ {
			words[n].Weak, words[n].Strong = false, true
		}
		word = 0
	}
}

// Sounds speaks a word whose sounds are given.
func (s *Script) Sounds(text string, sounds []formant.Sound) {
	s.accented(func() {
		s.r.add(formant.Word{Text: strings.ToLower(text), Sounds: sounds})
		s.r.before = strings.ToLower(text)
	})
}

// Break is silence: after punctuation it takes the place of a shorter pause,
// after another break it is added. 0 takes away the pause that would be.
func (s *Script) Break(d time.Duration) {
	r := &s.r
	if len(r.words) > 0 {
		if d == 0 {
			return // there is no pause to take away
		}
		r.end(formant.Hold, 0)
	}
	n := len(r.phrases) - 1
	switch {
	case n < 0:
		r.phrases = append(r.phrases, formant.Phrase{Pause: d})
	case r.broke:
		r.phrases[n].Pause += d
	case d == 0:
		r.phrases[n].Pause = 0
	default:
		r.phrases[n].Pause = max(r.phrases[n].Pause, d)
	}
	r.broke = r.broke || d > 0
}

// End ends a sentence, or a paragraph, if one is being read.
func (s *Script) End(paragraph bool) {
	pause := pauseSentence
	if paragraph {
		pause = pauseParagraph
	}
	s.r.end(formant.Fall, pause)
}

// Bleep is a tone in place of words nobody should hear.
func (s *Script) Bleep(d time.Duration) {
	r := &s.r
	r.end(formant.Hold, pauseGroup/2)
	r.phrases = append(r.phrases, formant.Phrase{Bleep: d, Tone: formant.Hold, Pause: pauseGroup / 2})
	r.broke = false
}

// Phrases ends the script and is what there is to be spoken.
func (s *Script) Phrases() []formant.Phrase {
	r := &s.r
	asked := r.broke && len(r.words) == 0
	r.manner = formant.Manner{}
	if !asked {
		r.end(formant.Fall, pauseSentence)
	}
	if n := len(r.phrases); n > 0 {
		if !asked {
			r.phrases[n-1].Pause = pauseEnd
		}
		if r.phrases[n-1].Tone == formant.Hold {
			r.phrases[n-1].Tone = formant.Fall
		}
	}
	return r.phrases
}

// Words writes out what the script says in words, with commas where it pauses.
func (s *Script) Words() string {
	var phrases []string
	for _, p := range s.Phrases() {
		var words []string
		for _, w := range p.Words {
			words = append(words, w.Text)
		}
		if len(words) > 0 {
			phrases = append(phrases, strings.Join(words, " "))
		}
	}
	return strings.Join(phrases, ", ")
}
