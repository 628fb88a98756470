package route

import (
	"regexp"
	"strings"
)

// converters bring a number into E.164: the first that matches does
// (spec/callflow-modules.md section 4.8, the default e164_converters).
var converters = []struct {
	from   *regexp.Regexp
	prefix string
}{
	{regexp.MustCompile(`^\+?1?([2-9][0-9]{2}[2-9][0-9]{6})$`), "+1"}, // North America
	{regexp.MustCompile(`^(?:011|00)([0-9]{5,})$`), "+"},              // abroad, as it is dialled
	{regexp.MustCompile(`^([2-9][0-9]{7,})$`), "+"},
}

// Normalise is number in E.164 if it is a public one: 2025551234 is
// +12025551234. Extensions, feature codes (which begin with *), names and what
// begins with + stay as they are.
func Normalise(number string) string {
	if strings.HasPrefix(number, "*") || strings.HasPrefix(number, "+") {
		return number
	}
	for _, c := range converters {
		if m := c.from.FindStringSubmatch(number); m != nil {
			return c.prefix + m[1]
		}
	}
	return number
}

// dialled says whether number is nothing but digits, with one + at most in
// front: only such a number may come to no_match.
func dialled(number string) bool {
	digits := strings.TrimPrefix(number, "+")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}
