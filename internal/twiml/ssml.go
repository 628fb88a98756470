package twiml

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// ssml are the words that may stand in a Say and in each other (section 2.2).
// twilio-go writes them with capitals.
func ssml() []*word {
	all := []*word{
		{name: "break", also: []string{"Break"}, attrs: []attr{
			{name: "strength", kind: oneOf("none", "x-weak", "weak", "medium", "strong", "x-strong"), unset: "medium"},
			{name: "time", kind: matching(`^\d+(\.\d+)?(ms|s)$`, "a duration such as 3s or 500ms")},
		}},
		{name: "emphasis", also: []string{"Emphasis"}, text: true, attrs: []attr{
			{name: "level", kind: oneOf("strong", "moderate", "reduced"), unset: "moderate"},
		}},
		{name: "lang", also: []string{"Lang"}, text: true, attrs: []attr{
			{name: "xml:lang", also: []string{"xmlLang"}, kind: tongue()},
		}},
		{name: "p", also: []string{"P"}, text: true},
		{name: "phoneme", also: []string{"Phoneme"}, text: true, attrs: []attr{
			{name: "alphabet", unset: "ipa", kind: oneOf("ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin",
				"x-amazon-pron-kana", "x-amazon-yomigana")},
			{name: "ph", kind: longText()},
		}},
		{name: "prosody", also: []string{"Prosody"}, text: true, attrs: []attr{
			{name: "volume", kind: matching(`^(silent|x-soft|soft|medium|loud|x-loud|default|[+-]\d+(\.\d+)?dB)$`,
				"one of silent x-soft soft medium loud x-loud, or such as +6dB")},
			{name: "rate", kind: matching(`^(x-slow|slow|medium|fast|x-fast|default|[+-]?\d+(\.\d+)?%)$`,
				"one of x-slow slow medium fast x-fast, or such as 90%")},
			{name: "pitch", kind: matching(`^(x-low|low|medium|high|x-high|default|[+-]\d+(\.\d+)?%)$`,
				"one of x-low low medium high x-high, or such as +10%")},
		}},
		{name: "s", also: []string{"S"}, text: true},
		{name: "say-as", also: []string{"SayAs"}, text: true, attrs: []attr{
			{name: "interpret-as", also: []string{"interpretAs"}, kind: oneOf("characters", "spell-out", "cardinal", "number",
				"ordinal", "digits", "fraction", "unit", "date", "time", "address", "expletive", "telephone")},
			{name: "format", kind: oneOf("mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y", "yyyymmdd")},
		}},
		{name: "sub", also: []string{"Sub"}, text: true, attrs: []attr{{name: "alias", kind: longText()}}},
		{name: "w", also: []string{"W"}, text: true, attrs: []attr{{name: "role", kind: longText()}}},
	}
	for _, w := range all {
		if w.text {
			w.inside = all
		}
	}
	return all
}

// speech is what a Say holds: plain text, or, if there is any markup in it,
// what would stand between <speak> and </speak>, of at most limit characters
// together with its markup.
func speech(e *element, limit int) (text string, marked, cut bool) {
	for _, kid := range e.children() {
		marked = marked || kid.word != nil
	}
	s := speaker{left: limit, plain: !marked}
	s.inner(e)
	return strings.TrimSpace(s.out.String()), marked, s.cut
}

// speaker writes what is to be said, in a bounded number of characters.
type speaker struct {
	out   strings.Builder
	plain bool // no markup, so nothing is escaped
	left  int
	cut   bool
}

// inner writes what is in e. Of markup that is not known only the text stays.
func (s *speaker) inner(e *element) {
	for _, in := range e.inside {
		switch {
		case in.element == nil:
			s.text(in.text)
		case in.word == nil:
			s.inner(in.element)
		default:
			s.element(in.element)
		}
	}
}

var (
	escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	escapeAttr = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\t", "&#9;")
)

func (s *speaker) text(text string) {
	if s.out.Len() == 0 {
		text = strings.TrimLeft(text, blanks)
	}
	if s.plain {
		s.write(text)
		return
	}
	for _, r := range text {
		s.write(escapeText.Replace(string(r)))
	}
}

// blanks are XML's.
const blanks = " \t\r\n"

// write writes a word, or in plain text as much of it as there is room for.
func (s *speaker) write(word string) {
	n := utf8.RuneCountInString(word)
	if n > s.left {
		// Blanks at the end are left out anyway.
		s.cut = s.cut || strings.Trim(word, blanks) != ""
		if s.plain {
			s.out.WriteString(cutRunes(word, s.left))
		}
		s.left = 0
		return
	}
	s.left -= n
	s.out.WriteString(word)
}

// element writes a word of SSML, in its proper spelling. One whose tags have
// no room is left out.
func (s *speaker) element(e *element) {
	var tag strings.Builder
	tag.WriteString("<" + e.word.name)
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		if v := e.values[name]; v != "" {
			tag.WriteString(" " + name + `="` + escapeAttr.Replace(v) + `"`)
		}
	}
	if len(e.inside) == 0 {
		s.tag(tag.String()+"/>", "")
		return
	}
	closing := "</" + e.word.name + ">"
	if s.tag(tag.String()+">", closing) {
		s.inner(e)
		s.out.WriteString(closing)
	}
}

// tag writes opening and keeps room for closing, and says whether there was
// enough for both.
func (s *speaker) tag(opening, closing string) bool {
	n := utf8.RuneCountInString(opening) + len(closing)
	if n > s.left {
		s.cut, s.left = true, 0
		return false
	}
	s.left -= n
	s.out.WriteString(opening)
	return true
}
