// Package english reads English text aloud as far as the sounds: it writes
// numbers, dates and abbreviations out in words, and words in sounds.
package english

import (
	"strings"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// lookup finds a word in the lists.
func lookup(word string) (formant.Word, bool) {
	for _, list := range []map[string]string{commonWords, phoneWords, oddWords} {
		if spelling, ok := list[word]; ok {
			spelling, weak := strings.CutPrefix(spelling, "-")
			return formant.Word{Sounds: sounds(spelling), Weak: weak}, true
		}
	}
	return formant.Word{}, false
}

// sounds reads "P R EH1 S". A name it does not know is left out; a test holds
// the tables to the names there are.
func sounds(spelling string) []formant.Sound {
	var out []formant.Sound
	for name := range strings.FieldsSeq(spelling) {
		s := formant.Sound{}
		switch name[len(name)-1] {
		case '1':
			s.Stress = formant.Primary
		case '2':
			s.Stress = formant.Secondary
		}
		p, ok := formant.Lookup(strings.TrimRight(name, "012"))
		if !ok {
			continue
		}
		s.Phone = p
		out = append(out, s)
	}
	return out
}
