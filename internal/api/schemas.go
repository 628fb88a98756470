package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/accounts"
	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/callflows"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// nodeSchema is the name of the schema of a callflow's node.
const nodeSchema = "callflows.action"

// nodeJSON is that schema: it holds itself, which no Go type says.
const nodeJSON = `{
	"$schema": "http://json-schema.org/draft-04/schema#", "id": "callflows.action", "type": "object",
	"description": "A step of a callflow: an action, its data, and what comes after it.",
	"required": ["module", "data"],
	"properties": {
		"module": {"type": "string", "minLength": 1, "maxLength": 64,
			"description": "The action; its data fits the schema callflows.{module}."},
		"data": {"type": "object", "default": {}, "description": "What the action is told."},
		"children": {"type": "object", "additionalProperties": {"$ref": "callflows.action"},
			"description": "What comes next, by the branch that the action takes; _ is any other."}
	}
}`

// allSchemas are the schemas that are published, by name.
func (s *Server) allSchemas() map[string]*schema.Schema {
	all := accounts.Schemas()
	maps.Copy(all, documents.Schemas())
	for _, r := range append(slices.Clip(s.resources), s.people.Accounts().Resource, s.numbers.Resource()) {
		all[r.As] = r.Schema
	}
	for _, a := range s.cfg.Actions {
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			all["callflows."+name] = a.Schema
			for part, one := range a.Parts {
				all["callflows."+name+"."+part] = one
			}
		}
	}
	return all
}

// Schemas are the published schemas, by name; a schema refers to another by
// its name.
func (s *Server) Schemas() map[string]json.RawMessage {
	out := map[string]json.RawMessage{nodeSchema: json.RawMessage(nodeJSON)}
	for name := range s.schemas {
		doc, err := s.published(name)
		if err != nil {
			continue // a schema is an object: it was made of one
		}
		out[name], _ = json.Marshal(doc)
	}
	return out
}

// SchemaNames are the names of the published schemas that operations take and
// return.
func (s *Server) SchemaNames() map[*schema.Schema]string {
	out := map[*schema.Schema]string{}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(s.schemas))) {
		out[s.schemas[name]] = name
	}
	return out
}

func (s *Server) schemaOperations() []rest.Operation {
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: "schemas", Group: "schemas", Summary: "List the names of all schemas",
			Who: rest.Anyone, Do: s.listSchemas,
		},
		{
			Method: http.MethodGet, Path: "schemas/{name}", Group: "schemas", Summary: "Read a schema",
			Who: rest.Anyone, Do: s.getSchema, Example: rest.Example{Vars: map[string]string{"name": "menus"}},
		},
		{
			Method: http.MethodPut, Path: "schemas/{name}/validation", Group: "schemas", Who: rest.Anyone, Do: s.validate,
			List:    true,
			Example: rest.Example{Data: `{"name": "Main menu"}`, Vars: map[string]string{"name": "menus"}},
			Summary: "Hold data to a schema: the answer is data with its defaults, or all its faults",
		},
	}
}

func (s *Server) listSchemas(*rest.Request) (rest.Reply, error) {
	names := append(slices.Collect(maps.Keys(s.schemas)), nodeSchema)
	slices.Sort(names)
	return rest.Reply{Data: names}, nil
}

func (s *Server) getSchema(r *rest.Request) (rest.Reply, error) {
	name := r.Var("name")
	if name == nodeSchema {
		return rest.Reply{Data: json.RawMessage(nodeJSON)}, nil
	}
	if _, ok := s.schemas[name]; !ok {
		return rest.Reply{}, rest.BadIdentifier(name)
	}
	doc, err := s.published(name)
	return rest.Reply{Data: doc}, err
}

// published is a schema as clients see it.
func (s *Server) published(name string) (resource.Object, error) {
	doc, err := resource.ParseObject(s.schemas[name].JSON())
	if err != nil {
		return nil, err
	}
	doc["id"] = name
	if properties, ok := doc["properties"].(resource.Object); ok && name == s.callflowsDef.Name {
		properties["flow"] = resource.Object{"$ref": nodeSchema}
	}
	return doc, nil
}

// judged are the resources whose documents are held to more than their schema,
// by the name of that. Passwords are not hashed for nothing.
func (s *Server) judged() map[string]resource.Resource {
	accounts := resource.Resource{
		Name: "accounts", Type: documents.AccountType, Schema: s.people.Accounts().Schema,
	}
	out := map[string]resource.Resource{"accounts": withMetaflows(accounts, s.cfg.askable)}
	for _, r := range append(declared(documents.Users.Resource, s.cfg.askable),
		documents.ListEntries.Resource, s.callflowsDef, s.numbers.Resource()) {
		out[r.As] = r
	}
	return out
}

// validate does what saving would do before it looks at other documents.
func (s *Server) validate(r *rest.Request) (rest.Reply, error) {
	name := r.Var("name")
	if name == nodeSchema {
		full, faults := callflows.Check(s.cfg.Checker, resource.Clone(r.Value()))
		return rest.Reply{Data: full}, faults.Err()
	}
	data, isObject := r.Value().(resource.Object)
	if res, ok := s.judges[name]; ok && isObject {
		c := resource.Collection{Resource: res, Docs: store.Memory().Docs, Account: "nobody"}
		full, err := c.Judge(r.Context(), "new", data)
		return rest.Reply{Data: full}, err
	}
	sc, ok := s.schemas[name]
	if !ok {
		return rest.Reply{}, rest.BadIdentifier(name)
	}
	raw, err := json.Marshal(r.Value())
	if err != nil {
		return rest.Reply{}, err
	}
	for _, a := range s.cfg.Actions {
		if a.Schema == sc {
			full, faults := a.Check(raw) // what its schema cannot say, too
			return rest.Reply{Data: full}, faults.Err()
		}
	}
	full, faults := sc.Check(raw)
	if len(faults) > 0 {
		return rest.Reply{}, faults
	}
	part, err := resource.ParseObject(full)
	return rest.Reply{Data: part}, errors.Join(err, documents.CheckPart(name, part, s.cfg.askable).Err())
}
