package schema

import (
	"regexp"
	"strings"
)

// Regexp reads a customer's regular expression (RE2); path is where it is in
// the document. Kazoo's are PCRE: what only PCRE knows, such as look-around
// and back-references, is a fault.
func Regexp(text string, path ...string) (*regexp.Regexp, Faults) {
	re, err := regexp.Compile(text)
	if err == nil {
		return re, nil
	}
	why := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	return nil, Faults{{
		Path: path, Rule: "wrong_format", Message: "Field is not in the correct format: " + why,
		Extra: map[string]any{"value": text, "format": "regex"},
	}}
}
