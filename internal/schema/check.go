package schema

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"

	checker "github.com/santhosh-tekuri/jsonschema/v6"
)

// Check returns raw with what the schema grants, and everything that is
// wrong, in the order of its paths. Granted are:
//
//   - the defaults of keys that are not there, at every depth;
//   - null for a key that wants something else: it is taken for not there
//     (spec/callflow-modules.md section 1.2);
//   - a string where an integer, a number or a boolean is wanted and which
//     reads as one: "5", "true" (spec/crossbar-api.md section 1.6);
//   - 5.0 and 5e0 for the integer 5, and no integer beyond 64 bits.
//
// Keys that the schema does not know are kept. Of a key that is there twice
// the last counts, and the other is gone from what is returned; broken UTF-8
// becomes U+FFFD. If nothing changed the answer is raw itself, and no copy.
// Empty raw is {}. Lengths count code points.
//
// What is not JSON at all, deeper than 200 levels, or of more than 100,000
// values is one fault "invalid" with no path.
func (s *Schema) Check(raw json.RawMessage) (json.RawMessage, Faults) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || s.wantsObject() && string(raw) == "null" {
		raw = json.RawMessage("{}")
	}
	doc, exact, faults := parse(raw)
	if len(faults) > 0 {
		return raw, faults.sorted()
	}
	changed := fill(s.check, doc)
	if err := s.check.Validate(doc); err != nil {
		var coerced bool
		doc, coerced = coerce(s.check, doc)
		if coerced {
			changed, err = true, s.check.Validate(doc)
		}
		if err != nil {
			faults = faultsOf(err, doc).sorted()
		}
	}
	if exact && !changed {
		return raw, faults
	}
	out, err := encode(doc)
	if err != nil {
		return raw, invalid(err.Error())
	}
	return out, faults
}

func (s *Schema) wantsObject() bool { return wants(s.check, "object") }

// Decode reads checked, which Check returned without faults, into a pointer
// to what the schema was made of. Unlike json.Unmarshal it takes keys only as
// they are written: a "TEXT" beside "text", which no schema saw, is nothing.
func (s *Schema) Decode(checked json.RawMessage, into any) error {
	doc, _, faults := parse(checked)
	if err := faults.Err(); err != nil {
		return err
	}
	if unfold(s.check, doc) {
		var err error
		if checked, err = encode(doc); err != nil {
			return err
		}
	}
	return json.Unmarshal(checked, into)
}

// unfold takes out of doc the keys that json.Unmarshal would take for a
// property although they are not written like it.
func unfold(s *checker.Schema, doc any) (changed bool) {
	if object, ok := doc.(map[string]any); ok && len(s.Properties) > 0 {
		for key := range object {
			if s.Properties[key] != nil {
				continue
			}
			for name := range s.Properties {
				if strings.EqualFold(name, key) {
					delete(object, key)
					changed = true
				}
			}
		}
	}
	within(s, doc, func(inner *checker.Schema, v any) {
		changed = unfold(inner, v) || changed
	})
	return changed
}

// within calls do for each value in doc that s says something of.
func within(s *checker.Schema, doc any, do func(*checker.Schema, any)) {
	switch v := doc.(type) {
	case map[string]any:
		for key, value := range v {
			if inner := property(s, key); inner != nil {
				do(inner, value)
			}
		}
	case []any:
		if inner, ok := s.Items.(*checker.Schema); ok {
			for _, value := range v {
				do(inner, value)
			}
		}
	}
}

// property is what holds for an object's key, nil if all goes.
func property(s *checker.Schema, key string) *checker.Schema {
	if p := s.Properties[key]; p != nil {
		return p
	}
	for pattern, p := range s.PatternProperties {
		if pattern.MatchString(key) {
			return p
		}
	}
	p, _ := s.AdditionalProperties.(*checker.Schema)
	return p
}

// wants says whether s takes values of that type. One that names no types
// takes all.
func wants(s *checker.Schema, name string) bool {
	if s.Types != nil && !s.Types.IsEmpty() {
		return slices.Contains(s.Types.ToStrings(), name)
	}
	if forms := slices.Concat(s.OneOf, s.AnyOf); len(forms) > 0 {
		return slices.ContainsFunc(forms, func(form *checker.Schema) bool { return wants(form, name) })
	}
	return s.Enum == nil
}

// typed says whether s names a type, and it is that.
func typed(s *checker.Schema, name string) bool {
	return s.Types != nil && !s.Types.IsEmpty() && wants(s, name)
}

// fill grants defaults, nulls and whole numbers everywhere below doc, in
// place. It says whether anything changed.
func fill(s *checker.Schema, doc any) (changed bool) {
	switch v := doc.(type) {
	case map[string]any:
		return fillObject(s, v)
	case []any:
		inner, ok := s.Items.(*checker.Schema)
		if !ok {
			return false
		}
		for i := range v {
			if whole, ok := integer(inner, v[i]); ok {
				v[i], changed = whole, true
			}
			changed = fill(inner, v[i]) || changed
		}
	}
	return changed
}

func fillObject(s *checker.Schema, object map[string]any) (changed bool) {
	for key, value := range object {
		p := property(s, key)
		if p == nil {
			continue
		}
		if value == nil && !wants(p, "null") {
			delete(object, key)
			changed = true
			continue
		}
		if whole, ok := integer(p, value); ok {
			object[key], changed = whole, true
		}
	}
	for key, p := range s.Properties {
		if _, there := object[key]; !there && p.Default != nil {
			object[key], changed = clone(*p.Default), true
		}
	}
	within(s, object, func(inner *checker.Schema, v any) {
		changed = fill(inner, v) || changed
	})
	return changed
}

// clone copies a default, so that no document changes the schema.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, inner := range v {
			c[k] = clone(inner)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, inner := range v {
			c[i] = clone(inner)
		}
		return c
	}
	return v
}

// integer writes 5.0 and 5e0 as 5 where an integer is wanted.
func integer(s *checker.Schema, v any) (json.Number, bool) {
	n, ok := v.(json.Number)
	if !ok || !strings.ContainsAny(string(n), ".eE") || !typed(s, "integer") {
		return "", false
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok || !r.IsInt() {
		return "", false
	}
	return json.Number(r.Num().String()), true
}

// coerce reads strings everywhere in doc as what is wanted there, and returns
// doc, which is another only if all of it was a string.
func coerce(s *checker.Schema, doc any) (out any, changed bool) {
	switch v := doc.(type) {
	case string:
		return fromString(s, v)
	case map[string]any:
		for key, value := range v {
			if p := property(s, key); p != nil {
				c, did := coerce(p, value)
				v[key], changed = c, changed || did
			}
		}
	case []any:
		inner, ok := s.Items.(*checker.Schema)
		if !ok {
			break
		}
		for i, value := range v {
			c, did := coerce(inner, value)
			v[i], changed = c, changed || did
		}
	}
	return doc, changed
}

// fromString is text as the integer, number or boolean that s wants.
func fromString(s *checker.Schema, text string) (any, bool) {
	if s.Types == nil || typed(s, "string") || len(text) > maxDigits {
		return text, false
	}
	if typed(s, "boolean") {
		switch text {
		case "true", "false":
			return text == "true", true
		}
	}
	if !typed(s, "integer") && !typed(s, "number") {
		return text, false
	}
	if n, ok := new(big.Int).SetString(text, 10); ok {
		return json.Number(n.String()), true
	}
	n := json.Number(text)
	if _, err := n.Float64(); err != nil || !json.Valid([]byte(text)) {
		return text, false
	}
	if whole, ok := integer(s, n); ok {
		return whole, true
	}
	return n, true
}

// find is the value at a path in doc.
func find(doc any, path []string) any {
	for _, key := range path {
		switch v := doc.(type) {
		case map[string]any:
			doc = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			doc = v[i]
		}
	}
	return doc
}
