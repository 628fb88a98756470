package openapi

import (
	"encoding/json"
	"fmt"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/schema"
)

// envelopeName is the schema of what every answer is wrapped in.
const envelopeName = "envelope"

// schemasAt is where published schemas are in the document.
const schemasAt = "#/components/schemas/"

// schemaOf is a schema: by reference where it is published, else itself; nil
// takes everything.
func (d Description) schemaOf(s *schema.Schema) object {
	if s == nil {
		return object{}
	}
	if name, ok := d.Names[s]; ok {
		return object{"$ref": schemasAt + name}
	}
	return d.inline(s)
}

// inline is a schema as it is published, itself.
func (d Description) inline(s *schema.Schema) object {
	doc := s.JSON()
	if name, ok := d.Names[s]; ok {
		doc = d.Schemas[name] // which may refer to others
	}
	o, err := modern(doc)
	if err != nil {
		return object{}
	}
	return o
}

// patch is the schema of what is merged over documents of s.
func (d Description) patch(s *schema.Schema) object { return partial(d.inline(s)) }

// partial is the schema of what can be merged over a value of s: of objects
// nothing need be there, and null deletes a key. All else is replaced as it is.
func partial(s object) object {
	delete(s, "required")
	delete(s, "default")
	delete(s, "minProperties")
	for keyword, value := range s {
		sub, isObject := value.(object)
		switch {
		case named[keyword] && isObject:
			for name := range sub {
				sub[name] = orNull(sub[name])
			}
		case keyword == "additionalProperties" && isObject:
			s[keyword] = orNull(sub)
		}
	}
	return s
}

// orNull lets a key's value be merged, or deleted.
func orNull(v any) any {
	s, ok := v.(object)
	if !ok || len(s) == 0 {
		return v // takes everything already
	}
	if s["type"] == "object" {
		s = partial(s)
	}
	delete(s, "default")
	if kind, ok := s["type"].(string); ok {
		s["type"] = []any{kind, "null"}
		if values, ok := s["enum"].([]any); ok {
			s["enum"] = append(values, nil)
		}
		return s
	}
	out := object{"anyOf": []any{s, object{"type": "null"}}}
	if says, ok := s["description"]; ok {
		out["description"] = says
		delete(s, "description")
	}
	return out
}

// returned is the schema of one document in an answer: as it is sent, with
// its id.
func (d Description) returned(o rest.Operation) object {
	if o.Returns == nil {
		return object{}
	}
	if closed(o.Returns) {
		return object{"type": "object"} // answers have more keys than requests may
	}
	return object{"allOf": []object{
		d.schemaOf(o.Returns),
		{"type": "object", "properties": object{"id": object{"type": "string"}}},
	}}
}

// closed says whether a document may have no keys but those of its schema.
func closed(s *schema.Schema) bool {
	var root struct {
		More any `json:"additionalProperties"`
	}
	return json.Unmarshal(s.JSON(), &root) == nil && root.More == false
}

// components are the published schemas, and the envelope.
func components(schemas map[string]json.RawMessage) (object, error) {
	out := object{envelopeName: envelope()}
	for name, doc := range schemas {
		o, err := modern(doc)
		if err != nil {
			return nil, fmt.Errorf("openapi: schema %s: %w", name, err)
		}
		out[name] = o
	}
	return out, nil
}

// modern is a schema of draft 4 as one of 2020-12, which OpenAPI 3.1 has.
func modern(doc json.RawMessage) (object, error) {
	var o object
	if err := json.Unmarshal(doc, &o); err != nil {
		return nil, err
	}
	delete(o, "$schema")
	delete(o, "id")
	return modernise(o).(object), nil //nolint:forcetypeassert // an object stays one
}

// named are the keywords whose keys are names, and whose values are schemas.
var named = map[string]bool{"properties": true, "patternProperties": true, "definitions": true}

// literal are the keywords whose values are no schemas.
var literal = map[string]bool{"default": true, "enum": true, "required": true, "example": true}

func modernise(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = modernise(v[i])
		}
	case object:
		for key, value := range v {
			switch sub, isObject := value.(object); {
			case literal[key]:
			case named[key] && isObject:
				for name := range sub {
					sub[name] = modernise(sub[name])
				}
			case key == "$ref":
				v[key] = schemasAt + fmt.Sprint(value)
			default:
				v[key] = modernise(value)
			}
		}
	}
	return v
}

// envelope is what every answer is wrapped in
// (spec/crossbar-api.md section 1.3).
func envelope() object {
	text := func(says string) object { return object{"type": "string", "description": says} }
	number := func(says string) object { return object{"type": "integer", "description": says} }
	return object{"type": "object", "required": []string{"data", "status", "request_id"}, "properties": object{
		"data":       object{"description": "What was asked for; of an error, what is wrong."},
		"status":     object{"type": "string", "enum": []string{"success", "error"}},
		"request_id": text("As in X-Request-ID."), "auth_token": text("The token of the request, or the one it made."),
		"revision": text("Of one document: for If-Match and If-None-Match."), "node": text("Which server answered."),
		"timestamp": text("When, in UTC."), "version": text("Of the server."),
		"page_size": number("Of a list: how many rows came."),
		"start_key": text("Of a list: where it began."), "next_start_key": text("Of a list: where the next page begins."),
		"tokens": object{"type": "object", "description": "What is left of the requests that may be made at once."},
		"error":  text("The HTTP status, of an error."), "message": text("What went wrong, in a word."),
	}}
}

func responses() object {
	return object{"error": object{
		"description": "An error. Of a bad request, data has each fault under the path of its key.",
		"content": object{jsonType: object{
			"schema": object{"$ref": schemasAt + envelopeName},
			"example": object{
				"status": "error", "error": "400", "message": faulty, "request_id": "5f1d…",
				"data": object{"name": object{"required": object{"message": schema.Required().Message}}},
			},
		}},
	}}
}

func securitySchemes() object {
	return object{
		"token": object{
			"type": "apiKey", "in": "header", "name": "X-Auth-Token",
			"description": "A token of user_auth or api_auth, or the account's API key.",
		},
		"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
		"basic": object{
			"type": "http", "scheme": "basic",
			"description": "The account's id, and its API key or a digest of user:password.",
		},
		"link": object{
			"type": "apiKey", "in": "query", "name": "token",
			"description": "The signature of a link that a web server was given.",
		},
	}
}

func security(w rest.Who) []map[string][]string {
	ways := []map[string][]string{{"token": {}}, {"bearer": {}}, {"basic": {}}}
	switch w {
	case rest.Anyone:
		return []map[string][]string{{}}
	case rest.Linked:
		return append(ways, map[string][]string{"link": {}})
	default:
		return ways
	}
}
