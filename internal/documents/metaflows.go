package documents

import (
	"maps"
	"slices"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// metaflow is one step, but for the steps under it, which are checked by
// CheckMetaflows.
const metaflow = `{"type": "object", "required": ["module"], "properties": {
	"module": {"type": "string", "minLength": 1, "maxLength": 64,
		"description": "The action; its data fits the schema metaflows.{module}."},
	"data": {"type": "object", "default": {}, "description": "What the action is told."},
	"children": {"type": "object", "patternProperties": {".+": {"type": "object"}},
		"description": "What comes next, by branch."}}}`

// Metaflow is one action that keys start during a call.
type Metaflow map[string]any

// JSONSchema is schema.Of's.
func (Metaflow) JSONSchema() *schema.Tree { return schema.Literal(metaflow) }

// Metaflows are the actions that keys start during a call.
type Metaflows struct {
	BindingDigit string              `json:"binding_digit" jsonschema:"default=*,minLength=1,maxLength=1,enum=1,enum=2,enum=3,enum=4,enum=5,enum=6,enum=7,enum=8,enum=9,enum=0,enum=*,enum=#" jsonschema_description:"The key that they begin with."`
	DigitTimeout int                 `json:"digit_timeout,omitempty" jsonschema:"minimum=0" jsonschema_description:"How long to wait for each further key, in milliseconds."`
	ListenOn     string              `json:"listen_on,omitempty" jsonschema:"enum=both,enum=self,enum=peer" jsonschema_description:"Whose keys count."`
	Numbers      map[string]Metaflow `json:"numbers,omitempty" jsonschema:"keys=^[0-9]+$" jsonschema_description:"Actions by the keys that start them."`
	Patterns     map[string]Metaflow `json:"patterns,omitempty" jsonschema:"keys=.+" jsonschema_description:"Actions by regular expressions of such keys."`
}

// MetaflowsSchema is that of Metaflows.
var MetaflowsSchema = schema.Of(Metaflows{})

// ReadMetaflows is o with the defaults of metaflows, and what is wrong in it.
func ReadMetaflows(o resource.Object, urls URLChecker) (resource.Object, schema.Faults) {
	full, faults := check(MetaflowsSchema, o)
	if len(faults) == 0 {
		faults = CheckMetaflows(full, urls)
	}
	return full, faults
}

// CheckMetaflows holds the steps of metaflows, which their own schema took,
// to the schemas of their modules, and puts the defaults of these in. urls
// says what is wrong with a URL; nil takes all.
func CheckMetaflows(flows resource.Object, urls URLChecker) schema.Faults {
	var faults schema.Faults
	for _, under := range []string{"numbers", "patterns"} {
		steps, _ := flows[under].(resource.Object)
		for _, key := range slices.Sorted(maps.Keys(steps)) {
			faults = append(faults, checkMetaflow(steps[key], urls).Under(under, key)...)
		}
	}
	return faults
}

func checkMetaflow(v any, urls URLChecker) schema.Faults {
	full, faults := check(stepSchema, v)
	if len(faults) > 0 {
		return faults
	}
	step, ok := v.(resource.Object)
	if !ok {
		return nil
	}
	maps.Copy(step, full)
	name := resource.Text(step, "module")
	kind, known := MetaflowModules[name]
	if !known {
		return schema.Faults{{
			Path: []string{"module"}, Rule: "error", Message: "unable to find metaflow schema for module " + name,
			Extra: map[string]any{"value": name},
		}}
	}
	data, faults := check(kind, step["data"])
	if faults = faults.Under("data"); len(faults) == 0 {
		step["data"] = data
		faults = CheckURLs(step, urls, "data.url", "data.voice_url")
	}
	children, _ := step["children"].(resource.Object)
	for _, key := range slices.Sorted(maps.Keys(children)) {
		faults = append(faults, checkMetaflow(children[key], urls).Under("children", key)...)
	}
	return faults
}

var stepSchema = schema.Of(Metaflow{})
