package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"

	reflector "github.com/invopop/jsonschema"
	checker "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pivotvoice/pivot/internal/event"
)

// draft is the version of JSON schema that Kazoo publishes.
const draft = "http://json-schema.org/draft-04/schema#"

// Schema is a JSON schema (draft 4) with what is needed to hold data to it.
// It never changes and is safe for use by many goroutines.
type Schema struct {
	tree   *reflector.Schema // as declared
	doc    json.RawMessage   // as published
	check  *checker.Schema   // as checked: with the limits of Go's types too
	fields []string
}

// Of reads the schema of v's type; v's own non-zero values are the defaults,
// before those of its tags. The tags are those of
// github.com/invopop/jsonschema:
//
//	json:"name" jsonschema:"required,minimum=0,maximum=9,default=3" jsonschema_description:"What it is."
//	json:"name" jsonschema:"enum=a,enum=b,minLength=1,maxLength=9,pattern=^x$,format=uri"
//	json:"name" jsonschema:"minItems=1,uniqueItems=true,enum=a,enum=b"   // an array; the last are its items'
//	json:"name" jsonschema:"oneof_type=string;integer,minLength=3"       // on a field of type any; each form takes its
//
// and three of our own:
//
//	_ struct{} `jsonschema:"noextra"`           // no keys but those of this struct
//	json:"name" jsonschema:"keys=^[0-9]+$"      // a map: no keys but such
//	json:"name" jsonschema:"default={}"         // an object or any: JSON
//
// A named type of strings with a method Enum() []string has no other values
// than those. A comma inside a value is written `\\,`. json.RawMessage and any take every
// JSON. A struct by value is filled in where data lacks it if something in it
// has a default; behind a pointer it is not.
//
// A type that tags cannot describe has a method JSONSchema() *Tree, which
// returns a Literal.
//
// A type that no JSON fits, or a tag nobody knows, is a broken declaration:
// Of panics, at start.
func Of(v any) *Schema {
	s, err := of(v)
	if err != nil {
		//nolint:forbidigo // a broken declaration: found at start, by every test
		panic(fmt.Sprintf("schema: %T: %v", v, err))
	}
	return s
}

func of(v any) (*Schema, error) {
	t := reflect.TypeOf(v)
	if t == nil {
		return nil, errors.New("nil has no schema")
	}
	if err := finite(t, nil); err != nil {
		return nil, err
	}
	r := reflector.Reflector{
		Anonymous: true, DoNotReference: true, ExpandedStruct: true,
		AllowAdditionalProperties: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *reflector.Schema {
			if t == reflect.TypeFor[event.Millis]() { // which is written with its fraction
				return &reflector.Schema{Type: "number"}
			}
			return nil
		},
	}
	tree := r.Reflect(v)
	if err := declare(tree, reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	return build(tree)
}

// Tree is a schema as it is declared.
type Tree = reflector.Schema

// Literal is the schema that text is, for a type's method JSONSchema. What is
// none is a broken declaration: Literal panics, at start.
func Literal(text string) *Tree {
	t := new(Tree)
	if err := json.Unmarshal([]byte(text), t); err != nil {
		//nolint:forbidigo // a broken declaration: found at start, by every test
		panic(fmt.Sprintf("schema: %s: %v", text, err))
	}
	return t
}

// build publishes and compiles tree.
func build(tree *reflector.Schema) (*Schema, error) {
	tree.Version = draft
	doc, err := encode(tree)
	if err != nil {
		return nil, err
	}
	compiled, err := compile(doc)
	if err != nil {
		return nil, err
	}
	if err := limits(compiled); err != nil {
		return nil, err
	}
	s := &Schema{tree: tree, doc: doc, check: compiled}
	if tree.Properties != nil {
		s.fields = slices.Collect(tree.Properties.KeysFromOldest())
	}
	return s, nil
}

func compile(doc json.RawMessage) (*checker.Schema, error) {
	v, err := decode(doc)
	if err != nil {
		return nil, err
	}
	const name = "pivot:schema"
	c := checker.NewCompiler()
	c.DefaultDraft(checker.Draft4)
	c.UseLoader(checker.SchemeURLLoader{})
	if err := c.AddResource(name, v); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// JSON is the schema as it is published.
func (s *Schema) JSON() json.RawMessage { return s.doc }

// Fields are the names of the top-level properties, in the struct's order.
func (s *Schema) Fields() []string { return s.fields }

// Embed is s with the property at path ("flow", "metaflow.numbers") being
// held to sub. The property's own description stays if sub has none.
func (s *Schema) Embed(path string, sub *Schema) (*Schema, error) {
	tree, err := graft(s.tree, strings.Split(path, "."), sub.tree)
	if err != nil {
		return nil, fmt.Errorf("schema: no property %q to embed in", path)
	}
	return build(tree)
}

// Pick is a schema of its own for some of the properties of s, in that order.
// One that s has not is a broken declaration: Pick panics, at start.
func (s *Schema) Pick(names ...string) *Schema {
	tree := *s.tree
	tree.Properties, tree.Required = reflector.NewProperties(), nil
	for _, name := range names {
		p, ok := s.tree.Properties.Get(name)
		if !ok {
			//nolint:forbidigo // a broken declaration: found at start, by every test
			panic(fmt.Sprintf("schema: there is no property %q to pick", name))
		}
		tree.Properties.Set(name, p)
		if slices.Contains(s.tree.Required, name) {
			tree.Required = append(tree.Required, name)
		}
	}
	picked, err := build(&tree)
	if err != nil {
		//nolint:forbidigo // s was built of the same
		panic(fmt.Sprintf("schema: %v", err))
	}
	return picked
}

// graft copies what lies on path and nothing else.
func graft(t *reflector.Schema, path []string, sub *reflector.Schema) (*reflector.Schema, error) {
	if len(path) == 0 {
		c := *sub
		c.Version = ""
		if c.Description == "" {
			c.Description = t.Description
		}
		if c.Default == nil {
			c.Default = t.Default
		}
		return &c, nil
	}
	if t.Properties == nil {
		return nil, errors.ErrUnsupported
	}
	p, ok := t.Properties.Get(path[0])
	if !ok {
		return nil, errors.ErrUnsupported
	}
	p, err := graft(p, path[1:], sub)
	if err != nil {
		return nil, err
	}
	c := *t
	c.Properties = reflector.NewProperties()
	for name, old := range t.Properties.FromOldest() {
		c.Properties.Set(name, old)
	}
	c.Properties.Set(path[0], p)
	return &c, nil
}

// limits holds every integer to 64 bits and every default to its own rules.
func limits(s *checker.Schema) error {
	if s == nil {
		return nil
	}
	if typed(s, "integer") {
		if s.Minimum == nil {
			s.Minimum = new(big.Rat).SetInt64(math.MinInt64)
		}
		if s.Maximum == nil {
			s.Maximum = new(big.Rat).SetInt64(math.MaxInt64)
		}
	}
	if s.Default != nil && !typed(s, "object") {
		if err := s.Validate(*s.Default); err != nil {
			return fmt.Errorf("the default %v: %w", *s.Default, err)
		}
	}
	inner := slices.Concat(s.OneOf, s.AnyOf, slices.Collect(maps.Values(s.Properties)),
		slices.Collect(maps.Values(s.PatternProperties)))
	for _, one := range []any{s.AdditionalProperties, s.Items} {
		if p, ok := one.(*checker.Schema); ok {
			inner = append(inner, p)
		}
	}
	for _, p := range inner {
		if err := limits(p); err != nil {
			return err
		}
	}
	return nil
}
