package english

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// Phonemes turns a pronunciation into sounds of English, others into those
// nearest. alphabet is "ipa", "x-sampa" or "" for ipa. false says that there
// is a sign it does not know.
func Phonemes(alphabet, spelling string) ([]formant.Sound, bool) {
	switch alphabet {
	case "", "ipa":
	case "x-sampa":
		ipa, ok := fromSampa(spelling)
		if !ok {
			return nil, false
		}
		spelling = ipa
	default:
		return nil, false
	}
	return fromIPA(norm.NFD.String(spelling))
}

// ipa is what signs sound like, the sounds in ARPABET. Those of other
// languages get a neighbour; "" has no sound of its own.
var ipa = map[string]string{
	"i": "IY", "ɪ": "IH", "e": "EH", "ɛ": "EH", "æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "OW",
	"ʊ": "UH", "u": "UW", "ʌ": "AH", "ɐ": "AH", "ə": "AX", "ɜ": "ER", "ɝ": "ER", "ɚ": "ER", "ɨ": "IX", "ᵻ": "IX",
	"ʉ": "UW",
	"y": "IY", "ʏ": "IH", "ø": "ER", "œ": "ER", "ɯ": "UW", "ɤ": "AH", "ɘ": "AX", "ɵ": "AX",
	"aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ɑɪ": "AY", "ɑʊ": "AW", "ai": "AY", "au": "AW",
	"ei": "EY", "ou": "OW", "oi": "OY", "ɔʏ": "OY", "ɛɪ": "EY",
	"ɜɹ": "ER", "ɜr": "ER", "əɹ": "ER", "ər": "ER", "ɝɹ": "ER", "ɚɹ": "ER",
	"p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "ɡ": "G", "f": "F", "v": "V", "θ": "TH", "ð": "DH",
	"s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH", "ɦ": "HH", "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɫ": "L",
	"r": "R",
	"ɹ": "R", "ɻ": "R", "ʁ": "R", "ʀ": "R", "ɾ": "DX", "j": "Y", "w": "W", "ʍ": "W", "tʃ": "CH", "dʒ": "JH", "ʧ": "CH",
	"ʤ": "JH", "ts": "T S", "x": "K", "χ": "K", "ç": "HH", "ɲ": "N Y", "ʎ": "L Y", "β": "V", "ɣ": "G", "ɬ": "L", "ɕ": "SH",
	"ʑ": "ZH", "ʂ": "SH", "ʐ": "ZH", "ʈ": "T", "ɖ": "D", "ɳ": "N", "ɭ": "L", "q": "K", "c": "K", "ɟ": "G", "ɸ": "F",
	"ʋ": "V", "ɥ": "W", "ɰ": "W", "ɱ": "M", "ʔ": "",
	".": "", " ": "", "ː": "", "ˑ": "", ":": "", "‿": "", "|": "", "ʰ": "", "ʲ": "", "ʷ": "", "\u0361": "", "\u035c": "",
	"\u0303": "", "\u032f": "", "\u0325": "", "\u031a": "", "\u032a": "", "˞": "R", "-": "", "/": "", "\u0327": "",
}

// The marks of stress and of a consonant that is a syllable.
const (
	mainStress = 'ˈ'
	sideStress = 'ˌ'
	syllabic   = '\u0329'
)

// fromIPA reads from left to right, the longest sign first.
func fromIPA(spelling string) ([]formant.Sound, bool) {
	var out []formant.Sound
	runes := []rune(strings.NewReplacer("\u0361", "", "\u035c", "", "ː", "", "c\u0327", "ç").Replace(spelling))
	next := formant.None
	for i := 0; i < len(runes); {
		switch runes[i] {
		case mainStress, '\'':
			next = formant.Primary
			i++
			continue
		case sideStress:
			next = formant.Secondary
			i++
			continue
		case syllabic:
			if n := len(out); n > 0 {
				out = append(out[:n-1], formant.Sound{Phone: formant.AX}, out[n-1])
			}
			i++
			continue
		}
		names, length := longestSign(runes[i:])
		if length == 0 {
			return nil, false
		}
		i += length
		for _, s := range sounds(names) {
			if s.Phone.Vowel() {
				s.Stress, next = next, formant.None
			}
			out = append(out, s)
		}
	}
	return withStress(out), len(out) > 0
}

func longestSign(runes []rune) (names string, length int) {
	for n := min(2, len(runes)); n > 0; n-- {
		if names, ok := ipa[string(runes[:n])]; ok {
			return names, n
		}
	}
	return "", 0
}

// withStress gives a word without a mark its stress on the first vowel, and a
// stressed vowel its full sound.
func withStress(s []formant.Sound) []formant.Sound {
	first := -1
	for i := range s {
		if !s[i].Phone.Vowel() {
			continue
		}
		if s[i].Stress == formant.Primary {
			first = i
			break
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 {
		return s
	}
	s[first].Stress = formant.Primary
	if s[first].Phone == formant.AX {
		s[first].Phone = formant.AH
	}
	return s
}

// sampa is X-SAMPA (J. C. Wells, 1995) where it is not the same as IPA.
var sampa = map[string]string{
	`"`: "ˈ", "%": "ˌ", ":": "ː", "{": "æ", "A": "ɑ", "Q": "ɒ", "O": "ɔ", "@": "ə", "@`": "ɚ", "3": "ɜ", "3`": "ɝ",
	"E": "ɛ",
	"I": "ɪ", "U": "ʊ", "V": "ʌ", "6": "ɐ", "T": "θ", "D": "ð", "S": "ʃ", "Z": "ʒ", "N": "ŋ", "J": "ɲ", "C": "ç", "?": "ʔ",
	"4": "ɾ", `r\`: "ɹ", `r\'`: "ɻ", `h\`: "ɦ", "R": "ʁ", `R\`: "ʀ", "X": "χ", "B": "β", "G": "ɣ", "5": "ɫ", "W": "ʍ",
	"H": "ɥ",
	"2": "ø", "9": "œ", "M": "ɯ", "1": "ɨ", "}": "ʉ", "Y": "ʏ", "L": "ʎ", "7": "ɤ", "8": "ɵ", "P": "ʋ", "F": "ɱ", "K": "ɬ",
	`s\`: "ɕ", `z\`: "ʑ", `p\`: "ɸ", "=": "\u0329", "~": "", "_": "", "_~": "", "_h": "", `_"`: "", "-": "", "I\\": "ᵻ",
}

func fromSampa(spelling string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(spelling); {
		n := 2
		to, ok := "", false
		for ; n > 0 && !ok; n-- {
			if i+n <= len(spelling) {
				to, ok = sampa[spelling[i:i+n]]
			}
		}
		n++
		if !ok {
			c := spelling[i]
			if (c < 'a' || c > 'z') && !strings.ContainsRune(". |", rune(c)) {
				return "", false
			}
			to, n = string(c), 1
		}
		b.WriteString(to)
		i += n
	}
	return b.String(), true
}
