package english

import (
	"regexp"
	"strings"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// pattern is a way of writing that is not read letter for letter. read says
// false if it only looked like it.
type pattern struct {
	begins func(byte) bool
	match  *regexp.Regexp // from the start; no group is left out
	alone  bool           // no letter or digit may follow
	read   func(r *reader, m []string) bool
}

const (
	monthNames = `(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|` +
		`Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`
	wholeNumber = `(\d{1,3}(?:,\d{3})+|\d+)`
	halfOfDay   = `(?:\s?([aApP])\.?[mM](\.?))`
)

func numeric(c byte) bool { return digit(c) || c == '-' }
func phoning(c byte) bool { return digit(c) || c == '+' || c == '(' }
func paying(c byte) bool  { return c == '$' || c == 0xE2 || c == 0xC2 }

// patterns in the order they are tried.
var patterns = []pattern{
	{joined, start(`([\w.+-]+)@((?:[\w-]+\.)+[A-Za-z]{2,})`), true, (*reader).email},
	{letter, start(`https?://(?:www\.)?([\w.-]+\w)(/[\w./-]*\w)?/?`), false, (*reader).address},
	{letter, start(`www\.([\w.-]+\w)(/[\w./-]*\w)?/?`), false, (*reader).address},
	{
		joined, start(`((?:[\w-]+\.)+(?:com|net|org|io|edu|gov|info|co\.uk|de|fr|eu|uk))(/[\w./-]*\w)?/?`), true,
		(*reader).address,
	},
	{digit, start(`(\d{4})-(\d{2})-(\d{2})`), true, (*reader).isoDate},
	{digit, start(`(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})`), true, (*reader).slashDate},
	{capital, start(monthNames + `\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?`), true, (*reader).monthDay},
	{digit, start(`(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?` + monthNames + `(?:,?\s+(\d{4}))?`), true, (*reader).dayMonth},
	{digit, start(`(\d{1,2}):(\d{2})(?::(\d{2}))?` + halfOfDay + `?`), true, (*reader).clock},
	{digit, start(`(\d{1,2})()()` + halfOfDay), true, (*reader).clock},
	{
		paying, start(`(\$|€|£|¥)\s?` + wholeNumber + `(?:\.(\d{1,2}))?(?:\s(thousand|million|billion|trillion))?`), true,
		(*reader).money,
	},
	{phoning, start(`(\+?)((?:\(\d{2,5}\)|\d{1,5})(?:[-. ]?(?:\(\d{2,5}\)|\d{2,5})){1,5})`), true, (*reader).phone},
	{phoning, start(`(\+)(\d{5,15})`), true, (*reader).phone},
	{digit, start(`(\d+(?:\.\d+){2,})`), true, (*reader).dotted},
	{digit, start(`([1-9])/([2-9])`), true, (*reader).fraction},
	{numeric, start(`(-?)` + wholeNumber + `(?:\.(\d+))?\s?(` + unitNames() + `|%)`), true, (*reader).measure},
	{numeric, start(`(-?)` + wholeNumber + `\.(\d+)`), true, (*reader).decimal},
	{digit, start(wholeNumber + `(st|nd|rd|th)`), true, (*reader).place},
	{numeric, start(`(-?)` + wholeNumber), true, (*reader).number},
	{joined, start(`([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)`), true, (*reader).code},
	{letter, start(`((?:[A-Za-z]\.){2,})`), false, (*reader).initials},
	{letter, start(`([A-Za-z]+)\.`), false, (*reader).abbreviation},
}

func start(expression string) *regexp.Regexp { return regexp.MustCompile(`\A` + expression) }

var monthsInOrder = [...]string{
	"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
	"december",
}

// month is the whole name for the beginning of one.
func month(name string) string {
	for _, m := range monthsInOrder {
		if strings.HasPrefix(m, strings.ToLower(name)[:3]) {
			return m
		}
	}
	return name
}

// date says "november twentieth, twenty twenty six"; false if there is no such
// day.
func (r *reader) date(y, m, d string) bool {
	mm, _ := count(m)
	if mm < 1 || mm > 12 {
		return false
	}
	return r.day(monthsInOrder[mm-1], d, y)
}

func (r *reader) day(name, d, y string) bool {
	dd, _ := count(d)
	if dd < 1 || dd > 31 {
		return false
	}
	r.say(name)
	r.say(ordinal(dd)...)
	if yy, ok := count(y); ok {
		if len(y) == 2 {
			yy += 2000
		}
		r.end(formant.Hold, pauseGroup/2)
		r.say(year(yy)...)
	}
	return true
}

func (r *reader) isoDate(m []string) bool { return r.date(m[1], m[2], m[3]) }

// slashDate is month first, as in America, unless only the day can be.
func (r *reader) slashDate(m []string) bool {
	return r.date(m[3], m[1], m[2]) || r.date(m[3], m[2], m[1])
}

func (r *reader) monthDay(m []string) bool { return r.day(month(m[1]), m[2], m[3]) }
func (r *reader) dayMonth(m []string) bool { return r.day(month(m[2]), m[1], m[3]) }

// clock says "two thirty p m", "fourteen thirty", "nine o'clock".
func (r *reader) clock(m []string) bool {
	h, _ := count(m[1])
	minute, _ := count(m[2])
	second, timed := count(m[3])
	if h > 24 || minute > 59 || second > 59 {
		return false
	}
	r.say(cardinal(h)...)
	switch {
	case minute == 0 && m[2] == "":
	case minute == 0 && !timed && m[4] == "" && h > 0 && h <= 12:
		r.say("o'clock")
	case minute == 0 && m[4] == "":
		r.say("hundred")
	case minute > 0 && minute < 10:
		r.say("oh", small[minute])
	case minute > 0:
		r.say(cardinal(minute)...)
	}
	if timed {
		r.say("and")
		r.say(cardinal(second)...)
		r.say(plural("second", second))
	}
	if m[4] != "" {
		r.spell(m[4] + "m")
		if m[5] != "" && r.sentenceEnds(m[0]) {
			r.end(formant.Fall, pauseSentence)
		}
	}
	return true
}

// sentenceEnds says whether the point of an abbreviation is also the end of
// its sentence: nothing follows, or a capital.
func (r *reader) sentenceEnds(matched string) bool {
	rest := strings.TrimLeft(r.text[r.at+len(matched):], " \t\r\n\"')")
	return rest == "" || capital(rest[0])
}

// plural is a noun in the number of n.
func plural(noun string, n uint64) string {
	switch {
	case n == 1:
		return noun
	case noun == "foot" || noun == "feet":
		return "feet"
	case noun == "inch":
		return "inches"
	case noun == "penny":
		return "pence"
	case noun == "yen" || noun == "percent" || noun == "hertz" || strings.HasSuffix(noun, "s"):
		return noun
	}
	return noun + "s"
}

// coins are the names of money, large and small.
var coins = map[string][2]string{
	"$": {"dollar", "cent"}, "€": {"euro", "cent"}, "£": {"pound", "penny"}, "¥": {"yen", ""},
}

// money says "twelve dollars and fifty cents".
func (r *reader) money(m []string) bool {
	n, ok := count(m[2])
	if !ok {
		return false
	}
	coin := coins[m[1]]
	if m[4] != "" {
		r.say(cardinal(n)...)
		if m[3] != "" {
			r.say("point")
			r.spell(m[3])
		}
		r.say(m[4], plural(coin[0], 2))
		return true
	}
	cents, some := count(m[3])
	if len(m[3]) == 1 {
		cents *= 10
	}
	if n > 0 || cents == 0 {
		r.say(cardinal(n)...)
		r.say(plural(coin[0], n))
	}
	if some && cents > 0 && coin[1] != "" {
		if n > 0 {
			r.say("and")
		}
		r.say(cardinal(cents)...)
		r.say(plural(coin[1], cents))
	}
	return true
}

// phone says a telephone number digit by digit, in the groups it is written.
func (r *reader) phone(m []string) bool {
	digits := 0
	for i := range len(m[2]) {
		if digit(m[2][i]) {
			digits++
		}
	}
	written := strings.FieldsFunc(m[2], func(c rune) bool { return c < '0' || c > '9' })
	if digits < 7 || digits > 15 || (m[1] == "" && len(written) < 2) {
		return false
	}
	if m[1] == "" && strings.Count(m[2], ".") == len(written)-1 && len(written) == 4 {
		return false // an address of the Internet
	}
	if m[1] == "" && strings.Count(m[2], " ") == len(written)-1 && digits < 10 {
		return false // numbers one after the other
	}
	if m[1] != "" {
		r.say("plus")
	}
	for i, g := range written {
		if i > 0 {
			r.end(formant.Hold, pauseGroup)
		}
		r.digits(g)
	}
	return true
}

// dotted says versions and addresses: "ten dot zero dot one".
func (r *reader) dotted(m []string) bool {
	for i, part := range strings.Split(m[1], ".") {
		if i > 0 {
			r.say("dot")
		}
		if n, ok := count(part); ok && n < 100 {
			r.say(cardinal(n)...)
		} else {
			r.digits(part)
		}
	}
	return true
}

func (r *reader) fraction(m []string) bool {
	over, _ := count(m[1])
	under, _ := count(m[2])
	if over >= under {
		return false
	}
	r.say(cardinal(over)...)
	part := ordinal(under)[0]
	switch under {
	case 2:
		part = "half"
	case 4:
		part = "quarter"
	}
	r.say(plural(part, over))
	return true
}

func (r *reader) decimal(m []string) bool {
	n, ok := count(m[2])
	if !ok {
		return false
	}
	r.minus(m[1])
	r.say(cardinal(n)...)
	r.say("point")
	r.spell(m[3])
	return true
}

// minus says a sign that stands before a number and is no hyphen.
func (r *reader) minus(sign string) {
	if sign != "" && (r.at == 0 || blank(r.text[r.at-1]) || r.text[r.at-1] == '(') {
		r.say("minus")
	}
}

// measure says a number and its unit.
func (r *reader) measure(m []string) bool {
	n, ok := count(m[2])
	if !ok {
		return false
	}
	r.minus(m[1])
	r.say(cardinal(n)...)
	if m[3] != "" {
		n = 2
		r.say("point")
		r.spell(m[3])
	}
	names := strings.Fields(unit(m[4]))
	names[0] = plural(names[0], n)
	r.say(names...)
	return true
}

func (r *reader) place(m []string) bool {
	n, ok := count(m[1])
	if ok {
		r.say(ordinal(n)...)
	}
	return ok
}

// number says a whole number: counted if it is short, as a year if it looks
// like one, digit by digit if it is long, begins with 0 or is some kind of
// code.
func (r *reader) number(m []string) bool {
	n, ok := count(m[2])
	comma := strings.Contains(m[2], ",")
	bare := strings.ReplaceAll(m[2], ",", "")
	switch {
	case !ok || (len(bare) > 1 && bare[0] == '0') || (len(bare) > 4 && !comma && n%1000 != 0):
		r.digits(bare)
	case len(bare) > 2 && !comma && identifying(r.before):
		r.digits(bare)
	case len(bare) == 4 && !comma && n >= 1900 && n <= 2099:
		r.say(year(n)...)
	default:
		r.minus(m[1])
		r.say(cardinal(n)...)
	}
	return true
}

// identifying says that a number after the word names something and counts
// nothing.
func identifying(word string) bool {
	switch word {
	case "code", "pin", "extension", "account", "number", "ticket", "order", "reference", "confirmation", "digits",
		"entered", "dialed", "dial", "pressed", "press", "id", "zip", "flight", "case", "invoice", "password", "d",
		"mailbox", "n":
		return true
	}
	return false
}
