package sim

import (
	"fmt"
	"html"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// JUnit writes outcomes as the XML that CI systems read: a testsuite with a
// testcase each. "failure" is a call that was not as expected, "error" a test
// that could not be run.
func JUnit(w io.Writer, all []Outcome) error {
	failed, broken := 0, 0
	var took time.Duration
	for _, o := range all {
		took += o.Took
		switch {
		case o.Err != nil:
			broken++
		case !o.Passed():
			failed++
		}
	}
	head := fmt.Sprintf(`tests="%d" failures="%d" errors="%d" time="%.3f"`, len(all), failed, broken, took.Seconds())
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites %s>\n  <testsuite name=\"pivot\" %s>\n",
		head, head)
	for _, o := range all {
		o.junit(&b)
	}
	b.WriteString("  </testsuite>\n</testsuites>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (o Outcome) junit(b *strings.Builder) {
	fmt.Fprintf(b, `    <testcase name="%s" classname="%s" file="%s" time="%.3f"`,
		escaped(o.Test.Name()), escaped(strings.TrimSuffix(filepath.ToSlash(o.Test.File()), ".json")),
		escaped(filepath.ToSlash(o.Test.File())), o.Took.Seconds())
	if o.Passed() {
		b.WriteString("/>\n")
		return
	}
	b.WriteString(">\n")
	if o.Err != nil {
		fmt.Fprintf(b, "      <error message=\"%s\"/>\n", escaped(o.Err.Error()))
	} else {
		fmt.Fprintf(b, "      <failure message=\"%s\">%s</failure>\n",
			escaped(strings.Join(o.Problems, "; ")), escaped(o.Transcript()))
	}
	b.WriteString("    </testcase>\n")
}

// escaped is text for XML 1.0, which has no words for control characters.
func escaped(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}
