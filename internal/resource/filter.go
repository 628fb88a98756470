package resource

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Filter is what list parameters ask of a document; all of it must hold
// (spec/crossbar-api.md section 1.8).
type Filter struct {
	tests []func(full Object) bool
	looks wanted            // the keys that tests look at
	equal map[string]string // what an index may be asked besides: path → the text that it has
	digit map[string]string // and where the path has texts only: path → text that is a number, too
}

// ParseFilter reads filter_K, filter_not_K, has_key, key_missing, has_value,
// value_missing (also by its documented name, missing_value), created_from,
// created_to, modified_from and modified_to. A bound that is no number is
// schema.Faults.
func ParseFilter(params url.Values) (Filter, error) {
	f := Filter{equal: map[string]string{}, digit: map[string]string{}}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range params[name] {
			if err := f.add(name, value); err != nil {
				return Filter{}, err
			}
		}
	}
	return f, nil
}

func (f *Filter) add(name, value string) error {
	switch name {
	case "has_key":
		f.Add(func(o Object) bool { _, ok := At(o, value); return ok }, value)
	case "key_missing":
		f.Add(func(o Object) bool { _, ok := At(o, value); return !ok }, value)
	case "has_value":
		f.Add(func(o Object) bool { return hasValue(o, value) }, value)
	case "value_missing", "missing_value":
		f.Add(func(o Object) bool { return !hasValue(o, value) }, value)
	case "created_from", "created_to", "modified_from", "modified_to":
		return f.bound(name, value)
	default:
		if path, ok := strings.CutPrefix(name, "filter_not_"); ok {
			f.not(path, value)
		} else if path, ok := strings.CutPrefix(name, "filter_"); ok {
			f.equals(path, value)
		}
	}
	return nil
}

// Add is one more thing that must hold, of the values at some dotted paths: it
// is not shown the others.
func (f *Filter) Add(test func(Object) bool, paths ...string) {
	f.tests = append(f.tests, test)
	if f.looks == nil {
		f.looks = wanted{}
	}
	for _, path := range paths {
		f.looks.add(path)
	}
}

// Empty says whether every document passes.
func (f Filter) Empty() bool { return len(f.tests) == 0 }

// Match says whether a document with all of its keys passes.
func (f Filter) Match(full Object) bool {
	for _, t := range f.tests {
		if !t(full) {
			return false
		}
	}
	return true
}

// indexed is the part of f that r's index answers: all that pass have these
// values in it.
func (f Filter) indexed(r Resource) map[string]string {
	out := map[string]string{}
	ask := func(path string) {
		if v, ok := f.equal[path]; ok {
			out[path] = v
		} else if v, ok := f.digit[path]; ok && r.texts[path] {
			out[path] = v
		}
	}
	for _, path := range r.Index {
		ask(path)
	}
	for _, u := range r.Unique {
		if r.texts[u.Path] { // not a list, which reads as all of its values together
			ask(u.Path)
		}
	}
	return out
}

func (f *Filter) equals(path, value string) {
	want, err := Parse([]byte(value))
	if err != nil {
		// Plain text: only a value that reads so can fit, which an index knows.
		if value != "" {
			f.equal[path] = value
		}
		f.Add(func(o Object) bool {
			text, ok := textAt(o, path)
			return ok && text == value
		}, path)
		return
	}
	switch v := want.(type) {
	case bool: // true and "true" read the same
		if value == strconv.FormatBool(v) {
			f.equal[path] = value
		}
	case json.Number: // 1 is 1.0, but "1" is not "1.0"
		f.digit[path] = value
	}
	f.Add(func(o Object) bool { return fits(o, path, value, want) }, path)
}

func (f *Filter) not(path, value string) {
	want, err := Parse([]byte(value))
	f.Add(func(o Object) bool {
		text, ok := textAt(o, path)
		switch {
		case !ok: // an object is like nothing, and unlike nothing either
			return false
		case err != nil:
			return text != value
		default:
			return !fits(o, path, value, want)
		}
	}, path)
}

// fits holds a value to a parameter that is JSON: it reads the same, or is
// equal, or is in the list.
func fits(o Object, path, value string, want any) bool {
	text, ok := textAt(o, path)
	if ok && text == value {
		return true
	}
	got, there := At(o, path)
	if !there {
		return false
	}
	if _, isObject := got.(Object); isObject {
		return false
	}
	if Equal(got, want) {
		return true
	}
	list, _ := want.([]any)
	return slices.ContainsFunc(list, func(w any) bool { return Equal(got, w) })
}

// textAt is the value at a path as filters compare it; what is missing is "".
// An object has no such form.
func textAt(o Object, path string) (string, bool) {
	v, _ := At(o, path)
	return stringify(v)
}

// stringify is a value as filters compare it: arrays are what their values
// read one after another.
func stringify(v any) (string, bool) {
	switch w := v.(type) {
	case nil:
		return "", true
	case string:
		return w, true
	case bool:
		return strconv.FormatBool(w), true
	case json.Number:
		return w.String(), true
	case []any:
		var b strings.Builder
		for _, e := range w {
			s, ok := stringify(e)
			if !ok {
				return "", false
			}
			b.WriteString(s)
		}
		return b.String(), true
	case Object:
		return "", false
	default:
		return fmt.Sprint(w), true
	}
}

// Equal compares JSON values; numbers by value.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case Object:
		y, ok := b.(Object)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			if w, there := y[k]; !there || !Equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, Equal)
	case json.Number:
		y, ok := b.(json.Number)
		return ok && sameNumber(x.String(), y.String())
	default:
		return a == b
	}
}

// sameNumber compares numerals by value. Those with an exponent, which could
// stand for a number of any length, are the same only if written so or if
// they are the same float.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	if strings.ContainsAny(a+b, "eE") {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		return errX == nil && errY == nil && x == y
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

// hasValue says whether something other than emptiness is at a path.
func hasValue(o Object, path string) bool {
	v, _ := At(o, path)
	switch w := v.(type) {
	case nil:
		return false
	case string:
		return w != ""
	case []any:
		return len(w) > 0
	case Object:
		return len(w) > 0
	default:
		return true
	}
}
