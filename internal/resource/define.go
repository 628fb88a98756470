// Package resource serves API resources that are declared once: their schema,
// what a list of them shows, what they can be found by and what must hold. It
// knows documents, not HTTP; the API maps requests to it.
package resource

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Def declares a resource whose documents are Ts. Documents are kept as the
// JSON they are: T is how hooks read them, and what their schema is read off.
// Keys that T does not have are stored and returned unchanged.
type Def[T any] struct {
	Name    string // in the URL, and of its schema: "menus"
	As      string // the name of its schema, where that is another
	Type    string // of its documents, pvt_type: "menu"
	Blob    string // the type of the blob that lies under the same id and goes with its document; "" is none
	Fixed   bool   // clients can read and delete, but neither make nor change one
	NoPatch bool   // it is changed as a whole: there is no PATCH
	Summary string // one line
	Doc     string // the rest, in Markdown
	Default T      // the values of a new one
	Example string // one that works, JSON: shown in the docs and lived through by the tests
	// List are the columns of a list row, besides the id.
	List []Column
	// Whole has list rows be whole documents.
	Whole bool
	// Order are the top-level keys whose texts, together and in small letters, a
	// list is ordered by; none is the id. All documents are looked at for a page:
	// it is for resources of which an account has few.
	Order []string
	// Ascending has lists with an Order begin with the least; else they do so
	// only if asked to.
	Ascending bool
	// ByCreated orders lists by the time of creation.
	ByCreated bool
	// Index are the dotted paths of single values that lists are often
	// filtered by; such filters need not read every document.
	Index []string
	// Find is what else it can be found by, in the store's index, read from
	// private keys too.
	Find func(d Doc) map[string][]string
	// Refers are the documents that one means, there or not.
	Refers func(d Doc) []Ref
	// Unique are the values that no other document of the account may have.
	Unique []Unique
	// ReadOnly are top-level keys that replies add; they are dropped from
	// requests.
	ReadOnly []string
	// Apart are top-level keys that the schema is not asked about: Before and
	// Check see to them. T does not have them.
	Apart []string
	// Schema changes the schema that was read off T, such as by embedding
	// another; nil leaves it.
	Schema func(*schema.Schema) *schema.Schema
	// Before may change the document before it is held to the schema. What
	// it returns as schema.Faults is shown together with the schema's.
	Before func(ctx context.Context, d *Draft) error
	// Check is what a schema cannot say. v is the document with its defaults;
	// d can still be changed.
	Check func(ctx context.Context, d *Draft, v T) error
	// Show adds computed keys to the one document that is returned.
	Show func(ctx context.Context, docs store.Docs, d Doc, out Object) error
	// Removing may refuse a deletion.
	Removing func(ctx context.Context, docs store.Docs, d Doc) error
}

// Ref is what a document means another by. Type is "" where it does not say
// what the other is.
type Ref struct{ Type, ID string }

// Unique is a value that only one document of the account may have.
type Unique struct {
	Path string // dotted; a string or an array of strings
	// Fault says that other has value already. nil says it in general words.
	Fault func(value string, other Doc) schema.Fault
}

// Column is a key of a list row.
type Column struct {
	Name  string
	Value func(Doc) any // nil is left out of the row
	// Is says what the value is, where it is not what the document's schema says
	// of the key of that name.
	Is *schema.Tree
}

// Field is the document's own top-level key, left out where it is missing.
func Field(name string) Column {
	return Column{Name: name, Value: func(d Doc) any { return d.Public[name] }}
}

// Fields are several of them.
func Fields(names ...string) []Column {
	out := make([]Column, len(names))
	for i, n := range names {
		out[i] = Field(n)
	}
	return out
}

// FieldOr is the document's own top-level key, or missing.
func FieldOr(name string, missing any) Column {
	return Column{Name: name, Value: func(d Doc) any {
		if v, ok := d.Public[name]; ok && v != nil {
			return v
		}
		return missing
	}}
}

// Draft is a document about to be saved.
type Draft struct {
	Account string
	ID      string
	Old     *Doc   // nil for a new one
	Doc     Object // the public keys
	Private Object // the private keys; those of the old one stay unless changed
	Docs    store.Docs
}

// Resource is a Def with its type forgotten.
type Resource struct {
	Name, Type, Summary, Doc string
	As, Blob                 string
	Fixed, NoPatch, Whole    bool
	Columns                  []Column // of a list row, besides the id
	Order                    []string
	Ascending, ByCreated     bool
	Index                    []string
	Unique                   []Unique
	ReadOnly, Apart          []string
	Schema                   *schema.Schema
	Example                  json.RawMessage

	texts map[string]bool // the paths whose values are strings
	turn  chan struct{}   // of OneByOne, has a token while one is saved; nil is at once

	find     func(Doc) map[string][]string
	refers   func(Doc) []Ref
	before   Hook
	check    Hook
	show     func(context.Context, store.Docs, Doc, Object) error
	removing func(context.Context, store.Docs, Doc) error
}

// Define makes a Resource of d.
func Define[T any](d Def[T]) Resource {
	s := schema.Of(d.Default)
	if d.Schema != nil {
		s = d.Schema(s)
	}
	r := Resource{
		Name: d.Name, Type: d.Type, Summary: d.Summary, Doc: d.Doc, Columns: d.List, Order: d.Order,
		Ascending: d.Ascending, ByCreated: d.ByCreated, texts: map[string]bool{},
		As: cmp.Or(d.As, d.Name), Blob: d.Blob, Fixed: d.Fixed, NoPatch: d.NoPatch, Whole: d.Whole,
		Index: d.Index, Unique: d.Unique, ReadOnly: d.ReadOnly, Apart: d.Apart,
		Schema: s, Example: json.RawMessage(d.Example),
		find: d.Find, refers: d.Refers, before: d.Before, show: d.Show, removing: d.Removing,
	}
	for _, f := range s.Describe() {
		r.texts[f.Name] = f.Type == "string"
	}
	if d.Check != nil {
		r.check = func(ctx context.Context, draft *Draft) error {
			var v T
			if err := r.Decode(draft.Doc, &v); err != nil {
				return err
			}
			return d.Check(ctx, draft, v)
		}
	}
	return r
}

// Hook looks at a draft, and may change it. What it returns as schema.Faults
// is the client's fault.
type Hook func(context.Context, *Draft) error

// Preparing is r with one more thing done to a document before it is held to
// its schema.
func (r Resource) Preparing(more Hook) Resource {
	r.before = then(r.before, more)
	return r
}

// Checking is r with one more check of a document with its defaults.
func (r Resource) Checking(more Hook) Resource {
	r.check = then(r.check, more)
	return r
}

// OneByOne is r with its documents, of whatever account, saved one after the
// other: what a check found out of the others is true until the document is
// written. It is for what the store cannot see to, as it does to Unique.
func (r Resource) OneByOne() Resource {
	r.turn = make(chan struct{}, 1)
	return r
}

// then is two hooks in one: the faults of both, unless the first went wrong
// otherwise.
func then(first, second Hook) Hook {
	if first == nil {
		return second
	}
	return func(ctx context.Context, d *Draft) error {
		var faults, more schema.Faults
		if err := first(ctx, d); err != nil && !errors.As(err, &faults) {
			return err
		}
		if err := second(ctx, d); err != nil && !errors.As(err, &more) {
			return err
		}
		return append(faults, more...).Err()
	}
}

// Decode reads a document with its defaults.
func (r Resource) Decode(doc Object, into any) error {
	raw, err := json.Marshal(without(doc, r.Apart))
	if err != nil {
		return err
	}
	if err := r.Schema.Decode(raw, into); err != nil {
		return unfit(err)
	}
	return nil
}

// unfit is a document that its schema took and its type does not: a number
// too large for an int, say.
func unfit(err error) error {
	f := schema.Fault{Rule: "type", Message: "Value cannot be read: " + err.Error()}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		f.Path = []string{wrong.Field}
		f.Message = "Value did not match type(s): " + wrong.Type.String()
	}
	return schema.Faults{f}
}

// Validate returns data with what its schema grants, and everything its
// schema says is wrong; no hooks are asked.
func (r Resource) Validate(data Object) (Object, schema.Faults, error) {
	raw, err := json.Marshal(without(data, r.Apart))
	if err != nil {
		return nil, nil, err
	}
	full, faults := r.Schema.Check(raw)
	if len(faults) > 0 {
		return data, faults, nil
	}
	out, err := ParseObject(full)
	for _, k := range r.Apart {
		if v, ok := data[k]; ok && err == nil {
			out[k] = v
		}
	}
	return out, nil, err
}

// without is o without some of its keys.
func without(o Object, keys []string) Object {
	if len(keys) == 0 {
		return o
	}
	out := maps.Clone(o)
	for _, k := range keys {
		delete(out, k)
	}
	return out
}

// RowSchema is what rows of a list with these columns more are: all of their
// keys are in it.
func (r Resource) RowSchema(more ...Column) *schema.Schema {
	if r.Whole {
		return r.Schema
	}
	row := []schema.Key{{Name: "id", Is: schema.Literal(`{"type": "string", "description": "Its id."}`)}}
	for _, c := range slices.Concat(r.Columns, more) {
		row = append(row, schema.Key{Name: c.Name, Is: c.Is})
	}
	return r.Schema.Part(row)
}

// Row is a document as a list shows it.
func (r Resource) Row(d Doc) Object {
	if r.Whole {
		return d.Show()
	}
	row := Object{"id": d.ID}
	for _, c := range r.Columns {
		if v := c.Value(d); v != nil {
			row[c.Name] = v
		}
	}
	return row
}
