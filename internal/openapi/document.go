// Package openapi describes the REST API to people and to their tools: as an
// OpenAPI 3.1 document and as pages to read. Both are made from the operations
// as the API declares them; the answers they show are what a sample server
// really answered.
package openapi

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// object is a JSON object that is being made.
type object = map[string]any

// Description is what is to be described.
type Description struct {
	Version    string
	Operations []rest.Operation
	Schemas    map[string]json.RawMessage // by name, draft 4
	Names      map[*schema.Schema]string  // of those
	Actions    []flow.Action
	Answers    map[string]Answer // by Key; nil shows none
	Refusals   []Refusal
	Account    string // of the answers
	URL        string // where commands ask; "" is a server on this machine
}

// Key names an operation: "GET accounts/{account_id}".
func Key(o rest.Operation) string { return o.Method + " " + o.Path }

// Document is the description as OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1).
func (d Description) Document() ([]byte, error) {
	paths := map[string]object{}
	for _, o := range d.Operations {
		at := "/v2/" + o.Path
		if paths[at] == nil {
			paths[at] = object{}
		}
		paths[at][strings.ToLower(o.Method)] = d.operation(o)
	}
	schemas, err := components(d.Schemas)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.1",
		"info": object{
			"title": "Pivot", "version": d.Version,
			"summary":     "A programmable voice server",
			"description": "The REST API: Kazoo's Crossbar, version 2. The same to read: /docs.",
		},
		"servers":    []object{{"url": "/"}},
		"tags":       tags(d.Operations),
		"paths":      paths,
		"components": object{"schemas": schemas, "securitySchemes": securitySchemes(), "responses": responses()},
	}, "", " ")
}

func tags(ops []rest.Operation) []object {
	var names []string
	for _, o := range ops {
		if !slices.Contains(names, o.Group) {
			names = append(names, o.Group)
		}
	}
	slices.Sort(names)
	out := make([]object, len(names))
	for i, n := range names {
		out[i] = object{"name": n}
	}
	return out
}

func (d Description) operation(o rest.Operation) object {
	out := object{
		"operationId": operationID(o), "tags": []string{o.Group}, "summary": o.Tells(),
		"parameters": parameters(o), "security": security(o.Who),
		"responses": d.answers(o),
	}
	if body := d.body(o); body != nil {
		out["requestBody"] = body
	}
	return out
}

var wordEnd = regexp.MustCompile(`[^A-Za-z0-9]+`)

// operationID is a name that code generators can make a function of:
// "get_accounts_account_id_menus".
func operationID(o rest.Operation) string {
	return strings.ToLower(o.Method) + "_" + strings.Trim(wordEnd.ReplaceAllString(o.Path, "_"), "_")
}

// conditional are the methods that may be made to depend on a revision.
var conditional = []string{http.MethodPost, http.MethodPatch, http.MethodDelete}

func parameters(o rest.Operation) []object {
	out := []object{}
	for part := range strings.SplitSeq(o.Path, "/") {
		if name, ok := rest.Variable(part); ok {
			out = append(out, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	for _, p := range o.Params {
		out = append(out, parameter(p))
	}
	if slices.Contains(conditional, o.Method) && o.Returns != nil {
		out = append(out, object{
			"name": "If-Match", "in": "header", "schema": object{"type": "string"},
			"description": "The revision that the document must still have, in quotes.",
		})
	}
	return out
}

// parameter is one of the query. One whose name has a variable in it stands
// for any number of them: an object whose keys are their names.
func parameter(p rest.Param) object {
	if before, _, any := strings.Cut(p.Name, "{"); any {
		return object{
			"name": strings.NewReplacer("{", "", "}", "").Replace(p.Name), "in": "query", "style": "form",
			"explode": true, "description": "Each is named " + p.Name + ". " + p.Summary,
			"schema": object{
				"type": "object", "propertyNames": object{"pattern": "^" + before},
				"additionalProperties": object{"type": p.Type},
			},
		}
	}
	return object{"name": p.Name, "in": "query", "description": p.Summary, "schema": object{"type": p.Type}}
}

// body is what a request carries, nil where it is nothing.
func (d Description) body(o rest.Operation) object {
	content := object{}
	if o.Body != nil || o.Example.Data != "" {
		data := d.schemaOf(o.Body)
		if o.Method == http.MethodPatch && o.Body != nil {
			data = d.patch(o.Body)
		}
		one := object{"schema": object{
			"type": "object", "required": []string{"data"}, "properties": object{"data": data},
		}}
		if data := d.Answers[Key(o)].Data; data != nil {
			one["example"] = object{"data": data}
		}
		content[jsonType] = one
	}
	for _, kind := range o.Consumes {
		if content[kind] == nil {
			content[kind] = object{}
		}
	}
	if len(content) == 0 {
		return nil
	}
	return object{"content": content, "required": o.Body != nil}
}

const jsonType = "application/json"

// answers are what o can be answered with, by status.
func (d Description) answers(o rest.Operation) object {
	fault := object{"$ref": "#/components/responses/error"}
	if o.Unbuilt != "" {
		return object{strconv.Itoa(http.StatusNotImplemented): fault, "default": fault}
	}
	return object{strconv.Itoa(o.Success()): d.answer(o), "default": fault}
}

// answer is the description of a good answer.
func (d Description) answer(o rest.Operation) object {
	data := d.returned(o)
	if o.Many {
		data = object{"type": "array", "items": data}
	}
	one := object{"schema": object{"allOf": []object{
		{"$ref": schemasAt + envelopeName},
		{"type": "object", "properties": object{"data": data}},
	}}}
	if seen, ok := d.Answers[Key(o)]; ok && seen.JSON != nil {
		one["example"] = seen.JSON
	}
	content := object{}
	if o.Example.Accept == "" { // else it has no JSON to give
		content[jsonType] = one
	}
	for _, kind := range o.Produces {
		content[kind] = object{}
	}
	return object{"description": http.StatusText(o.Success()), "content": content}
}
