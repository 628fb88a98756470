package actions

import (
	"regexp"

	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
)

// regex reads a customer's regular expression. Kazoo's are PCRE: one that only
// PCRE knows is a fault of the data, at path.
func regex(text string, path ...string) (*regexp.Regexp, schema.Faults) {
	re, err := route.Compile(text)
	if err != nil {
		return nil, schema.Faults{{
			Path: path, Rule: "wrong_format", Message: "Field is not in the correct format: " + err.Error(),
			Extra: map[string]any{"value": text, "format": "regex"},
		}}
	}
	return re, nil
}
