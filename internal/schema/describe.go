package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	reflector "github.com/invopop/jsonschema"
)

// Field is one key of a document as people read of it.
type Field struct {
	Name     string // dotted, with [] after the name of an array of objects
	Type     string // "string", "array of integer", "boolean or string"
	Default  string // JSON, "" if there is none
	Required bool   // and has no default
	Says     string // what it is, and what it must hold to; names are in backquotes
}

// Describe are the fields of the documents that s is for, those of objects
// within after the object's own, in the order of the struct.
func (s *Schema) Describe() []Field { return describe(nil, "", s.tree) }

func describe(out []Field, under string, t *reflector.Schema) []Field {
	if t.Properties == nil {
		return out
	}
	for p := t.Properties.Oldest(); p != nil; p = p.Next() {
		name, v := under+p.Key, p.Value
		f := Field{Name: name, Type: typeName(v), Says: v.Description + limitsOf(v)}
		switch {
		case v.Default != nil: // which is put in before anything is asked for
			raw, _ := json.Marshal(v.Default) // was JSON before
			f.Default = string(raw)
		case slices.Contains(t.Required, p.Key):
			f.Required = true
		}
		out = append(out, f)
		out = describe(out, name+".", v)
		if v.Items != nil {
			out = describe(out, name+"[].", v.Items)
		}
	}
	return out
}

func typeName(p *reflector.Schema) string {
	either := forms(p)
	switch {
	case p.Items != nil && p.Items.Type != "":
		return p.Type + " of " + p.Items.Type
	case p.Type != "":
		return p.Type
	case len(either) == 0:
		return "any"
	}
	words := make([]string, len(either))
	for i, one := range either {
		words[i] = typeName(one)
	}
	return strings.Join(words, " or ")
}

// limitsOf is what a value must hold to, in brackets.
func limitsOf(p *reflector.Schema) string {
	var all []string
	add := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	values := p.Enum
	if p.Items != nil && values == nil {
		values = p.Items.Enum
	}
	if values != nil {
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = fmt.Sprintf("`%v`", v)
		}
		add("one of %s", strings.Join(words, " "))
	}
	for _, l := range []struct {
		says string
		n    json.Number
	}{{"at least %s", p.Minimum}, {"at most %s", p.Maximum}} {
		if l.n != "" {
			add(l.says, l.n)
		}
	}
	for _, l := range []struct {
		says string
		n    *uint64
	}{
		{"at least %d characters", p.MinLength},
		{"at most %d characters", p.MaxLength},
		{"at least %d items", p.MinItems},
		{"at most %d items", p.MaxItems},
	} {
		if l.n != nil {
			add(l.says, *l.n)
		}
	}
	if p.Pattern != "" {
		add("matches `%s`", p.Pattern)
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}
