package saying

import (
	"strings"
	"unicode"
)

// spelled says every letter and digit.
func (w *writer) spelled(v Value) bool {
	for word := range strings.FieldsSeq(v.Text) {
		if w.out.Len() > 0 {
			w.comma()
		}
		w.as("characters", word)
	}
	return w.out.Len() > 0
}

// alphabet is the spelling alphabet of radio (ICAO, and ITU's for digits in
// plain English).
var alphabet = map[rune]string{
	'a': "Alpha", 'b': "Bravo", 'c': "Charlie", 'd': "Delta", 'e': "Echo", 'f': "Foxtrot", 'g': "Golf", 'h': "Hotel",
	'i': "India", 'j': "Juliet", 'k': "Kilo", 'l': "Lima", 'm': "Mike", 'n': "November", 'o': "Oscar", 'p': "Papa",
	'q': "Quebec", 'r': "Romeo", 's': "Sierra", 't': "Tango", 'u': "Uniform", 'v': "Victor", 'w': "Whiskey",
	'x': "X ray", 'y': "Yankee", 'z': "Zulu", '0': "Zero", '1': "One", '2': "Two", '3': "Three", '4': "Four",
	'5': "Five", '6': "Six", '7': "Seven", '8': "Eight", '9': "Nine",
}

// phonetic says the word of the alphabet for every letter.
func (w *writer) phonetic(v Value) bool {
	said := false
	for _, r := range v.Text {
		switch name, sign := alphabet[unicode.ToLower(r)], signs[r]; {
		case name != "":
			w.item(name)
			said = true
		case sign != "":
			w.item(sign)
			said = true
		case unicode.IsLetter(r):
			w.item(string(r))
			said = true
		}
	}
	return said
}

// item is a word behind a pause.
func (w *writer) item(s string) {
	if w.out.Len() > 0 {
		w.comma()
	}
	w.text(s)
}
