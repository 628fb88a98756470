package documents

import "github.com/pivotvoice/pivot/internal/schema"

// What no tags describe: objects with keys of their own choice beside those
// that are known, and values of several shapes.

// DialPlans is how digits that are dialled become numbers: by regular
// expressions, and what is put before and after what they catch.
type DialPlans map[string]any

// JSONSchema is schema.Of's.
func (DialPlans) JSONSchema() *schema.Tree {
	return schema.Literal(`{"type": "object",
		"properties": {"system": {"type": "array", "items": {"type": "string"},
			"description": "Plans of the server, by name."}},
		"additionalProperties": {"type": "object", "properties": {
			"description": {"type": "string", "description": "What it is for."},
			"prefix": {"type": "string", "description": "What is put before."},
			"suffix": {"type": "string", "description": "What is put after."}}}}`)
}

const formatOptions = `{"type": "object", "properties": {
	"direction": {"type": "string", "enum": ["inbound", "outbound", "both"], "description": "Of which requests."},
	"match_invite_format": {"type": "boolean", "description": "Write it as requests to this endpoint are."},
	"prefix": {"type": "string", "description": "What is put before."},
	"regex": {"type": "string", "description": "A regular expression; what its group catches is kept."},
	"strip": {"type": "boolean", "description": "Take the field away."},
	"suffix": {"type": "string", "description": "What is put after."},
	"value": {"type": "string", "description": "What the field becomes."}}}`

// Formatters rewrite fields of requests, by the field's name.
type Formatters map[string]any

// JSONSchema is schema.Of's.
func (Formatters) JSONSchema() *schema.Tree {
	return schema.Literal(`{"type": "object", "patternProperties": {"^[A-Za-z0-9_]+$": {"oneOf": [
		{"type": "array", "items": ` + formatOptions + `}, ` + formatOptions + `]}}}`)
}

// FormatOptions are one of Formatters.
type FormatOptions map[string]any

// JSONSchema is schema.Of's.
func (FormatOptions) JSONSchema() *schema.Tree { return schema.Literal(formatOptions) }

const headers = `{"type": "object", "additionalProperties": false,
	"patternProperties": {"^[a-zA-Z0-9_\\-]+$": {"type": "string"}}}`

// Headers are SIP headers by name.
type Headers map[string]string

// JSONSchema is schema.Of's.
func (Headers) JSONSchema() *schema.Tree { return schema.Literal(headers) }

// BothHeaders are Headers, or those of each direction under "in" and "out".
type BothHeaders map[string]any

// JSONSchema is schema.Of's.
func (BothHeaders) JSONSchema() *schema.Tree {
	return schema.Literal(`{"type": "object", "anyOf": [` + headers + `,
		{"type": "object", "additionalProperties": false, "properties": {"in": ` + headers + `, "out": ` + headers + `}}]}`)
}
