package english

import (
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// stress finds the stressed vowel of a word read by the rules, and weakens
// the others.
func stress(s []formant.Sound, word string) []formant.Sound {
	var vowels []int
	for i := range s {
		if s[i].Phone.Vowel() {
			vowels = append(vowels, i)
		}
	}
	if len(vowels) == 0 {
		return s
	}
	main := stressed(s, vowels, word)
	s[vowels[main]].Stress = formant.Primary
	for n, i := range vowels {
		switch {
		case n == main:
			if s[i].Phone == formant.AX {
				s[i].Phone = formant.AH
			}
			if s[i].Phone == formant.IX {
				s[i].Phone = formant.IH
			}
		case n == main-2 || (n == main+2 && s[i].Phone != formant.AX):
			s[i].Stress = formant.Secondary
		default:
			s[i].Phone = weakened(s[i].Phone, i+1 < len(s) && s[i+1].Phone == formant.R)
		}
	}
	return slurred(s)
}

// slurred makes one vowel of an e and an r without stress, as in "general".
func slurred(s []formant.Sound) []formant.Sound {
	out := s[:0]
	for i := 0; i < len(s); i++ {
		out = append(out, s[i])
		if s[i].Phone == formant.EH && s[i].Stress == formant.None && i+1 < len(s) && s[i+1].Phone == formant.R {
			out[len(out)-1].Phone = formant.ER
			i++
		}
	}
	return out
}

// weakened is what becomes of a vowel without stress.
func weakened(p formant.Phone, beforeR bool) formant.Phone {
	switch p {
	case formant.AE, formant.EH, formant.AA, formant.AH, formant.UH:
		if beforeR && p != formant.AE {
			return p
		}
		return formant.AX
	case formant.AO:
		if beforeR {
			return p
		}
		return formant.AX
	case formant.IH:
		return formant.IX
	}
	return p
}

// Endings that draw the stress to a place counted from the end.
var (
	stressLast  = []string{"ee", "eer", "ese", "ette", "esque", "ique", "oon", "aire", "self"}
	stressPrior = []string{ // the syllable before the ending
		"tion", "sion", "cian", "tial", "cial", "tious", "cious", "xious", "gious", "ic", "ics", "ical", "ically",
		"tional", "sional", "tions", "sions", "tionally", "ience", "ient", "iency", "ian", "ians", "ious", "eous", "ium",
	}
	stressSecond = []string{ // two syllables before the end
		"ity", "ities", "ify", "ified", "ogy", "ology", "ologist", "omy", "graphy", "logical", "ate", "ates", "ated", "ating",
		"ize", "ized", "izes", "izing", "fies", "tude", "ary", "ory",
	}
	unstressedStart = []string{
		"a", "be", "de", "re", "pre", "pro", "con", "com", "ex", "en", "em", "in", "im", "un", "dis", "mis", "sub", "sur",
		"for", "per", "trans", "ab", "ad", "ob", "e",
	}
	neutralEnds = []string{
		"s", "ed", "ing", "ings", "er", "ers", "ly", "ment", "ments", "ness", "less", "ful", "fully",
		"able", "est", "ingly", "edly",
	}
)

// stressed is which of the vowels carries the stress.
func stressed(s []formant.Sound, vowels []int, word string) int {
	n := len(vowels)
	if n == 1 {
		return 0
	}
	switch {
	case endsIn(word, stressPrior):
		return max(0, n-1-priorLength(word))
	case endsIn(word, stressLast):
		return n - 1
	case n > 2 && endsIn(word, stressSecond):
		return max(0, n-3)
	}
	n -= quietEnd(word, n)
	switch {
	case n <= 1:
		return 0
	case n == 2:
		if prefixed(word) && heavy(s, vowels, 1) {
			return 1
		}
		return 0
	case heavy(s, vowels, n-2) && closed(s, vowels, n-2):
		return n - 2
	case prefixed(word) && n == 3:
		return 1
	}
	return n - 3
}

// priorLength is how many syllables an ending has that draws the stress before
// itself.
func priorLength(word string) int {
	switch {
	case endsIn(word, []string{"tionally"}):
		return 3
	case endsIn(word, []string{"tious", "cious", "gious", "xious", "cian", "tient", "tience", "cient"}):
		return 1
	case endsIn(word, []string{
		"ical", "ically", "tional", "sional", "ious", "eous", "ian", "ians", "ium", "ience", "ient",
	}):
		return 2
	}
	return 1
}

func endsIn(word string, endings []string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(word, e) })
}

// quietEnd is how many syllables at the end never carry stress.
func quietEnd(word string, n int) int {
	count := 0
	for _, e := range neutralEnds {
		if strings.HasSuffix(word, e) && len(word) > len(e)+2 {
			switch e {
			case "s", "ed":
				continue
			case "ingly", "edly", "fully", "able":
				count = max(count, 2)
			default:
				count = max(count, 1)
			}
		}
	}
	return min(count, n-1)
}

func prefixed(word string) bool {
	return slices.ContainsFunc(unstressedStart, func(p string) bool {
		return strings.HasPrefix(word, p) && len(word) > len(p)+2 && (len(p) > 1 || !isVowel(word[1]))
	})
}

// heavy says that a vowel can carry stress.
func heavy(s []formant.Sound, vowels []int, k int) bool {
	p := s[vowels[k]].Phone
	return p != formant.AX && p != formant.IX && (p != formant.IY || vowels[k] != len(s)-1) && p != formant.ER
}

// closed says that a vowel is long or has two consonants behind it.
func closed(s []formant.Sound, vowels []int, k int) bool {
	switch s[vowels[k]].Phone {
	case formant.EY, formant.AY, formant.OW, formant.OY, formant.AW, formant.UW, formant.IY:
		return true
	}
	return k+1 < len(vowels) && vowels[k+1]-vowels[k] > 2
}
