package actions

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// pad is which key of a telephone has each letter (ITU-T E.161).
const pad = "22233344455566677778889999"

// latin are letters that Unicode does not take apart, as people spell them on
// a keypad.
var latin = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ð", "d", "đ", "d", "þ", "th", "ł", "l", "ı", "i", "ħ", "h", "ŧ", "t",
	"ŋ", "n", "ĸ", "k", "ſ", "s",
)

// spell is a name as it is typed on a keypad: letters only, without their
// accents. What has no key, such as a letter of another script, is left out.
func spell(name string) string {
	var keys strings.Builder
	for _, r := range norm.NFKD.String(latin.Replace(strings.ToLower(name))) {
		if r >= 'a' && r <= 'z' {
			keys.WriteByte(pad[r-'a'])
		}
	}
	return keys.String()
}

// person is somebody in a directory.
type person struct {
	first, last string
	media       string // their name as they say it; "" is none
	flow        string // the id of their callflow
	spelled     []string
}

// newPerson spells a name: the first name first, the last name first, or both.
func newPerson(first, last, search string) person {
	p := person{first: first, last: last}
	a, b := spell(first), spell(last)
	if search != "last_name" {
		p.spelled = append(p.spelled, a+b)
	}
	if search != "first_name" {
		p.spelled = append(p.spelled, b+a)
	}
	return p
}

// name is what people call somebody.
func (p person) name() string { return strings.TrimSpace(p.first + " " + p.last) }

// isAt says whether keys are how the name begins.
func (p person) isAt(keys string) bool {
	for _, s := range p.spelled {
		if strings.HasPrefix(s, keys) {
			return true
		}
	}
	return false
}
