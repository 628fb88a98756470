package english

import (
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// SayAs reads a piece as what it is said to be: the values of SSML's
// interpret-as (W3C "SSML 1.0 say-as attribute values") that Twilio's Say
// takes. What does not look like it is read as text.
func (s *Script) SayAs(as, format, text string) {
	s.accented(func() {
		if !s.r.sayAs(as, format, strings.TrimSpace(plain(text))) {
			s.r.read(text)
		}
	})
}

// The bleep for an expletive lasts about as long as the word.
const (
	bleepLetter  = 70 * time.Millisecond
	bleepMost    = 1500 * time.Millisecond
	bleepLeast   = 250 * time.Millisecond
	addressDigit = 4 // digits of the longest house number that is read in pairs
)

// BleepFor is how long the bleep for a text is.
func BleepFor(text string) time.Duration {
	return min(max(time.Duration(len(text))*bleepLetter, bleepLeast), bleepMost)
}

func (r *reader) sayAs(as, format, text string) bool {
	switch as {
	case "characters", "spell-out", "verbatim":
		return r.characters(text)
	case "digits":
		return r.onlyDigits(text)
	case "cardinal", "number":
		return r.counted(text)
	case "ordinal":
		n, ok := count(strings.TrimRight(text, "stndrh."))
		if ok {
			r.say(ordinal(n)...)
		}
		return ok
	case "fraction":
		return r.anyFraction(text)
	case "unit":
		return r.anyUnit(text)
	case "date":
		return r.dateAs(format, text)
	case "time":
		return r.span(text)
	case "telephone":
		return r.telephone(text)
	case "address":
		return r.postal(text)
	}
	return false
}

// signs are how characters are called that are neither letters nor digits.
var signs = map[byte]string{
	'.': "dot", ',': "comma", '-': "dash", '_': "underscore", '/': "slash", '@': "at", '+': "plus", '#': "pound",
	'*': "star",
	'&': "and", '%': "percent", '=': "equals", '$': "dollar", ':': "colon", '!': "exclamation mark", '?': "question mark",
}

// characters says everything one by one.
func (r *reader) characters(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch name, ok := signs[c]; {
		case joined(c):
			r.spell(text[i : i+1])
		case ok:
			r.say(strings.Fields(name)...)
		case blank(c):
			r.end(formant.Hold, pauseGroup)
		}
	}
	return true
}

// onlyDigits says digits one by one; what stands between them separates
// groups.
func (r *reader) onlyDigits(text string) bool {
	return r.grouped(strings.FieldsFunc(text, func(c rune) bool { return c < '0' || c > '9' }))
}

func (r *reader) grouped(groups []string) bool {
	for i, g := range groups {
		if i > 0 {
			r.end(formant.Hold, pauseGroup)
		}
		r.digits(g)
	}
	return len(groups) > 0
}

// counted says a number as an amount: "1234" is one thousand two hundred
// thirty four, never a year or a code.
func (r *reader) counted(text string) bool {
	bare, negative := strings.CutPrefix(text, "-")
	whole, part, decimal := strings.Cut(strings.TrimPrefix(bare, "+"), ".")
	n, ok := count(whole)
	if !ok || (decimal && (part == "" || run(part, digit) != len(part))) {
		return false
	}
	if negative {
		r.say("minus")
	}
	r.say(cardinal(n)...)
	if decimal {
		r.say("point")
		r.spell(part)
	}
	return true
}

// anyFraction says "3/20", "2 1/2", "2+1/2".
func (r *reader) anyFraction(text string) bool {
	above, below, ok := strings.Cut(text, "/")
	over, okOver := count(above)
	whole, hasWhole := uint64(0), false
	if i := strings.LastIndexAny(above, " +"); i > 0 {
		over, okOver = count(above[i+1:])
		whole, hasWhole = count(strings.TrimRight(above[:i], " +"))
		if !hasWhole {
			return false
		}
	}
	under, okUnder := count(strings.TrimSpace(below))
	if !ok || !okOver || !okUnder || under == 0 {
		return false
	}
	if hasWhole {
		r.say(cardinal(whole)...)
		r.say("and")
	}
	r.say(cardinal(over)...)
	r.part(over, under)
	return true
}

// part names the parts of a fraction.
func (r *reader) part(over, under uint64) {
	switch {
	case under == 1:
		r.say("over", "one")
	case under == 2 && over > 1:
		r.say("halves")
	case under == 2:
		r.say("half")
	case under == 4:
		r.say(plural("quarter", over))
	default:
		words := ordinal(under)
		words[len(words)-1] = plural(words[len(words)-1], over)
		r.say(words...)
	}
}

// anyUnit says an amount or a fraction and its unit: "10km", "1/2inch".
func (r *reader) anyUnit(text string) bool {
	n := run(text, func(c byte) bool { return digit(c) || strings.IndexByte("+-/., ", c) >= 0 })
	amount, name := strings.TrimSpace(text[:n]), strings.TrimSpace(text[n:])
	if name == "" || strings.ContainsAny(name, "0123456789") {
		return false
	}
	if !r.counted(amount) && !r.anyFraction(amount) {
		return false
	}
	words := strings.Fields(unit(name))
	if len(words) == 0 {
		words = strings.Fields(name)
	}
	if amount != "1" && !strings.Contains(amount, "/") {
		words[0] = plural(words[0], 2)
	}
	r.say(words...)
	return true
}

// span says a duration: 1'21" is one minute and twenty one seconds. A time of
// day is read as text is.
func (r *reader) span(text string) bool {
	minutes, seconds, ok := strings.Cut(text, "'")
	m, okM := count(minutes)
	seconds = strings.TrimSuffix(strings.TrimSuffix(seconds, `"`), "''")
	s, okS := count(seconds)
	if !ok || !okM || (!okS && seconds != "") {
		return false
	}
	r.say(cardinal(m)...)
	r.say(plural("minute", m))
	if okS {
		r.say("and")
		r.say(cardinal(s)...)
		r.say(plural("second", s))
	}
	return true
}

// telephone says a number digit by digit in the groups it is written in, or
// those it is spoken in, and an extension.
func (r *reader) telephone(text string) bool {
	number, extension, _ := strings.Cut(strings.ToLower(text), "x")
	number = strings.TrimRight(number, " e") // of "ext."
	if !strings.ContainsAny(number, "0123456789") || strings.ContainsFunc(number, isLetter) {
		return false
	}
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		r.say("plus")
	}
	r.onlyDigits(number)
	if strings.ContainsAny(extension, "0123456789") {
		r.end(formant.Hold, pauseGroup)
		r.say("extension")
		r.onlyDigits(extension)
	}
	return true
}

func isLetter(c rune) bool { return c < 0x80 && letter(byte(c)) }

// streets are the short forms of addresses, which need no point there.
var streets = map[string]string{
	"st": "street", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "rd": "road", "ln": "lane", "dr": "drive",
	"ct": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway", "apt": "apartment",
	"ste": "suite", "fl": "floor", "n": "north", "s": "south", "e": "east", "w": "west", "ne": "northeast",
	"nw": "northwest", "se": "southeast", "sw": "southwest", "po": "p o", "mt": "mount", "ft": "fort",
}

// postal reads an address: house numbers in pairs, longer numbers digit by
// digit, short forms in full.
func (r *reader) postal(text string) bool {
	for i, line := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == '\n' || c == ';' }) {
		if i > 0 {
			r.end(formant.Hold, pauseComma)
		}
		words := strings.Fields(line)
		for n, w := range words {
			bare := strings.TrimSuffix(w, ".")
			long := streets[strings.ToLower(bare)]
			if long == "street" && n == 0 {
				long = "saint"
			}
			amount, ok := count(bare)
			switch {
			case long != "":
				r.read(long)
			case ok && len(bare) == addressDigit && amount%1000 != 0 && bare[0] != '0':
				r.say(year(amount)...)
			case ok && len(bare) > addressDigit:
				r.spell(bare)
			default:
				r.read(w)
			}
		}
	}
	return true
}
