package saying

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	phone     = regexp.MustCompile(`^\+?[0-9A-Za-z*#(][0-9A-Za-z*#() ./-]*$`)
	extension = regexp.MustCompile(`^[0-9A-Za-z*#]+$`)
	extended  = regexp.MustCompile(`^(.*?[0-9)])\s*(?:x|ext\.?|;ext=)\s*([0-9]+)$`)
)

// telephone says a number digit by digit, in groups; letters are spelled.
func (w *writer) telephone(v Value) bool {
	number := strings.TrimPrefix(strings.TrimPrefix(v.Text, "tel:"), "sip:")
	number, _, _ = strings.Cut(number, "@")
	ext := ""
	if m := extended.FindStringSubmatch(number); m != nil {
		number, ext = m[1], m[2]
	}
	if !phone.MatchString(number) || !strings.ContainsAny(number, "0123456789") {
		return false
	}
	digits, plus := strings.CutPrefix(number, "+")
	if plus {
		w.text("plus")
	}
	for i, group := range groups(digits) {
		if i > 0 {
			w.comma()
		}
		w.as("characters", group)
	}
	if ext != "" {
		w.comma()
		w.text("extension")
		w.as("characters", ext)
	}
	return true
}

// groups are the parts of a number as it is written; one that is not written
// in parts is cut by threes from its end, but for the last four.
func groups(number string) []string {
	parts := strings.FieldsFunc(number, func(r rune) bool { return strings.ContainsRune("() ./-", r) })
	if len(parts) != 1 || len(parts[0]) < 7 {
		return parts
	}
	rest := parts[0]
	out := []string{rest[len(rest)-4:]}
	for rest = rest[:len(rest)-4]; rest != ""; {
		cut := max(0, len(rest)-3)
		out = append([]string{rest[cut:]}, out...)
		rest = rest[:cut]
	}
	return out
}

// extension says every digit.
func (w *writer) extension(v Value) bool {
	if !extension.MatchString(v.Text) {
		return false
	}
	w.as("characters", v.Text)
	return true
}

// ip says the parts of an address as numbers or digit by digit; those of IPv6
// are spelled.
func (w *writer) ip(v Value) bool {
	a, err := netip.ParseAddr(v.Text)
	if err != nil {
		return false
	}
	if !a.Is4() {
		w.as("characters", a.WithZone("").String())
		return true
	}
	for i, part := range strings.Split(a.String(), ".") {
		if i > 0 {
			w.text("dot")
		}
		if v.Method == Iterated {
			w.as("characters", part)
		} else {
			w.count(part)
		}
	}
	return true
}

var web = regexp.MustCompile(`^(?i:https?://)?((?:[\w-]+\.)+[A-Za-z]{2,}|localhost)(:\d+)?([/?#]\S*)?$`)

// url says an address of the web without what goes without saying.
func (w *writer) url(v Value) bool {
	m := web.FindStringSubmatch(v.Text)
	if m == nil {
		return false
	}
	w.tokens(m[1]+m[2]+strings.TrimSuffix(m[3], "/"), v.Method == Iterated)
	return true
}

var mail = regexp.MustCompile(`^[^\s@]+@(?:[\w-]+\.)+[A-Za-z]{2,}$`)

func (w *writer) email(v Value) bool {
	if !mail.MatchString(v.Text) {
		return false
	}
	w.tokens(v.Text, v.Method == Iterated)
	return true
}

// signs are what the signs of addresses are called.
var signs = map[rune]string{
	'.': "dot", '@': "at", '/': "slash", '-': "dash", '_': "underscore", ':': "colon", '?': "question mark",
	'=': "equals", '&': "and", '#': "hash", '%': "percent", '+': "plus", '~': "tilde", '*': "star",
	'!': "exclamation mark",
}

// tokens says an address: words as words, unless nobody could, digits one by
// one, signs by their names; or all of it letter by letter.
func (w *writer) tokens(text string, spell bool) {
	for text != "" {
		word, rest := cutToken(text)
		text = rest
		first, _ := utf8.DecodeRuneInString(word)
		switch {
		case unicode.IsDigit(first):
			w.as("characters", word)
		case !unicode.IsLetter(first):
			if name, ok := signs[first]; ok {
				w.text(name)
			}
		case spell || !sayable(word):
			w.as("characters", word)
		default:
			w.text(word)
		}
	}
}

// cutToken parts letters, digits, or one sign from the start of a text.
func cutToken(text string) (token, rest string) {
	start, _ := utf8.DecodeRuneInString(text)
	is := func(rune) bool { return false }
	switch {
	case unicode.IsLetter(start):
		is = unicode.IsLetter
	case unicode.IsDigit(start):
		is = unicode.IsDigit
	}
	for i, r := range text {
		if i > 0 && !is(r) {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// sayable says whether letters look like a word: they have a vowel.
func sayable(word string) bool {
	return len(word) > 2 && strings.ContainsAny(strings.ToLower(word), "aeiouyäöüéèà") || strings.EqualFold(word, "me") ||
		strings.EqualFold(word, "co") || strings.EqualFold(word, "my")
}

// postal leaves short forms and house numbers to the voice.
func (w *writer) postal(v Value) bool {
	if v.Text == "" {
		return false
	}
	w.as("address", v.Text)
	return true
}
