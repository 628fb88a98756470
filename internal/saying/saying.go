// Package saying turns values into what a voice reads: the types and methods
// that Kazoo's say has (spec/crossbar-api.md appendix B, audio_macro.say), as
// SSML in English. It knows no voice and no clock.
package saying

import (
	"html"
	"slices"
	"strings"
	"time"
)

// MaxText is how long a value may be, in characters.
const MaxText = 1000

// Value is something to be said.
type Value struct {
	Text   string
	Type   string // one of Types; "" is name_spelled
	Method string // one of Methods; "" and "none" are pronounced
	// Now is the time, by the clocks that dates and times are said in.
	Now time.Time
}

// Methods are the ways to say a value: as one says it, sign by sign, as a
// place in a row, or as the type is usually said. Most types know one or two
// of them; the others are then said as pronounced.
func Methods() []string { return []string{"none", Pronounced, Iterated, Counted} }

// The methods.
const (
	Pronounced = "pronounced"
	Iterated   = "iterated"
	Counted    = "counted"
)

// kind is how a type is said; false is a text that is not of that type.
type kind struct {
	name string
	say  func(*writer, Value) bool
}

// kinds are the types, in Kazoo's order.
func kinds() []kind {
	return []kind{
		{"number", (*writer).number},
		{"items", (*writer).number},
		{"persons", (*writer).number},
		{"messages", (*writer).number},
		{"currency", (*writer).currency},
		{"time_measurement", (*writer).span},
		{"current_date", (*writer).date},
		{"current_time", (*writer).clock},
		{"current_date_time", (*writer).dateTime},
		{"telephone_number", (*writer).telephone},
		{"telephone_extension", (*writer).extension},
		{"url", (*writer).url},
		{"ip_address", (*writer).ip},
		{"e-mail_address", (*writer).email},
		{"postal_address", (*writer).postal},
		{"account_number", (*writer).spelled},
		{"name_spelled", (*writer).spelled},
		{"name_phonetic", (*writer).phonetic},
		{"short_date_time", (*writer).shortDateTime},
	}
}

// Types are all types.
func Types() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// SSML is the inside of a <speak> element that says the value. fits is false
// where the text is not of its type, or the type is none: it is then read as
// the text it is.
func (v Value) SSML() (ssml string, fits bool) {
	v.Text = clean(v.Text)
	if v.Type == "" {
		v.Type = "name_spelled"
	}
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == v.Type })
	w := &writer{}
	if i >= 0 && all[i].say(w, v) {
		return w.out.String(), true
	}
	plain := &writer{}
	plain.text(v.Text)
	return plain.out.String(), false
}

// clean is a text in one line, without what no voice reads.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	return strings.Join(strings.Fields(text), " ")
}

// writer writes SSML.
type writer struct{ out strings.Builder }

// space parts words.
func (w *writer) space() {
	if n := w.out.Len(); n > 0 && w.out.String()[n-1] != ' ' {
		w.out.WriteByte(' ')
	}
}

// text is read as it is.
func (w *writer) text(s string) {
	w.space()
	w.out.WriteString(html.EscapeString(s))
}

// comma is a short pause.
func (w *writer) comma() { w.out.WriteByte(',') }

// as is read as one of SSML's kinds.
func (w *writer) as(what, s string) {
	w.space()
	w.out.WriteString(`<say-as interpret-as="` + what + `">` + html.EscapeString(s) + `</say-as>`)
}
