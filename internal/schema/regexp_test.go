package schema_test

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/schema"
)

// TestLargeRegexps are refused before they are compiled: one of 10 KB would
// take 100 MB, and a second.
func TestLargeRegexps(t *testing.T) {
	for name, text := range map[string]string{
		"repeats":   strings.Repeat("x{1000}", 1400),
		"nested":    strings.Repeat("((x{10}){10}){10}", 1000),
		"classes":   strings.Repeat(`\pL`, 1000),
		"unbounded": strings.Repeat("x{1000,}", 1000),
		"long":      strings.Repeat("[aa]", 5000),
	} {
		if _, faults := schema.Regexp(text, "regex"); len(faults) != 1 || faults[0].Rule != "wrong_format" {
			t.Errorf("%s: %v", name, faults)
		}
	}
	for _, text := range []string{
		`^\+?1?([2-9]\d{2}){3}$`, "^(" + strings.Repeat("14155550100|", 500) + "x)$", `(?i)[\pL]{3,20}`, "x{1000}",
	} {
		re, steps, err := schema.CompileRegexp(text)
		if err != nil || re.String() != text || steps < 1 {
			t.Errorf("%.40s: %d steps, %v", text, steps, err)
		}
	}
}
