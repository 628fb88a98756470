package english

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// units are what stands behind numbers, and how it is read.
var units = map[string]string{
	"km": "kilometer", "cm": "centimeter", "mm": "millimeter", "m": "meter", "kg": "kilogram", "g": "gram",
	"lb": "pound", "lbs": "pound", "oz": "ounce", "ft": "feet", "mi": "mile", "mph": "mile per hour",
	"km/h": "kilometer per hour", "GB": "gigabyte", "MB": "megabyte", "kB": "kilobyte", "KB": "kilobyte",
	"TB": "terabyte", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "ms": "millisecond",
	"min": "minute", "mins": "minute", "sec": "second", "secs": "second", "hr": "hour", "hrs": "hour", "h": "hour",
	"°C": "degree celsius", "°F": "degree fahrenheit", "°": "degree", "%": "percent", "USD": "dollar", "EUR": "euro",
	"GBP": "pound", "L": "liter", "ml": "milliliter", "kW": "kilowatt", "V": "volt", "W": "watt",
}

func unit(name string) string { return units[name] }

// unitNames is a regular expression of all units, the longest first.
func unitNames() string {
	names := slices.SortedFunc(maps.Keys(units), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return strings.Join(slices.DeleteFunc(names, func(n string) bool { return n == "%" }), "|")
}

// abbreviations that are written with a point.
var abbreviations = map[string]string{
	"mr": "mister", "mrs": "missus", "ms": "miz", "prof": "professor", "jr": "junior", "sr": "senior",
	"ave": "avenue", "blvd": "boulevard", "rd": "road", "ln": "lane", "hwy": "highway", "apt": "apartment",
	"ext": "extension", "no": "number", "nr": "number", "dept": "department", "approx": "approximately", "vs": "versus",
	"etc": "et cetera", "inc": "incorporated", "ltd": "limited", "corp": "corporation", "co": "company",
	"tel": "telephone", "min": "minutes", "max": "maximum", "hr": "hour", "hrs": "hours", "sec": "seconds",
	"mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday", "thur": "thursday",
	"thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday", "jan": "january", "feb": "february",
	"mar": "march", "apr": "april", "jun": "june", "jul": "july", "aug": "august", "sep": "september",
	"sept": "september", "oct": "october", "nov": "november", "dec": "december", "st": "", "dr": "", "mt": "mount",
	"ft": "fort", "gen": "general", "capt": "captain", "lt": "lieutenant", "sgt": "sergeant", "rev": "reverend",
	"govt": "government", "intl": "international", "asst": "assistant", "mgr": "manager", "acct": "account",
	"appt": "appointment", "msg": "message", "misc": "miscellaneous", "est": "established",
}

// ambiguous are abbreviations that are words as well: they need a capital and
// something behind them.
const ambiguous = " no sun sat mon wed mar co max min sec fri est rev gen "

// abbreviation reads "Dr. Smith", "Main St.", "No. 5".
func (r *reader) abbreviation(m []string) bool {
	short := strings.ToLower(m[1])
	long, ok := abbreviations[short]
	if !ok {
		return false
	}
	rest := r.text[r.at+len(m[0]):]
	follow := strings.TrimLeft(rest, " \t")
	if strings.Contains(ambiguous, " "+short+" ") {
		if !capital(m[1][0]) || follow == "" || !joined(follow[0]) || (short == "no" && !digit(follow[0])) {
			return false
		}
	}
	title := follow != "" && capital(follow[0]) && !r.named()
	switch {
	case short == "st" && title:
		long = "saint"
	case short == "st":
		long = "street"
	case short == "dr" && title:
		long = "doctor"
	case short == "dr":
		long = "drive"
	}
	r.say(strings.Fields(long)...)
	closing := short == "etc" || short == "inc" || short == "ltd" || long == "street" || long == "drive" ||
		long == "road" || long == "avenue"
	if follow == "" || (closing && r.sentenceEnds(m[0])) {
		r.end(formant.Fall, pauseSentence)
	}
	return true
}

// named says that the word before stands in capitals within the sentence, so
// that "St." after it is a street.
func (r *reader) named() bool {
	text := strings.TrimRight(r.text[:r.at], " ")
	i := strings.LastIndexAny(text, " \t\r\n") + 1
	return i < len(text) && capital(text[i]) && joined(text[len(text)-1]) && (i > 0 && digitBefore(text[:i]))
}

// digitBefore says that a house number stands before a name.
func digitBefore(text string) bool {
	text = strings.TrimRight(text, " ")
	i := strings.LastIndexAny(text, " \t\r\n") + 1
	return i < len(text) && (digit(text[i]) || capital(text[i]))
}

// initials reads "U.S.A.", "e.g.", "p.m.".
func (r *reader) initials(m []string) bool {
	switch strings.ToLower(m[1]) {
	case "e.g.":
		r.say("for", "example")
	case "i.e.":
		r.say("that", "is")
	default:
		r.spell(m[1])
	}
	if strings.TrimSpace(r.text[r.at+len(m[0]):]) == "" {
		r.end(formant.Fall, pauseSentence)
	}
	return true
}

// code reads what mixes letters and digits, like ABC-123, part by part; words
// with a hyphen and plain words are left to others.
func (r *reader) code(m []string) bool {
	if !strings.ContainsFunc(m[1], func(c rune) bool { return c >= '0' && c <= '9' }) {
		return false
	}
	for i, part := range strings.Split(m[1], "-") {
		if i > 0 {
			r.end(formant.Hold, pauseGroup/2)
		}
		for part != "" {
			if n := run(part, digit); n > 0 {
				r.amount(part[:n])
				part = part[n:]
				continue
			}
			n := run(part, letter)
			r.letters(part[:n])
			part = part[n:]
		}
	}
	return true
}

// amount is digits within a code: one or two together, more one by one.
func (r *reader) amount(digits string) {
	if n, ok := count(digits); ok && len(digits) <= 2 && digits[0] != '0' {
		r.say(cardinal(n)...)
		return
	}
	r.digits(digits)
}

// letters is letters within a code: a word only if it is known and written
// small.
func (r *reader) letters(s string) {
	if _, known := lookup(strings.ToLower(s)); known && len(s) > 2 && s != strings.ToUpper(s) {
		r.say(s)
		return
	}
	r.spell(s)
}

// word reads a word, and returns how long it was.
func (r *reader) word(rest string) int {
	n := run(rest, func(c byte) bool { return letter(c) || c == '\'' })
	w := strings.TrimRight(rest[:n], "'")
	lower := strings.ToLower(w)
	if r.acronym(w) {
		many := strings.HasSuffix(w, "s") && len(w) > 2 && capital(w[len(w)-2])
		r.spell(strings.TrimSuffix(strings.TrimSuffix(w, "s"), "'"))
		if many {
			r.suffix("Z")
		}
		return n
	}
	r.say(lower)
	return n
}

// suffix adds a sound to the word said last.
func (r *reader) suffix(sound string) {
	if last := len(r.words) - 1; last >= 0 {
		r.words[last].Sounds = append(r.words[last].Sounds, sounds(sound)...)
	}
}

// acronym says that a word is to be spelled: capitals that are no word, or
// nothing but consonants.
func (r *reader) acronym(w string) bool {
	lower := strings.ToLower(w)
	if _, known := lookup(lower); known {
		return false
	}
	if spokenAcronyms[lower] {
		return false
	}
	if len(w) == 1 {
		return true
	}
	if !strings.ContainsAny(lower, "aeiouy") && !strings.Contains(lower, "'") {
		return !strings.Contains(" hmm shh psst mm hm ", " "+lower+" ")
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(w, "s"), "'")
	return stem == strings.ToUpper(stem) && !r.capitals && len(stem) >= 2 && len(stem) <= 5
}

// spokenAcronyms are capitals that are spoken as a word.
var spokenAcronyms = map[string]bool{
	"nasa": true, "nato": true, "unicef": true, "laser": true, "radar": true, "gif": true, "jpeg": true, "ram": true,
	"rom": true, "lan": true, "wan": true, "sim": true, "pin": true, "opec": true, "aids": true, "zip": true,
	"json": true, "yaml": true, "captcha": true, "asap": false,
}

// email reads "info at example dot com".
func (r *reader) email(m []string) bool {
	r.netName(m[1])
	r.say("at")
	r.netName(m[2])
	return true
}

// address reads a name of the web; its scheme says nothing to a listener.
func (r *reader) address(m []string) bool {
	if !strings.Contains(m[1], ".") {
		return false
	}
	r.netName(m[1])
	for part := range strings.SplitSeq(strings.Trim(m[2], "/"), "/") {
		if part != "" {
			r.say("slash")
			r.netName(part)
		}
	}
	return true
}

// netName reads the words and signs of a name.
func (r *reader) netName(name string) {
	for name != "" {
		switch n := run(name, letter); {
		case n > 0:
			w := strings.ToLower(name[:n])
			if _, known := lookup(w); !known && (n <= 3 && w != "com" && w != "net" && w != "org" && w != "gov") {
				r.spell(w)
			} else {
				r.say(w)
			}
			name = name[n:]
		case digit(name[0]):
			n := run(name, digit)
			r.amount(name[:n])
			name = name[n:]
		default:
			if sign, ok := map[byte]string{'.': "dot", '-': "dash", '_': "underscore", '+': "plus"}[name[0]]; ok {
				r.say(sign)
			}
			name = name[1:]
		}
	}
}
