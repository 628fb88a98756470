package route_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
)

func TestNormalise(t *testing.T) {
	for number, want := range map[string]string{
		"100": "100", "1001": "1001", "*97": "*97", "*2025551234": "*2025551234", "": "", "echo": "echo",
		"2025551234": "+12025551234", "12025551234": "+12025551234", "+12025551234": "+12025551234",
		"0114930123456": "+4930123456", "004930123456": "+4930123456", "0049": "0049", "01149": "01149",
		"442079460000": "+442079460000", "4930123": "4930123", "+4930": "+4930", "1234567890": "1234567890",
	} {
		if got := route.Normalise(number); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
}

var flows = []route.Flow{
	{ID: "e", Name: "Echo", Numbers: []string{"100", "*43"}},
	{ID: "f", Name: "Late", Numbers: []string{"100"}},
	{ID: "g", Name: "Public", Numbers: []string{"+12025551234", "2025551235"}},
	{ID: "h", Name: "Pickup", Patterns: []string{`^\*11([0-9]*)$`, `^\*1`}},
	{ID: "i", Name: "Range", Patterns: []string{`^3[0-9]{2}$`, `^3(?<rest>[0-9])(?P<last>[0-9])$`}},
	{ID: "j", Name: "Broken", Patterns: []string{`(?=x)`, `((`}},
	{ID: "k", Name: "Rest", Numbers: []string{"no_match", "999"}},
	{ID: "l", Name: "Tie", Patterns: []string{`^70.$`, `^7.0$`}},
	{ID: "m", Name: "Tie of ids", Patterns: []string{`^70.$`}},
}

func TestMatch(t *testing.T) {
	for number, c := range map[string]struct {
		id, why  string
		captured map[string]string
		noMatch  bool
	}{
		"100":          {id: "e", why: `number 100 belongs to callflow "Echo"`},
		"*43":          {id: "e", why: `number *43 belongs to callflow "Echo"`},
		"2025551234":   {id: "g", why: `2025551234 is looked for as +12025551234`},
		"12025551235":  {id: "g"},
		"+12025551235": {id: "g"},
		"*1155":        {id: "h", captured: map[string]string{"": "55"}, why: `pattern ^\*11([0-9]*)$ of callflow "Pickup" matches, with "55"`},
		"*110":         {id: "h", captured: map[string]string{"": "*1"}}, // `^\*1` is longer than "0"
		"*11":          {id: "h", captured: map[string]string{"": "*1"}},
		"345":          {id: "i", captured: map[string]string{"": "345"}, why: "2 patterns match"},
		"no_match":     {why: "no callflow has the number no_match"},
		"7001":         {id: "k", noMatch: true, why: `callflow "Rest" takes everything else (no_match)`},
		"999":          {id: "k", noMatch: true},
		"+4930":        {id: "k", noMatch: true},
		"+49+30":       {why: "but only numbers of digits"},
		"*98":          {why: `pattern ^\*1 does not match`},
		"alice":        {why: "callflow \"Rest\" takes everything else (no_match), but only numbers of digits"},
		"x":            {why: "pattern (?=x) of callflow \"Broken\" is skipped: invalid or unsupported Perl syntax: `(?=`"},
		"":             {why: "no number was dialled"},
		"710":          {id: "l", captured: map[string]string{"": "710"}},
		"700":          {id: "m", captured: map[string]string{"": "700"}},
		"701":          {id: "m", captured: map[string]string{"": "701"}},
	} {
		t.Run(number, func(t *testing.T) {
			r := route.Match(number, flows)
			if r.Found != (c.id != "") || r.Flow.ID != c.id || r.NoMatch != c.noMatch {
				t.Errorf("%+v", r)
			}
			if len(r.Captured)+len(c.captured) > 0 && !reflect.DeepEqual(r.Captured, c.captured) {
				t.Errorf("captured %v", r.Captured)
			}
			if all := strings.Join(r.Why, "\n"); !strings.Contains(all, c.why) {
				t.Errorf("why:\n%s", all)
			}
		})
	}
}

// TestGroups is what a pattern captures.
func TestGroups(t *testing.T) {
	for text, want := range map[string]map[string]string{
		`^4(?<a>[0-9]+)(?P<b>[0-9])$`: {"": "213", "a": "213", "b": "4"},
		`^42134$`:                     {"": "42134"},
		`^42(?:1)34$`:                 {"": "42134"},
		`^42134()$`:                   {},
		`4(x)?`:                       {},
	} {
		r := route.Match("42134", []route.Flow{{ID: "a", Patterns: []string{text}}})
		if !r.Found || !reflect.DeepEqual(r.Captured, want) {
			t.Errorf("%s: %+v", text, r)
		}
	}
	r := route.Match("40", []route.Flow{{ID: "a", Patterns: []string{`^4(?<a>[0-9])$`}}})
	if !r.Found || len(r.Captured) != 0 {
		t.Errorf("Kazoo takes 0 for nothing: %+v", r)
	}
}

// TestWhyIsBounded: a thousand patterns are not a thousand reasons.
func TestWhyIsBounded(t *testing.T) {
	r := route.NewTable(many(1000)).Match("+15005550000")
	if len(r.Why) > 20 || !strings.Contains(strings.Join(r.Why, "\n"), "nor do 990 more patterns") {
		t.Error(r.Why)
	}
	r = route.Match(strings.Repeat("9", 100_000), flows)
	if size := len(strings.Join(r.Why, "\n")); size > 3000 {
		t.Errorf("%d bytes of reasons", size)
	}
}

func many(n int) (out []route.Flow) {
	for i := range n {
		out = append(out, route.Flow{
			ID: fmt.Sprintf("%05d", i), Numbers: []string{fmt.Sprintf("+1202555%04d", i)},
			Patterns: []string{fmt.Sprintf(`^\*%d([0-9]*)$`, i)},
		})
	}
	return out
}

func FuzzMatch(f *testing.F) {
	f.Add("*1155", `^\*11([0-9]*)$`)
	f.Add("+12025551234", `(?P<x>[0-9]{3}`)
	f.Fuzz(func(t *testing.T, number, pattern string) {
		r := route.Match(number, append(flows, route.Flow{ID: "z", Patterns: []string{pattern}}))
		if r.Found == (r.Flow.ID == "") || len(r.Why) == 0 {
			t.Errorf("%+v", r)
		}
		if again := route.Normalise(route.Normalise(number)); again != route.Normalise(number) {
			t.Errorf("%q is not the same twice", number)
		}
	})
}

func BenchmarkExact(b *testing.B) {
	t := route.NewTable(many(1000))
	for b.Loop() {
		t.Match("2025550500")
	}
}

func BenchmarkPattern(b *testing.B) {
	t := route.NewTable(many(1000))
	for b.Loop() {
		t.Match("*500123")
	}
}

// TestPatternsAreBounded: all patterns of an account take no more than so much
// memory, and those that were compiled before are not compiled again.
func TestPatternsAreBounded(t *testing.T) {
	var all []route.Flow
	for i := range 2 * route.MaxSteps / schema.MaxRegexpSteps {
		all = append(all, route.Flow{
			ID: fmt.Sprintf("%05d", i), Patterns: []string{fmt.Sprintf("^%d%s$", i, strings.Repeat("x{900}", 9))},
		})
	}
	all = append(all, route.Flow{ID: "zzzzz", Patterns: []string{"^9"}})
	table := route.NewTable(all)
	r := table.Match("9")
	if r.Found || !strings.Contains(strings.Join(r.Why, "\n"), "all patterns together are of more than") {
		t.Errorf("%+v", r)
	}
	allocs := func(do func()) float64 { return testing.AllocsPerRun(1, do) }
	if fresh, again := allocs(func() { route.NewTable(many(1000)) }), func() float64 {
		had := route.NewTable(many(1000))
		return allocs(func() { had.Renew(many(1000)) })
	}(); again > fresh/2 {
		t.Errorf("%.0f allocations, %.0f the second time", fresh, again)
	}
	if r := route.Match(strings.Repeat("9", 257), all[len(all)-1:]); r.Found {
		t.Errorf("a long number: %+v", r.Why)
	}
}
