package english

import (
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// pronounce is how a word is spoken, in small letters and perhaps with
// apostrophes: from the lists, as a listed word with an ending, as two listed
// words, or by the rules.
func pronounce(word string) formant.Word {
	if w, ok := lookup(word); ok {
		return w
	}
	if w, ok := inflected(word); ok {
		return w
	}
	plain := strings.ReplaceAll(word, "'", "")
	if w, ok := compound(plain); ok {
		return w
	}
	s := bySpelling(plain)
	return formant.Word{Sounds: stress(s, plain)}
}

// inflected finds a listed word under an ending.
func inflected(word string) (formant.Word, bool) {
	for _, e := range endings {
		stem, ok := strings.CutSuffix(word, e.letters)
		if !ok || len(stem) < 2 {
			continue
		}
		for _, candidate := range stems(stem, e.vowel) {
			if w, ok := lookup(candidate); ok && !w.Weak {
				w.Sounds = append(slices.Clone(w.Sounds), e.sounds(w.Sounds)...)
				return w, true
			}
		}
	}
	return formant.Word{}, false
}

// ending is letters at the end of a word, and how they sound after a stem.
type ending struct {
	letters string
	vowel   bool // begins with a vowel: a silent e may have been lost
	sounds  func(stem []formant.Sound) []formant.Sound
}

var endings = []ending{
	{"'s", false, sSound},
	{"es", true, sSound},
	{"s", false, sSound},
	{"ed", true, edSound},
	{"ings", true, fixed("IX0 NG Z")},
	{"ing", true, fixed("IX0 NG")},
	{"ers", true, fixed("ER0 Z")},
	{"er", true, fixed("ER0")},
	{"ly", false, fixed("L IY0")},
	{"less", false, fixed("L AX0 S")},
	{"ness", false, fixed("N AX0 S")},
	{"ment", false, fixed("M AX0 N T")},
	{"ments", false, fixed("M AX0 N T S")},
	{"ful", false, fixed("F AX0 L")},
	{"able", true, fixed("AX0 B AX0 L")},
}

func fixed(spelling string) func([]formant.Sound) []formant.Sound {
	return func([]formant.Sound) []formant.Sound { return sounds(spelling) }
}

// stems are what may stand before an ending: itself, with the e that was lost,
// with one of two equal consonants, with y for i.
func stems(stem string, vowel bool) []string {
	out := []string{stem}
	if vowel {
		out = []string{stem + "e", stem}
		if n := len(stem); n > 2 && stem[n-1] == stem[n-2] {
			out = append(out, stem[:n-1])
		}
	}
	if before, ok := strings.CutSuffix(stem, "i"); ok {
		out = append(out, before+"y")
	}
	return out
}

// sSound is the s of plurals: hissed, voiced, or with a vowel after sibilants.
func sSound(stem []formant.Sound) []formant.Sound {
	switch last := stem[len(stem)-1].Phone; {
	case last == formant.S || last == formant.Z || last == formant.SH || last == formant.ZH ||
		last == formant.CH || last == formant.JH:
		return sounds("IX0 Z")
	case last.Voiced():
		return sounds("Z")
	}
	return sounds("S")
}

// edSound is the d of the past.
func edSound(stem []formant.Sound) []formant.Sound {
	switch last := stem[len(stem)-1].Phone; {
	case last == formant.T || last == formant.D:
		return sounds("IX0 D")
	case last.Voiced():
		return sounds("D")
	}
	return sounds("T")
}

// compound reads a word that is two listed ones: the first is stressed.
func compound(word string) (formant.Word, bool) {
	for i := len(word) - 3; i >= 3; i-- {
		if len(word) < 7 {
			break
		}
		a, ok := lookup(word[:i])
		if !ok || a.Weak {
			continue
		}
		b, ok := lookup(word[i:])
		if !ok {
			if b, ok = inflected(word[i:]); !ok {
				continue
			}
		}
		if b.Weak {
			continue
		}
		joined := slices.Clone(a.Sounds)
		for _, s := range b.Sounds {
			if s.Stress == formant.Primary {
				s.Stress = formant.Secondary
			}
			joined = append(joined, s)
		}
		return formant.Word{Sounds: joined}, true
	}
	return formant.Word{}, false
}

// rule is one line of the rules, taken apart.
type rule struct {
	before  string // turned around
	letters string
	after   string
	said    []formant.Sound
}

// rulebook is the rules by their first letter.
var rulebook = takeApart(rules)

func takeApart(lines [26][]string) (book [26][]rule) {
	for i := range lines {
		for _, line := range lines[i] {
			before, rest, _ := strings.Cut(line, "[")
			letters, rest, _ := strings.Cut(rest, "]")
			after, spoken, _ := strings.Cut(rest, "=")
			book[i] = append(book[i], rule{reversed(before), letters, after, sounds(spoken)})
		}
	}
	return book
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// bySpelling turns letters into sounds by the rules.
func bySpelling(word string) []formant.Sound {
	var out []formant.Sound
	backwards := reversed(word)
	for i := 0; i < len(word); {
		n := 1
		if letter(word[i]) {
			r := ruleFor(word[i:], backwards[len(word)-i:])
			out = append(out, r.said...)
			n = max(1, len(r.letters))
		}
		i += n
	}
	return fixEndings(out, word)
}

// ruleFor is the first rule that fits the rest of a word, given what stands
// before it, turned around.
func ruleFor(rest, before string) rule {
	for _, r := range rulebook[rest[0]-'a'] {
		if strings.HasPrefix(rest, r.letters) && follows(rest[len(r.letters):], r.after) && follows(before, r.before) {
			return r
		}
	}
	return rule{}
}

func isVowel(c byte) bool     { return strings.IndexByte("aeiouy", c) >= 0 }
func isConsonant(c byte) bool { return !isVowel(c) }

// follows says whether text begins as the pattern says.
func follows(text, pattern string) bool {
	for k := range len(pattern) {
		n := 0
		switch p := pattern[k]; p {
		case '_':
			if text != "" {
				return false
			}
		case ':':
			n = run(text, isConsonant)
		case '#':
			if n = run(text, isVowel); n == 0 {
				return false
			}
		case '%':
			return slices.Contains(quietEndings, text)
		default:
			if text == "" || !fits(text[0], p) {
				return false
			}
			n = 1
		}
		text = text[n:]
	}
	return true
}

// quietEndings leave the vowel before them as it is before a silent e.
var quietEndings = []string{"e", "es", "ed", "er", "ers", "ing", "ings", "ely", "eless", "ement"}

// fits says whether a letter is one of a class, or the letter itself.
func fits(c, class byte) bool {
	switch class {
	case '.':
		return isVowel(c)
	case '^':
		return !isVowel(c)
	case '+':
		return c == 'e' || c == 'i' || c == 'y'
	case '?':
		return strings.IndexByte("bdglmnrvwz", c) >= 0
	case '&':
		return strings.IndexByte("scgzxjh", c) >= 0
	}
	return c == class
}

// fixEndings gives the endings -ed and -es their vowel or their hiss, which
// depend on the sound before and not on its letters.
func fixEndings(s []formant.Sound, word string) []formant.Sound {
	n := len(s)
	if n < 2 {
		return s
	}
	stem, last := s[:n-1], s[n-1].Phone
	if stem[n-2].Phone.Vowel() {
		return s
	}
	switch {
	case strings.HasSuffix(word, "ed") && last == formant.D:
		return append(slices.Clone(stem), edSound(stem)...)
	case strings.HasSuffix(word, "es") && last == formant.Z,
		strings.HasSuffix(word, "s") && last == formant.S && !strings.HasSuffix(word, "ss"):
		return append(slices.Clone(stem), sSound(stem)...)
	}
	return s
}
