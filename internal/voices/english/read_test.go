package english

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// written is what a text becomes, in words. A phrase ends with its tone: . for
// a fall, a comma for more to come, ? and !.
func written(text string) string {
	var said []string
	for _, p := range Read(text) {
		for _, w := range p.Words {
			said = append(said, w.Text)
		}
		said = append(said, [...]string{formant.Fall: ".", formant.Hold: ",", formant.Rise: "?", formant.Shout: "!"}[p.Tone])
	}
	return strings.Join(said, " ")
}

func TestTextIsWrittenOut(t *testing.T) {
	for text, want := range map[string]string{
		"You have 3 messages.":              "you have three messages .",
		"It costs 1,234,567 dollars":        "it costs one million two hundred thirty four thousand five hundred sixty seven dollars .",
		"0":                                 "zero .",
		"Version 3.14":                      "version three point one four .",
		"-5 degrees":                        "minus five degrees .",
		"the 1st, 22nd and 103rd caller":    "the first , twenty second and one hundred third caller .",
		"$12.50":                            "twelve dollars and fifty cents .",
		"$1":                                "one dollar .",
		"$0.01":                             "one cent .",
		"€3":                                "three euros .",
		"£2.01":                             "two pounds and one penny .",
		"$3.5 million":                      "three point five million dollars .",
		"50% off":                           "fifty percent off .",
		"2026-11-20":                        "november twentieth , twenty twenty six .",
		"11/20/2026":                        "november twentieth , twenty twenty six .",
		"on November 20":                    "on november twentieth .",
		"Nov. 3, 1905":                      "november third , nineteen oh five .",
		"20 November 2026":                  "november twentieth , twenty twenty six .",
		"at 14:30":                          "at fourteen thirty .",
		"2:30 pm":                           "two thirty p m .",
		"9:05 a.m.":                         "nine oh five a m .",
		"10:00":                             "ten o'clock .",
		"5 PM today":                        "five p m today .",
		"Call 555-0123.":                    "call five five five , zero one two three .",
		"(212) 555-0123":                    "two one two , five five five , zero one two three .",
		"+1 212 555 0123":                   "plus one , two one two , five five five , zero one two three .",
		"1234567890":                        "one two three , four five six , seven eight nine zero .",
		"Your code is 4821":                 "your code is four thousand eight hundred twenty one .",
		"code 4821":                         "code four eight two one .",
		"007":                               "zero zero seven .",
		"ABC-123":                           "a b c , one two three .",
		"flight LH401":                      "flight l h four zero one .",
		"The FBI and the IRS":               "the f b i and the i r s .",
		"Enter your PIN":                    "enter your pin .",
		"PRESS ONE NOW":                     "press one now .",
		"Mr. Smith and Dr. Jones":           "mister smith and doctor jones .",
		"12 Main St. is closed":             "twelve main street is closed .",
		"St. Louis":                         "saint louis .",
		"apples, pears, etc.":               "apples , pears , et cetera .",
		"5 kg at 20 km/h":                   "five kilograms at twenty kilometers per hour .",
		"1 GB":                              "one gigabyte .",
		"20°C":                              "twenty degrees celsius .",
		"Write to info@example.com":         "write to info at example dot com .",
		"See https://example.com/help":      "see example dot com slash help .",
		"192.168.0.1":                       "one nine two dot one six eight dot zero dot one .",
		"Ready? Go!":                        "ready ? go !",
		"What is this?":                     "what is this .",
		"1/2 hour":                          "one half hour .",
		"press * or #":                      "press star or pound .",
		"room #5":                           "room number five .",
		"It’s “fine” – really":              "it's fine , really .",
		"café":                              "cafe .",
		"Q&A":                               "q and a .",
		"e.g. this":                         "for example this .",
		"":                                  "",
		"...":                               "",
		"Привет":                            "",
		"two lines\n\nhere":                 "two lines . here .",
		"You entered 1234. Goodbye.":        "you entered one two three four . goodbye .",
		"Press 1 for sales, 2 for support.": "press one for sales , two for support .",
		"no. I mean No. 5":                  "no . i mean number five .",
		"It is 5 p.m. We are closed.":       "it is five p m . we are closed .",
		"x = y + z":                         "x equals y plus z .",
		"in 2026":                           "in twenty twenty six .",
		"state-of-the-art":                  "state of the art .",
		"99999999999999999999":              strings.Repeat("nine nine nine , ", 4) + "nine nine nine nine , nine nine nine nine .",
	} {
		got := written(text)
		if got != want {
			t.Errorf("%q became\n%q, want\n%q", text, got, want)
		}
	}
}

// TestListsAreSound holds the lists and rules to the sounds there are: every
// name is known, every word has one stressed vowel, or none if it is weak.
func TestListsAreSound(t *testing.T) {
	for _, list := range []map[string]string{commonWords, phoneWords, oddWords} {
		for word, spelling := range list {
			s := sounds(strings.TrimPrefix(spelling, "-"))
			if len(s) != len(strings.Fields(strings.TrimPrefix(spelling, "-"))) {
				t.Errorf("%s: %s has a name that is no sound", word, spelling)
			}
			primary := 0
			for _, x := range s {
				if x.Stress == formant.Primary {
					primary++
				}
			}
			if weak := strings.HasPrefix(spelling, "-"); primary > 1 || (primary == 0) != weak {
				t.Errorf("%s: %s has %d stresses", word, spelling, primary)
			}
		}
	}
	for i, letter := range rules {
		for _, line := range letter {
			_, spoken, ok := strings.Cut(line, "]")
			_, spoken, ok2 := strings.Cut(spoken, "=")
			if !ok || !ok2 || len(sounds(spoken)) != len(strings.Fields(spoken)) {
				t.Errorf("rule %s of %c is wrong", line, 'a'+i)
			}
		}
	}
}

// FuzzRead: no text takes the reader out of step, and what it returns can be
// spoken.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"Hello", "$1,2.3.4%", "1/0/0", "+(1)2-3 45", "12:99 pm", "a@b.c", "http://", "Dr.", "\xff\xfe", "ⅷ½²№"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range Read(text) {
			for _, w := range p.Words {
				if len(w.Sounds) == 0 {
					t.Errorf("%q has a word without sounds", text)
				}
			}
		}
	})
}

// BenchmarkReadHostile is text that every pattern begins to fit.
func BenchmarkReadHostile(b *testing.B) {
	text := strings.Repeat("a-", 2000)
	for b.Loop() {
		Read(text)
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read("Your order 48213 for $12.50 will arrive on November 20 between 2:30 pm and 4:00 pm. Thank you for calling!")
	}
}
