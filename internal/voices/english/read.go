package english

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// The pauses of punctuation.
const (
	pauseGroup    = 130 * time.Millisecond // between groups of digits
	pauseComma    = 190 * time.Millisecond
	pauseColon    = 260 * time.Millisecond
	pauseSentence = 430 * time.Millisecond
	pauseEnd      = 120 * time.Millisecond // after the last word
)

// breath is how many words are spoken before a conjunction begins a new
// phrase.
const breath = 9

// Read turns text into phrases ready to be spoken. What is not English writing
// is left out, so there may be none.
func Read(text string) []formant.Phrase {
	s := NewScript(text)
	s.Text(text)
	return s.Phrases()
}

// plain brings text down to ASCII where it can be: letters without their
// accents, typographic signs as typed ones. The rest becomes spaces.
func plain(text string) string {
	var b strings.Builder
	for _, c := range norm.NFKD.String(text) {
		switch {
		case c < 0x80:
			b.WriteRune(c)
		case strings.ContainsRune("€£¥°", c):
			b.WriteRune(c)
		case unicode.Is(unicode.Mn, c):
		default:
			if s, ok := typed[c]; ok {
				b.WriteString(s)
			} else {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}

var typed = map[rune]string{
	'‘': "'", '’': "'", '‚': "'", '“': `"`, '”': `"`, '„': `"`, '–': "-", '—': " - ", '−': "-", '‐': "-", '‑': "-",
	'•': ", ", '·': " ", '×': " times ", '÷': " divided by ", '⁄': "/", 'ß': "ss", 'ø': "o", 'Ø': "O", 'æ': "ae",
	'Æ': "Ae", 'œ': "oe", 'Œ': "Oe", 'ł': "l", 'Ł': "L", 'ð': "th", 'þ': "th", 'đ': "d", 'ı': "i", '±': " plus or minus ",
	'©': " copyright ", '®': " ", '¢': " cents ", '¿': " ", '¡': " ", '«': `"`, '»': `"`,
}

// reader goes through a text once, from left to right.
type reader struct {
	text     string
	at       int
	capitals bool // all of the text is in capitals, which then say nothing

	phrases []formant.Phrase
	words   []formant.Word
	before  string // the word said last, lower case
	opening string // the first word of the sentence
	manner  formant.Manner
	broke   bool // the last phrase's pause was asked for
}

// read goes through a text.
func (r *reader) read(text string) {
	r.text, r.at = plain(text), 0
	for r.at < len(r.text) {
		r.next()
	}
}

// add speaks a word in the manner that is asked for now.
func (r *reader) add(w formant.Word) {
	w.Manner = r.manner
	r.words = append(r.words, w)
}

// longest is how many bytes what is read as one may have. It keeps texts that
// go on without an end from being looked through again at every letter.
const longest = 200

// next reads one thing: a number, a word, a sign.
func (r *reader) next() {
	rest := r.text[r.at:]
	c := rest[0]
	if r.at == 0 || !joined(r.text[r.at-1]) {
		for _, p := range patterns {
			if !p.begins(c) {
				continue
			}
			m := p.match.FindStringSubmatch(rest[:min(len(rest), longest)])
			if m == nil || (p.alone && runsOn(rest[len(m[0]):])) {
				continue
			}
			if p.read(r, m) {
				r.at += len(m[0])
				return
			}
		}
	}
	if letter(c) {
		r.at += r.word(rest)
		return
	}
	if digit(c) {
		n := run(rest, digit)
		r.digits(rest[:n])
		r.at += n
		return
	}
	r.at += r.sign(rest)
}

// joined says that what follows c belongs to the word of c.
func joined(c byte) bool { return letter(c) || digit(c) }

// runsOn says that a number goes on in letters or digits.
func runsOn(rest string) bool { return rest != "" && joined(rest[0]) }

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
func capital(c byte) bool {
	return c >= 'A' && c <= 'Z'
}

// run is how many bytes at the start of s are of a kind.
func run(s string, kind func(byte) bool) int {
	n := 0
	for n < len(s) && kind(s[n]) {
		n++
	}
	return n
}

// say speaks words as they are in the lists or by the rules of spelling.
func (r *reader) say(words ...string) {
	for _, w := range words {
		lower := strings.ToLower(w)
		if len(r.words) >= breath && conjunction(lower) {
			r.end(formant.Hold, 40*time.Millisecond)
		}
		word := pronounce(lower)
		if len(word.Sounds) == 0 {
			continue
		}
		word.Text = lower
		word.Strong = strings.Contains(" zero one two three four five six seven eight nine ", " "+lower+" ")
		r.add(word)
		r.before = lower
		if r.opening == "" {
			r.opening = lower
		}
	}
}

func conjunction(w string) bool {
	switch w {
	case "and", "or", "but", "because", "if", "when", "which", "while", "then", "to", "for", "please":
		return true
	}
	return false
}

// end closes the phrase.
func (r *reader) end(tone formant.Tone, pause time.Duration) {
	pause = time.Duration(float64(pause) / r.manner.Pace())
	if len(r.words) > 0 {
		r.phrases = append(r.phrases, formant.Phrase{Words: r.words, Tone: tone, Pause: pause})
		r.words, r.broke = nil, false
	} else if n := len(r.phrases); n > 0 && pause > r.phrases[n-1].Pause {
		r.phrases[n-1].Pause = pause
		if r.phrases[n-1].Tone == formant.Hold {
			r.phrases[n-1].Tone = tone
		}
	}
	if tone != formant.Hold {
		r.opening = ""
	}
}

// spell says letters one by one.
func (r *reader) spell(letters string) {
	for i := range len(letters) {
		if c := letters[i]; digit(c) {
			r.say(small[c-'0'])
		} else if letter(c) {
			r.add(formant.Word{Text: string(c | 0x20), Sounds: sounds(letterNames[c|0x20-'a']), Strong: true})
			r.before = string(c)
		}
	}
}

// digits says digits one by one, in groups.
func (r *reader) digits(s string) {
	for i, g := range groups(s) {
		if i > 0 {
			r.end(formant.Hold, pauseGroup)
		}
		r.spell(g)
	}
}

// letterNames are how letters are called.
var letterNames = [...]string{
	"EY1", "B IY1", "S IY1", "D IY1", "IY1", "EH1 F", "JH IY1", "EY1 CH", "AY1", "JH EY1", "K EY1", "EH1 L", "EH1 M",
	"EH1 N", "OW1", "P IY1", "K Y UW1", "AA1 R", "EH1 S", "T IY1", "Y UW1", "V IY1", "D AH1 B AX0 L Y UW2", "EH1 K S",
	"W AY1", "Z IY1",
}

// sign reads punctuation and symbols, and returns how long it was.
func (r *reader) sign(rest string) int {
	switch c := rest[0]; c {
	case '.', '!', '?':
		return r.stop(rest)
	case ',', '(', ')', '[', ']', '{', '}':
		r.end(formant.Hold, pauseComma)
	case ';', ':':
		r.end(formant.Hold, pauseColon)
	case '\n':
		if strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), "-") || strings.Count(rest[:run(rest, blank)], "\n") > 1 {
			r.end(formant.Fall, pauseSentence)
		} else {
			r.end(formant.Hold, pauseComma)
		}
		return run(rest, blank)
	case '-':
		n := run(rest, func(c byte) bool { return c == '-' })
		if n > 1 || (strings.HasPrefix(rest, "- ") && r.at > 0 && blank(r.text[r.at-1])) {
			r.end(formant.Hold, pauseComma)
		}
		return n
	default:
		return r.symbol(rest)
	}
	return 1
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// stop ends a sentence. A question goes up at its end unless it begins with
// who, what, where and the like.
func (r *reader) stop(rest string) int {
	n := run(rest, func(c byte) bool { return c == '.' || c == '!' || c == '?' })
	marks := rest[:n]
	switch {
	case strings.Contains(marks, "?"):
		tone := formant.Rise
		switch r.opening {
		case "who", "what", "where", "when", "why", "how", "which", "whose", "whom":
			tone = formant.Fall
		}
		r.end(tone, pauseSentence)
	case strings.Contains(marks, "!"):
		r.end(formant.Shout, pauseSentence)
	case n >= 3:
		r.end(formant.Hold, pauseSentence)
	default:
		r.end(formant.Fall, pauseSentence)
	}
	return n
}

// symbol says a sign that has a name.
func (r *reader) symbol(rest string) int {
	for sign, name := range symbols {
		if strings.HasPrefix(rest, sign) {
			r.say(name)
			return len(sign)
		}
	}
	switch {
	case rest[0] == '#' && len(rest) > 1 && digit(rest[1]):
		r.say("number")
	case rest[0] == '#':
		r.say("pound")
	case rest[0] == '/' && len(rest) > 1 && joined(rest[1]) && r.at > 0 && joined(r.text[r.at-1]):
		r.say("slash")
	}
	return 1
}

var symbols = map[string]string{
	"&": "and", "@": "at", "+": "plus", "=": "equals", "*": "star", "%": "percent", "°": "degrees", "$": "dollars",
	"€": "euros", "£": "pounds", "¥": "yen",
}
