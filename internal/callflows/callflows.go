package callflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
)

// callflow is what is held to a schema of a callflow; its flow is held to the
// actions.
type callflow struct {
	Name        string               `json:"name,omitempty" jsonschema_description:"What people call it."`
	Numbers     []string             `json:"numbers" jsonschema:"uniqueItems=true,minLength=1,maxLength=36,default=[]" jsonschema_description:"The numbers it answers."`
	Patterns    []string             `json:"patterns" jsonschema:"minLength=1,default=[]" jsonschema_description:"Regular expressions of numbers it answers; their groups are captured."`
	FeatureCode *featureCode         `json:"featurecode,omitempty" jsonschema_description:"What it is, if it is one of the star codes."`
	Flags       []string             `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
	Metaflow    *documents.Metaflows `json:"metaflow,omitempty" jsonschema_description:"What keys do during a call."`
	Ringback    *ringback            `json:"ringback,omitempty" jsonschema_description:"What callers hear while it rings."`
}

type (
	featureCode struct {
		Name   string `json:"name,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"What the code does."`
		Number string `json:"number,omitempty" jsonschema:"minLength=1,maxLength=30" jsonschema_description:"The code, without its star."`
	}
	ringback struct {
		Early    string `json:"early,omitempty" jsonschema_description:"Before somebody answers: media, or a tone."`
		Transfer string `json:"transfer,omitempty" jsonschema_description:"While a call is transferred: media, or a tone."`
	}
)

// Resource declares callflows, whose flows are held to the actions there are.
func Resource(check Checker) resource.Resource {
	return resource.Define(resource.Def[callflow]{
		Name: "callflows", Type: documents.CallflowType, Summary: "Callflows: what happens when a number is called.",
		Example: `{"name":"Welcome","numbers":["2600"],"flow":{"module":"pivot",
			"data":{"voice_url":"https://app.example/voice","method":"post","req_format":"kazoo"},"children":{}}}`,
		List: append(
			resource.Fields("name", "type", "numbers", "patterns", "owner_id", "group_id"),
			resource.FieldOr("flags", []any{}), featureColumn,
			resource.Column{
				Name: "modules", Value: func(d resource.Doc) any { return modules(d.Public["flow"]) },
				Is: schema.Literal(`{"type": "array", "items": {"type": "string"}, "description": "What its nodes do."}`),
			},
		),
		Index:  []string{"name", "type", "owner_id", "group_id"},
		Unique: []resource.Unique{taken("numbers", "Number"), taken("patterns", "Pattern")},
		Apart:  []string{"flow"},
		Before: func(_ context.Context, d *resource.Draft) error { return prepare(check, d) },
		Show:   showMetadata, Refers: callflowRefs,
	})
}

// featureColumn is false in rows of callflows that are no feature code.
var featureColumn = resource.Column{
	Name: "featurecode", Value: resource.FieldOr("featurecode", false).Value,
	Is: schema.Literal(`{"description": "What it is as a star code, or false.",
		"oneOf": [{"type": "object"}, {"type": "boolean", "enum": [false]}]}`),
}

// taken is a number or pattern that another callflow has.
func taken(path, what string) resource.Unique {
	return resource.Unique{Path: path, Fault: func(value string, other resource.Doc) schema.Fault {
		return schema.Fault{
			Path: []string{path}, Rule: "unique", Extra: map[string]any{"cause": value},
			Message: strings.TrimSpace(fmt.Sprintf("%s %s exists in callflow %s %s",
				what, value, other.ID, resource.Text(other.Public, "name"))),
		}
	}}
}

// prepare does the first three steps of a callflow's validation
// (spec/crossbar-api.md section 3), but for the schema.
func prepare(check Checker, d *resource.Draft) error {
	faults := reachable(d.Doc)
	if numbers, ok := d.Doc["numbers"].([]any); ok {
		for i, n := range numbers {
			if s, ok := n.(string); ok {
				numbers[i] = route.Normalise(s)
			}
		}
	}
	faults = append(faults, patterns(d.Doc)...)
	if program, there := d.Doc["flow"]; there {
		if program == nil { // as good as none
			delete(d.Doc, "flow")
		} else {
			full, more := Check(check, program)
			d.Doc["flow"] = full
			faults = append(faults, more.Under("flow")...)
		}
	}
	return faults.Err()
}

// reachable demands a number or a pattern.
func reachable(doc resource.Object) schema.Faults {
	for _, key := range []string{"numbers", "patterns"} {
		switch v := doc[key].(type) {
		case nil:
		case []any:
			if len(v) > 0 {
				return nil
			}
		default:
			return schema.Faults{{
				Path: []string{key}, Rule: "type", Message: "Value did not match type: array",
				Extra: map[string]any{"target": "array", "value": v},
			}}
		}
	}
	return schema.Faults{{
		Path: []string{"numbers"}, Rule: "required",
		Message: "Callflows must be assigned at least one number or pattern",
	}}
}

// patterns must be such that calls can be held to them.
func patterns(doc resource.Object) schema.Faults {
	var faults schema.Faults
	list, _ := doc["patterns"].([]any)
	for i, p := range list {
		s, ok := p.(string)
		if !ok || s == "" {
			continue // the schema says so
		}
		if _, err := route.Compile(s); err != nil {
			faults = append(faults, schema.Fault{
				Path: []string{"patterns", strconv.Itoa(i)}, Rule: "pattern",
				Message: "Not a regular expression: " + err.Error(), Extra: map[string]any{"value": s},
			})
		}
	}
	return faults
}

// Check holds a flow to the actions and returns it with their defaults.
// Keys of nodes that the engine does not know stay.
func Check(check Checker, program any) (any, schema.Faults) {
	if faults := shape(program); len(faults) > 0 {
		return program, faults
	}
	raw, err := json.Marshal(program)
	var n flow.Node
	if err == nil {
		err = json.Unmarshal(raw, &n)
	}
	if err != nil {
		return program, schema.Faults{{Rule: "type", Message: "Value cannot be read: " + err.Error()}}
	}
	full, faults := check.Check(&n)
	if len(faults) == 0 {
		err = fillIn(program, full)
	}
	if err != nil {
		faults = schema.Faults{{Rule: "type", Message: "Value cannot be read: " + err.Error()}}
	}
	return program, faults
}

// shape is what is wrong with a flow before it can be read as one.
func shape(v any) schema.Faults {
	node, ok := v.(resource.Object)
	if !ok {
		return schema.Faults{schema.NotOf(v, "object")}
	}
	var faults schema.Faults
	switch m := node["module"].(type) {
	case nil, string: // the engine says which are none
	default:
		faults = append(faults, schema.Faults{schema.NotOf(m, "string")}.Under("module")...)
	}
	if data, there := node["data"]; there && data != nil {
		if _, ok := data.(resource.Object); !ok {
			faults = append(faults, schema.Faults{schema.NotOf(data, "object")}.Under("data")...)
		}
	}
	if node["children"] == nil {
		return faults
	}
	children, ok := node["children"].(resource.Object)
	if !ok {
		return append(faults, schema.Faults{schema.NotOf(node["children"], "object")}.Under("children")...)
	}
	for _, name := range slices.Sorted(maps.Keys(children)) {
		faults = append(faults, shape(children[name]).Under("children", name)...)
	}
	return faults
}

// fillIn puts the data that the engine has filled in where it came from.
func fillIn(v any, full *flow.Node) error {
	node, ok := v.(resource.Object)
	if !ok || full == nil {
		return errors.New("the flow changed while it was checked")
	}
	data, err := resource.ParseObject(full.Data)
	if err != nil {
		return err
	}
	node["data"] = data
	children, _ := node["children"].(resource.Object)
	for name, child := range children {
		if err := fillIn(child, full.Children[name]); err != nil {
			return err
		}
	}
	return nil
}

// walk visits the nodes of a stored flow.
func walk(v any, visit func(node resource.Object)) {
	node, ok := v.(resource.Object)
	if !ok {
		return
	}
	visit(node)
	children, _ := node["children"].(resource.Object)
	for _, name := range slices.Sorted(maps.Keys(children)) {
		walk(children[name], visit)
	}
}

// modules are the names of the modules of a flow, each once, but those of
// nodes that are skipped.
func modules(program any) []string {
	names := []string{}
	walk(program, func(node resource.Object) {
		data, ok := node["data"].(resource.Object)
		name, _ := node["module"].(string)
		if ok && name != "" && data["skip_module"] != true && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}
