package sim

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// varies is what differs from run to run: how long requests really took, ids,
// and which of two things that happen at the same moment is seen first.
var varies = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`(?m)^(→ .*   )\d+ ms`), "${1}0 ms"},
	{regexp.MustCompile(`\d{6}-[0-9a-f]{32}`), "ID"},
	{regexp.MustCompile(`recorded [0-9.]+ s \(wav, \d+ bytes\)`), "recorded N s"},
	{regexp.MustCompile(`understood in [0-9.]+ ms`), "understood in 0 ms"},
}

// cases are the tests in testdata/try, each with what the terminal shows.
func cases(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/try/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	return names
}

const dashes = "-----\n"

func read(t *testing.T, name string) (test *Test, want string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	source, want, _ := strings.Cut(string(text), dashes)
	if test, err = ReadTest(name, []byte(source)); err != nil {
		t.Fatal(err)
	}
	return test, want
}

// TestGolden: what calls look like in the terminal, and how their tests end.
func TestGolden(t *testing.T) {
	for _, name := range cases(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			test, want := read(t, name)
			var b bytes.Buffer
			screen := &Screen{Out: &b}
			o := test.Run(t.Context(), Instant)
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			b.WriteString(o.Transcript())
			for _, p := range o.Problems {
				screen.line("problem: %s", p)
			}
			got := b.String()
			for _, v := range varies {
				got = v.re.ReplaceAllString(got, v.to)
			}
			if *update {
				text, _ := os.ReadFile(name)
				source, _, _ := strings.Cut(string(text), dashes)
				if err := os.WriteFile(name, []byte(source+dashes+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestSaved: a call that is kept as a test passes it, unless it never passed.
func TestSaved(t *testing.T) {
	for _, name := range cases(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			test, _ := read(t, name)
			c, _, err := test.call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			o := saved(t, c, r).Run(t.Context(), Instant)
			if d := o.Result.Length - r.Length; !o.Passed() || d.Abs() > 100*time.Millisecond {
				text, _ := os.ReadFile(o.Test.File())
				var b strings.Builder
				o.Summary(&b, true)
				t.Errorf("%s\n%s\n%v long, was %v", text, b.String(), o.Result.Length, r.Length)
			}
		})
	}
}
