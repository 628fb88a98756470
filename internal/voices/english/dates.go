package english

import (
	"strings"
	"unicode"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// dateAs reads a date whose order is given: format names day, month and year
// in theirs ("mdy", "ym", "d"…). "yyyymmdd" may leave parts open with
// question marks. Without a format it is read as text is.
func (r *reader) dateAs(format, text string) bool {
	if format == "yyyymmdd" || (format == "" && len(text) == 8 && run(text, digit) == 8) {
		if len(text) != 8 {
			return false
		}
		return r.dateParts(map[byte]string{'y': text[:4], 'm': text[4:6], 'd': text[6:]})
	}
	fields := strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	if format == "" || len(fields) != len(format) || strings.Trim(format, "dmy") != "" {
		return false
	}
	parts := map[byte]string{}
	for i := range len(format) {
		parts[format[i]] = fields[i]
	}
	return len(parts) == len(format) && r.dateParts(parts)
}

// dateParts says month, day and year, as far as they are given; nothing, if
// one of them cannot be.
func (r *reader) dateParts(parts map[byte]string) bool {
	name, okMonth := monthCalled(parts['m'])
	day, okDay := dayCalled(parts['d'])
	y, okYear := yearCalled(parts['y'])
	if !okMonth || !okDay || !okYear || len(name)+len(day)+len(y) == 0 {
		return false
	}
	if name != "" {
		r.say(name)
	}
	if name == "" && len(day) > 0 {
		r.say("the")
	}
	r.say(day...)
	if len(y) > 0 && len(day) > 0 {
		r.end(formant.Hold, pauseGroup/2)
	}
	r.say(y...)
	return true
}

// open says that a part of a date is not given.
func open(part string) bool { return strings.Trim(part, "?") == "" }

// monthCalled is the name of a month: of its number, or of the beginning of
// its name.
func monthCalled(s string) (string, bool) {
	if open(s) {
		return "", true
	}
	if n, ok := count(s); ok {
		if n < 1 || n > 12 {
			return "", false
		}
		return monthsInOrder[n-1], true
	}
	lower := strings.ToLower(s)
	for _, m := range monthsInOrder {
		if len(lower) >= 3 && strings.HasPrefix(m, lower) {
			return m, true
		}
	}
	return "", false
}

func dayCalled(s string) ([]string, bool) {
	if open(s) {
		return nil, true
	}
	n, ok := count(strings.TrimRight(strings.ToLower(s), "stndrh"))
	if !ok || n < 1 || n > 31 {
		return nil, false
	}
	return ordinal(n), true
}

func yearCalled(s string) ([]string, bool) {
	if open(s) {
		return nil, true
	}
	n, ok := count(s)
	if !ok || n > 9999 {
		return nil, false
	}
	if len(s) == 2 {
		n += 2000
	}
	return year(n), true
}
