package schema

import (
	"fmt"

	reflector "github.com/invopop/jsonschema"
)

// Key is a top-level key of a Part.
type Key struct {
	Name string
	Is   *Tree // nil is what the whole schema says of it
}

// Part is the schema of objects that are parts of a document, such as rows of
// a list: with some of its keys, of which any may be missing, and perhaps keys
// that it has not. One that nothing is said of may be anything.
func (s *Schema) Part(keys []Key) *Schema {
	tree := &reflector.Schema{Type: "object", Properties: reflector.NewProperties()}
	for _, key := range keys {
		is := key.Is
		if is == nil && s.tree.Properties != nil {
			is, _ = s.tree.Properties.Get(key.Name)
		}
		if is == nil {
			is = &Tree{Description: "As the document has it."}
		}
		bare := *is
		bare.Default = nil // nothing is put in
		tree.Properties.Set(key.Name, &bare)
	}
	out, err := build(tree)
	if err != nil {
		//nolint:forbidigo // a broken declaration: found at start, by every test
		panic(fmt.Sprintf("schema: a part: %v", err))
	}
	return out
}
