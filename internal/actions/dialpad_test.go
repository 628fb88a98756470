package actions

import (
	"strings"
	"testing"
	property "testing/quick"
)

func TestSpell(t *testing.T) {
	for name, want := range map[string]string{
		"Ada": "232", "Lovelace": "56835223", "abcdefghijklmnopqrstuvwxyz": "22233344455566677778889999",
		"O'Brien-Smith, Jr.": "6274367648457", "José": "5673", "Zoë": "963", "Müller": "685537", "Groß": "47677",
		"Łukasz": "585279", "Ångström": "26478766", "Dvořák": "386725", "Ægir": "23447", "İnci": "4624", "Đorđe": "36733",
		"ﬁnn": "3466", "Ｊｉｍ": "546", "李": "", "Ольга": "", "x1y2": "99", "": "",
	} {
		if got := spell(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestIsAt(t *testing.T) {
	for search, want := range map[string]string{
		"":           "2 232 2325 2325683 5683 56835223 5683522323 23256835223 56835223232",
		"both":       "2 232 2325 2325683 5683 56835223 5683522323 23256835223 56835223232",
		"first_name": "2 232 2325 2325683 23256835223", "last_name": "5683 56835223 5683522323 56835223232",
	} {
		p := newPerson("Ada", "Lovelace", search)
		var got []string
		for keys := range strings.FieldsSeq("2 232 2325 2325683 233 5683 56835223 5683522323 23256835223 232568352231 0 1 # 56835223232 568352232322") {
			if p.isAt(keys) {
				got = append(got, keys)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", search, got, want)
		}
	}
}

// FuzzSpell: whatever the name, its spelling is keys with letters on them, the
// same for any accents and cases, and finds the name.
func FuzzSpell(f *testing.F) {
	for _, name := range []string{"Ada Lovelace", "Müller", "Łukasz", "İnci", "\xff\xfe", "ﬁ", "e\u0301\u0301", strings.Repeat("ä", 300)} {
		f.Add(name, "Smith")
	}
	f.Fuzz(func(t *testing.T, first, last string) {
		keys := spell(first)
		if strings.Trim(keys, "23456789") != "" {
			t.Errorf("%q: %s", first, keys)
		}
		p := newPerson(first, last, "")
		for n := range len(keys) + 1 {
			if !p.isAt(keys[:n]) {
				t.Errorf("%q %q is not at %s", first, last, keys[:n])
			}
		}
		if !p.isAt(spell(last)) || p.isAt(keys+spell(last)+spell(first)+spell(last)+"2") {
			t.Errorf("%q %q", first, last)
		}
	})
}

// TestSpellPlain: of plain letters each has a key, and case does not count.
func TestSpellPlain(t *testing.T) {
	err := property.Check(func(text []byte) bool {
		plain := make([]byte, len(text))
		for i, b := range text {
			plain[i] = 'a' + b%26
		}
		low := spell(string(plain))
		return len(low) == len(plain) && low == spell(strings.ToUpper(string(plain)))
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

func BenchmarkSpell(b *testing.B) {
	for b.Loop() {
		newPerson("François-Xavier", "Müller-Lüdenscheidt", "")
	}
}
