package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	checker "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxEcho is how much of a faulty value is sent back, in bytes, about.
const maxEcho = 4096

// faultsOf reads Kazoo's faults off the library's errors about doc.
func faultsOf(err error, doc any) Faults {
	var all *checker.ValidationError
	if !errors.As(err, &all) {
		return Faults{{Rule: "error", Message: err.Error()}}
	}
	var out Faults
	for _, leaf := range leaves(all, nil) {
		out = append(out, translate(leaf, find(doc, leaf.InstanceLocation))...)
	}
	return out
}

// leaves are the errors that have a rule of their own.
func leaves(e *checker.ValidationError, out []*checker.ValidationError) []*checker.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		for _, cause := range e.Causes {
			out = leaves(cause, out)
		}
		return out
	case *kind.OneOf, *kind.AnyOf:
		return choose(e, out)
	}
	return append(out, e)
}

// choose is what is wrong where one of several forms was wanted: the rules of
// the forms whose type fits, or else that none does.
func choose(e *checker.ValidationError, out []*checker.ValidationError) []*checker.ValidationError {
	var want []string
	before := len(out)
	for _, cause := range e.Causes {
		for _, leaf := range leaves(cause, nil) {
			t, isType := leaf.ErrorKind.(*kind.Type)
			if isType && len(leaf.InstanceLocation) == len(e.InstanceLocation) {
				want = append(want, t.Want...)
			} else {
				out = append(out, leaf)
			}
		}
	}
	if len(out) > before {
		return out
	}
	if len(want) == 0 {
		return append(out, e) // more than one form fits
	}
	c := *e
	c.ErrorKind = &kind.Type{Want: want}
	return append(out, &c)
}

// translate puts one error in Kazoo's words (spec/crossbar-api.md section
// 1.6). value is what the error is about.
func translate(e *checker.ValidationError, value any) Faults {
	at := e.InstanceLocation
	f := func(rule, message string, target any) Faults {
		extra := map[string]any{}
		if target != nil {
			extra["target"] = target
		}
		return Faults{fault(at, rule, message, extra, value)}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return Faults{typeFault(at, strings.Join(k.Want, ", "), value)}
	case *kind.Required:
		return each(at, k.Missing, "required", missing, func(string) any { return value })
	case *kind.AdditionalProperties:
		object, _ := value.(map[string]any)
		return each(at, k.Properties, "additionalProperties",
			"Strict checking of data is enabled; only include schema-defined properties",
			func(key string) any { return object[key] })
	case *kind.Enum:
		return f("enum", "Value not found in enumerated list of values", k.Want)
	case *kind.Const:
		return f("enum", "Value not found in enumerated list of values", []any{k.Want})
	case *kind.Pattern:
		return f("pattern", fmt.Sprintf("Failed to match pattern '%s'", k.Want), k.Want)
	case *kind.UniqueItems:
		return f("uniqueItems", "List of items is not unique", nil)
	case *kind.Format:
		return Faults{fault(at, "wrong_format", "Field is not in the correct format",
			map[string]any{"format": k.Want}, value)}
	}
	if rule, message, target := limit(e.ErrorKind); rule != "" {
		out := f(rule, message, target)
		if strings.HasSuffix(rule, "Length") {
			out[0].Extra["cause"] = out[0].Extra["value"]
		}
		return out
	}
	return f("error", e.ErrorKind.LocalizedString(message.NewPrinter(language.English)), nil)
}

// limit is the rule, words and bound of what is too small or too big.
func limit(e checker.ErrorKind) (rule, message string, target any) {
	switch k := e.(type) {
	case *kind.MinLength:
		return "minLength", fmt.Sprintf("String must be at least %d characters", k.Want), k.Want
	case *kind.MaxLength:
		return "maxLength", fmt.Sprintf("String must not be more than %d characters", k.Want), k.Want
	case *kind.Minimum:
		return "minimum", "Value must be at least " + decimal(k.Want), json.Number(decimal(k.Want))
	case *kind.Maximum:
		return "maximum", "Value must be at most " + decimal(k.Want), json.Number(decimal(k.Want))
	case *kind.MinItems:
		return "minItems", fmt.Sprintf("The list must have at least %d items", k.Want), k.Want
	case *kind.MaxItems:
		return "maxItems", fmt.Sprintf("The list is more than %d items", k.Want), k.Want
	case *kind.MinProperties:
		return "minProperties", fmt.Sprintf("The object must have at least %d keys", k.Want), k.Want
	}
	return "", "", nil
}

// decimal is r as JSON.
func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(12), "0")
}

// missing says that a key is required.
const missing = "Field is required but missing"

// Required is the fault of a key that is not there (spec/crossbar-api.md
// section 1.6).
func Required(path ...string) Fault { return Fault{Path: path, Rule: "required", Message: missing} }

// BadURL is the fault of a URL that this server would not ask; why may be nil
// (spec/crossbar-api.md section 1.6, ★).
func BadURL(url string, why error, path ...string) Fault {
	f := Fault{Path: path, Rule: "error", Message: "invalid client URL", Extra: map[string]any{"value": url}}
	if why != nil {
		f.Message += ": " + why.Error()
	}
	return f
}

func typeFault(at []string, want string, value any) Fault {
	return fault(at, "type", "Value did not match type(s): "+want, map[string]any{"target": want}, value)
}

// each is a fault of one rule at each of an object's keys.
func each(at, keys []string, rule, message string, value func(key string) any) Faults {
	out := make(Faults, len(keys))
	for i, key := range keys {
		out[i] = fault(append(slices.Clone(at), key), rule, message, map[string]any{}, value(key))
	}
	return out
}

func fault(at []string, rule, message string, extra map[string]any, value any) Fault {
	if room(value, maxEcho) >= 0 {
		extra["value"] = value
	}
	return Fault{Path: slices.Clone(at), Rule: rule, Message: message, Extra: extra}
}

// room is what is left of left bytes beside v, negative when v is too big.
func room(v any, left int) int {
	left -= 8
	switch v := v.(type) {
	case string:
		return left - len(v)
	case json.Number:
		return left - len(v)
	case map[string]any:
		for k, inner := range v {
			if left = room(inner, left-len(k)); left < 0 {
				break
			}
		}
	case []any:
		for _, inner := range v {
			if left = room(inner, left); left < 0 {
				break
			}
		}
	}
	return left
}

// sorted puts faults in the order of their paths, indexes as numbers.
func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(slices.CompareFunc(a.Path, b.Path, compareKeys), cmp.Compare(a.Rule, b.Rule))
	})
	return f
}

func compareKeys(a, b string) int {
	if numeric(a) && numeric(b) {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	}
	return cmp.Compare(a, b)
}

func numeric(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Invalid is one thing wrong with a request or document, as Faults: at a dotted
// path, by a rule. extra is what else is told of it, such as "value".
func Invalid(path, rule, message string, extra map[string]any) error {
	return Faults{{Path: strings.Split(path, "."), Rule: rule, Message: message, Extra: extra}}
}

// NotOf is the fault of a value that is not of a kind, such as "object".
func NotOf(v any, kind string) Fault {
	return Fault{
		Rule: "type", Message: "Value did not match type(s): " + kind,
		Extra: map[string]any{"target": kind, "value": v},
	}
}
