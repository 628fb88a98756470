package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	reflector "github.com/invopop/jsonschema"
)

// finite refuses types that hold themselves or what JSON can not say. path
// are the structs that t lies in.
func finite(t reflect.Type, path []reflect.Type) error {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return finite(t.Elem(), path)
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Errorf("no JSON fits %s", t)
	case reflect.Struct:
	default:
		return nil
	}
	if slices.Contains(path, t) {
		return fmt.Errorf("%s holds itself: use json.RawMessage", t)
	}
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
			continue
		}
		if err := finite(f.Type, append(path, t)); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// declare puts into s what the library does not read off a type: defaults,
// our own tags, the range of small integers.
func declare(s *reflector.Schema, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return declare(s, reflect.Zero(v.Type().Elem()))
		}
		return declare(s, v.Elem())
	}
	anything(s)
	switch {
	case v.Kind() == reflect.Interface || isLiteral(v.Type()): // says all there is to say
	case v.Kind() == reflect.Struct && s.Properties != nil:
		return declareFields(s, v)
	case s.Items != nil:
		return declare(s.Items, reflect.Zero(v.Type().Elem()))
	case v.Kind() == reflect.Map:
		for _, values := range s.PatternProperties {
			if err := declare(values, reflect.Zero(v.Type().Elem())); err != nil {
				return err
			}
		}
		if values := s.AdditionalProperties; values != nil && values != reflector.FalseSchema {
			return declare(values, reflect.Zero(v.Type().Elem()))
		}
	case s.Type == "integer":
		rangeOf(s, v.Type())
	}
	return nil
}

// isLiteral says whether a type says its schema itself; see Literal.
func isLiteral(t reflect.Type) bool {
	_, ok := t.MethodByName("JSONSchema")
	return ok
}

// anything makes the schema of any {}: the library's true is not draft 4.
func anything(s *reflector.Schema) {
	if s.Type == "" && s.Extras == nil {
		s.Extras = map[string]any{}
	}
}

// rangeOf limits s to what fits in t, where t is not as big as an int64,
// which every integer is held to.
func rangeOf(s *reflector.Schema, t reflect.Type) {
	bits := t.Bits()
	low, high := "0", ""
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32:
		low, high = strconv.Itoa(-1<<(bits-1)), strconv.Itoa(1<<(bits-1)-1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		high = strconv.Itoa(1<<bits - 1)
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		high = strconv.Itoa(math.MaxInt64)
	default:
		return
	}
	if s.Minimum == "" {
		s.Minimum = json.Number(low)
	}
	if s.Maximum == "" {
		s.Maximum = json.Number(high)
	}
}

func declareFields(s *reflector.Schema, v reflect.Value) error {
	for i := range v.NumField() {
		f, fv := v.Type().Field(i), v.Field(i)
		if f.Name == "_" && f.Tag.Get("jsonschema") == "noextra" {
			s.AdditionalProperties = reflector.FalseSchema
			continue
		}
		if err := declareField(s, f, fv); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func declareField(s *reflector.Schema, f reflect.StructField, v reflect.Value) error {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	inner := v
	if f.Type.Kind() == reflect.Pointer {
		inner = reflect.Zero(f.Type.Elem())
		if !v.IsNil() {
			inner = v.Elem()
		}
	}
	if f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
		return declareFields(s, inner)
	}
	if name == "" {
		name = f.Name
	}
	p, ok := s.Properties.Get(name)
	if !ok {
		return nil
	}
	if err := readTags(p, f); err != nil {
		return err
	}
	if one, ok := reflect.TypeAssert[interface{ Enum() []string }](reflect.Zero(f.Type)); ok {
		for _, value := range one.Enum() {
			p.Enum = append(p.Enum, value)
		}
	}
	if err := declare(p, v); err != nil {
		return err
	}
	return defaultOf(p, v)
}

// defaultOf makes v the default of p if it says something.
func defaultOf(p *reflector.Schema, v reflect.Value) error {
	if v.Kind() == reflect.Struct && p.Properties != nil {
		for _, inner := range p.Properties.FromOldest() {
			if inner.Default != nil && p.Default == nil {
				p.Default = json.RawMessage("{}")
			}
		}
		return nil
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() && p.Properties != nil {
		p.Default = json.RawMessage("{}")
		return nil
	}
	if v.IsZero() || v.Kind() == reflect.Map && v.Len() == 0 {
		return nil
	}
	raw, err := encode(v.Interface())
	if err != nil {
		return err
	}
	p.Default = raw
	return nil
}

// tagsOf are the tags that say something of a type; "" is of any type, and
// an array takes its items' too.
var tagsOf = map[string][]string{
	"":        {"required", "title", "description", "default", "enum", "oneof_type", "anyof_type"},
	"string":  {"minLength", "maxLength", "pattern", "format"},
	"integer": {"minimum", "maximum", "multipleOf"},
	"number":  {"minimum", "maximum", "multipleOf"},
	"array":   {"minItems", "maxItems", "uniqueItems"},
	"object":  {"keys"},
}

// readTags refuses what nobody would obey, and obeys what is ours.
func readTags(p *reflector.Schema, f reflect.StructField) error {
	const comma = "\x00"
	all := strings.ReplaceAll(f.Tag.Get("jsonschema"), `\,`, comma)
	for tag := range strings.SplitSeq(all, ",") {
		name, value, _ := strings.Cut(strings.ReplaceAll(tag, comma, ","), "=")
		if name == "" {
			continue
		}
		known := slices.Contains(tagsOf[""], name) || slices.Contains(tagsOf[p.Type], name)
		for _, inner := range append(forms(p), p.Items) {
			known = known || inner != nil && slices.Contains(tagsOf[inner.Type], name)
		}
		if !known {
			return fmt.Errorf("no %s takes the tag %q", p.Type, name)
		}
		switch name {
		case "default":
			if err := tagDefault(p, value); err != nil {
				return err
			}
		case "keys":
			only(p, value)
		default:
			if err := tagForms(p, name, value); err != nil {
				return err
			}
		}
	}
	return fixDefault(p)
}

// forms are what a property may be one of.
func forms(p *reflector.Schema) []*reflector.Schema { return slices.Concat(p.OneOf, p.AnyOf) }

// tagForms puts a tag into the forms of a property that take it; an enum is
// of strings.
func tagForms(p *reflector.Schema, name, value string) error {
	for _, form := range forms(p) {
		switch {
		case name == "enum" && form.Type == "string":
			form.Enum = append(form.Enum, value)
			continue
		case !slices.Contains(tagsOf[form.Type], name):
			continue
		}
		said := map[string]any{name: json.RawMessage(value)}
		if name == "pattern" || name == "format" {
			said[name] = value
		}
		raw, err := encode(said)
		if err == nil {
			err = json.Unmarshal(raw, form)
		}
		if err != nil {
			return fmt.Errorf("%s=%s: %w", name, value, err)
		}
	}
	return nil
}

// tagDefault is the default of an object or of anything, as JSON.
func tagDefault(p *reflector.Schema, value string) error {
	switch {
	case p.Type == "object" || p.Type == "array" && strings.HasPrefix(value, "["):
		if !json.Valid([]byte(value)) {
			return fmt.Errorf("the default %q is not JSON", value)
		}
		p.Default = json.RawMessage(value)
	case p.Type == "" && json.Valid([]byte(value)):
		p.Default = json.RawMessage(value)
	case p.Type == "":
		p.Default = value
	case p.Default == nil:
		return fmt.Errorf("the default %q is not of type %s", value, p.Type)
	}
	return nil
}

// fixDefault reads the default of an array, which the library takes for
// strings, as what the items are.
func fixDefault(p *reflector.Schema) error {
	list, ok := p.Default.([]any)
	if !ok || p.Items == nil || p.Items.Type == "string" || p.Items.Type == "" {
		return nil
	}
	fixed := make([]any, len(list))
	for i, item := range list {
		text, ok := item.(string)
		if !ok || !json.Valid([]byte(text)) {
			return errors.New("a default is not of its items' type")
		}
		fixed[i] = json.RawMessage(text)
	}
	p.Default = fixed
	return nil
}

// only lets a map have no keys but those that match pattern.
func only(p *reflector.Schema, pattern string) {
	values := p.AdditionalProperties
	if values == nil {
		values = &reflector.Schema{Extras: map[string]any{}}
	}
	p.PatternProperties = map[string]*reflector.Schema{pattern: values}
	p.AdditionalProperties = reflector.FalseSchema
}
