package english

import (
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

func TestSayAs(t *testing.T) {
	for _, c := range []struct{ as, format, text, want string }{
		{"digits", "", "1234", "one two three four"},
		{"cardinal", "", "1234", "one thousand two hundred thirty four"},
		{"number", "", "2026", "two thousand twenty six"},
		{"cardinal", "", "-12.5", "minus twelve point five"},
		{"cardinal", "", "no number", "no number"},
		{"digits", "", "12-34", "one two, three four"},
		{"digits", "", "1234567", "one two three, four five six seven"},
		{"characters", "", "aB1", "a b one"},
		{"spell-out", "", "x-1", "x dash one"},
		{"characters", "", "a@b.c", "a at b dot c"},
		{"ordinal", "", "3", "third"},
		{"ordinal", "", "22nd", "twenty second"},
		{"fraction", "", "3/20", "three twentieths"},
		{"fraction", "", "1/2", "one half"},
		{"fraction", "", "2 3/4", "two and three quarters"},
		{"fraction", "", "2+1/2", "two and one half"},
		{"fraction", "", "1/0", "one slash zero"},
		{"unit", "", "10km", "ten kilometers"},
		{"unit", "", "1meter", "one meter"},
		{"unit", "", "1/2inch", "one half inch"},
		{"unit", "", "2.5kg", "two point five kilograms"},
		{"unit", "", "20mph", "twenty miles per hour"},
		{"date", "mdy", "11/20/2026", "november twentieth, twenty twenty six"},
		{"date", "dmy", "3-4-05", "april third, two thousand five"},
		{"date", "ymd", "2026.11.20", "november twentieth, twenty twenty six"},
		{"date", "md", "1/2", "january second"},
		{"date", "dm", "1/2", "february first"},
		{"date", "ym", "2026-11", "november twenty twenty six"},
		{"date", "my", "Nov 2026", "november twenty twenty six"},
		{"date", "d", "20", "the twentieth"},
		{"date", "m", "11", "november"},
		{"date", "y", "1999", "nineteen ninety nine"},
		{"date", "yyyymmdd", "20261120", "november twentieth, twenty twenty six"},
		{"date", "yyyymmdd", "????1120", "november twentieth"},
		{"date", "mdy", "13/1/2026", "january thirteenth, twenty twenty six"}, // read as text: only the day can be
		{"date", "", "November 3", "november third"},
		{"time", "", `1'21"`, "one minute and twenty one seconds"},
		{"time", "", "2:30pm", "two thirty p m"},
		{"telephone", "", "2125550123", "two one two, five five five, zero one two three"},
		{"telephone", "", "+1 (212) 555-0123 x42", "plus one, two one two, five five five, zero one two three, extension four two"},
		{"telephone", "", "none", "none"},
		{"address", "", "1234 Main St, Apt 5, New York NY 10001", "twelve thirty four main street, apartment five, new york n y one zero zero zero one"},
		{"address", "", "St. Louis", "saint louis"},
		{"", "", "Hello there", "hello there"},
	} {
		s := NewScript("small letters " + c.text)
		s.SayAs(c.as, c.format, c.text)
		if got := s.Words(); got != c.want {
			t.Errorf("%q as %s %s became %q, want %q", c.text, c.as, c.format, got, c.want)
		}
	}
}

func TestPhonemes(t *testing.T) {
	for _, c := range []struct{ alphabet, spelling, want string }{
		{"ipa", "pɪˈkɑːn", "P IH0 K AA1 N"},
		{"", "tʃɪp", "CH IH1 P"},
		{"ipa", "t͡ʃɪp", "CH IH1 P"},
		{"ipa", "ˈbʌtn̩", "B AH1 T AX0 N"},
		{"ipa", "həˈloʊ", "HH AX0 L OW1"},
		{"ipa", "nɜːrs", "N ER1 S"},
		{"ipa", "ɪç", "IH1 HH"},
		{"x-sampa", `pI"kA:n`, "P IH0 K AA1 N"},
		{"x-sampa", `"b@n{n@`, "B AH1 N AE0 N AX0"},
		{"x-sampa", "r\\Ed", "R EH1 D"},
		{"x-sampa", "n3`s", "N ER1 S"},
		{"ipa", "漢", "-"},
		{"ipa", "", "-"},
		{"x-sampa", "ж", "-"},
		{"x-amazon-pinyin", "ni3", "-"},
	} {
		got, ok := Phonemes(c.alphabet, c.spelling)
		var names []string
		for _, s := range got {
			name := s.Phone.String()
			if s.Phone.Vowel() {
				name += string(rune('0' + s.Stress))
			}
			names = append(names, name)
		}
		if said := strings.Join(names, " "); ok != (c.want != "-") || ok && said != c.want {
			t.Errorf("%s in %s is %q (%v), want %q", c.spelling, c.alphabet, said, ok, c.want)
		}
	}
	for sign, names := range ipa {
		if len(sounds(names)) != len(strings.Fields(names)) {
			t.Errorf("%s is %s, which is no sound", sign, names)
		}
	}
}

// TestSentencesGoOn over several pieces: one phrase, one melody.
func TestSentencesGoOn(t *testing.T) {
	s := NewScript("Press ABC now?")
	s.Text("Press ")
	s.Manner(formant.Manner{Rate: 0.5}, true)
	s.Text("the")
	s.Manner(formant.Manner{}, false)
	s.SayAs("digits", "", "12")
	s.Text(" now?")
	s.End(true)
	p := s.Phrases()
	if len(p) != 1 || len(p[0].Words) != 5 || p[0].Tone != formant.Rise {
		t.Fatalf("%+v", p)
	}
	if w := p[0].Words[1]; w.Weak || !w.Strong || w.Manner.Rate != 0.5 || p[0].Words[2].Manner.Rate != 0 {
		t.Errorf("%+v", p[0].Words)
	}
}

func TestBreaks(t *testing.T) {
	s := NewScript("")
	s.Break(time.Second)
	s.Text("One.")
	s.Break(time.Second)
	s.Break(time.Second)
	s.Text("two.")
	s.Break(0)
	s.Text("three")
	var pauses []time.Duration
	for _, p := range s.Phrases() {
		pauses = append(pauses, p.Pause)
	}
	want := []time.Duration{time.Second, 2 * time.Second, 0, pauseEnd}
	for i := range want {
		if len(pauses) != len(want) || pauses[i] != want[i] {
			t.Fatalf("pauses are %v, want %v", pauses, want)
		}
	}
}

func FuzzSayAs(f *testing.F) {
	for _, s := range [][3]string{
		{"date", "mdy", "1/2/3"},
		{"date", "yyyymmdd", "????????"},
		{"unit", "", "1/2 "},
		{"fraction", "", " +/"},
		{"time", "", "'"},
		{"telephone", "", "x1"},
		{"address", "", ",;"},
		{"cardinal", "", "-."},
		{"characters", "", "é\n"},
		{"ordinal", "", "th"},
	} {
		f.Add(s[0], s[1], s[2], "ipa")
		f.Add(s[0], s[1], s[2], "x-sampa")
	}
	f.Fuzz(func(t *testing.T, as, format, text, alphabet string) {
		s := NewScript(text)
		s.SayAs(as, format, text)
		for _, p := range s.Phrases() {
			for _, w := range p.Words {
				if len(w.Sounds) == 0 {
					t.Errorf("%q as %s has a word without sounds", text, as)
				}
			}
		}
		if sounds, ok := Phonemes(alphabet, text); ok && len(sounds) == 0 {
			t.Errorf("%q has no sounds", text)
		}
	})
}
