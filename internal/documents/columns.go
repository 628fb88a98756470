package documents

import (
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// The types of documents that others mean.
const (
	directoryType = "directory"
	queueType     = "queue"
	userType      = "user"
)

// ownerID is the key of the user whose a document is.
const ownerID = "owner_id"

// flags is a column that most lists have.
var flags = resource.FieldOr("flags", []any{})

// What columns are that are no keys of the document.
var (
	username = schema.Literal(`{"type": "string", "description": "Its sip.username."}`)
	messages = schema.Literal(`{"type": "integer", "description": "How many messages are in it."}`)
	features = schema.Literal(`{"type": "array", "items": {"type": "string"}, "description": "What is switched on."}`)
	ruleIDs  = schema.Literal(`{"type": "array", "items": {"type": "string"}, "description": "The ids of its rules."}`)
)

// inUse is a unique value and what is said when it is not.
func inUse(path, message string) resource.Unique {
	return resource.Unique{Path: path, Fault: func(value string, _ resource.Doc) schema.Fault {
		return Taken(path, message, value)
	}}
}

// Taken is the fault of a value that somebody else has.
func Taken(path, message, value string) schema.Fault {
	return schema.Fault{
		Path: strings.Split(path, "."), Rule: "unique", Message: message, Extra: map[string]any{"cause": value},
	}
}

// keys are the keys of the object at a path.
func keys(o resource.Object, path string) []string {
	v, _ := resource.At(o, path)
	m, _ := v.(resource.Object)
	return slices.Sorted(maps.Keys(m))
}

// refs are references to documents of a type, by the strings at these paths.
func refs(kind string, o resource.Object, paths ...string) []resource.Ref {
	var out []resource.Ref
	for _, path := range paths {
		for _, id := range resource.Strings(o, path) {
			if strings.HasPrefix(id, "/") { // media may be written /{account}/{id}
				id = id[strings.LastIndex(id, "/")+1:]
			}
			out = append(out, resource.Ref{Type: kind, ID: id})
		}
	}
	return out
}

// MetaflowRefs are the documents that the metaflows under a document's key
// mean.
func MetaflowRefs(o resource.Object, key string) []resource.Ref {
	var out []resource.Ref
	for _, under := range []string{".numbers", ".patterns"} {
		v, _ := resource.At(o, key+under)
		steps, _ := v.(resource.Object)
		for _, step := range steps {
			out = append(out, stepRefs(step)...)
		}
	}
	return out
}

func stepRefs(v any) []resource.Ref {
	step, _ := v.(resource.Object)
	var out []resource.Ref
	switch resource.Text(step, "module") {
	case "callflow":
		out = refs(CallflowType, step, "data.id")
	case "play":
		out = refs(MediaType, step, "data.id")
	}
	children, _ := step["children"].(resource.Object)
	for _, child := range children {
		out = append(out, stepRefs(child)...)
	}
	return out
}
