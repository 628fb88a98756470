package kazoo

import (
	"encoding/json"
	"slices"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// reader makes nodes of JSON whose syntax is known to be good, in one pass,
// and finds every value that is not of the type it must have. Keys that a node
// does not have are left out, as Kazoo does.
type reader struct {
	dec    *json.Decoder
	path   []string
	faults schema.Faults
}

// fault notes that the value at r.path is not what it must be.
func (r *reader) fault(message string) {
	r.faults = append(r.faults, schema.Fault{Path: slices.Clone(r.path), Rule: "type", Message: message})
}

// root reads the answer itself, with some words for the usual mistakes.
func (r *reader) root() *flow.Node {
	tok, _ := r.dec.Token()
	switch tok {
	case json.Delim('{'):
	case json.Delim('['):
		r.fault(`The answer must be one callflow node, {"module": …, "data": …, "children": {"_": …}}, not a list: ` +
			`put each next step under "children" of the one before`)
		return nil
	default:
		r.fault(`The answer must be a callflow node: {"module": …, "data": …, "children": {"_": …}}`)
		return nil
	}
	n, wrapped := r.node()
	if n.Module == "" && wrapped && len(r.faults) == 0 {
		r.fault(`The answer is a whole callflow document; answer with what is under its "flow" alone`)
	}
	return n
}

// node reads a node whose brace is read, and whether it has a key "flow".
func (r *reader) node() (n *flow.Node, wrapped bool) {
	n = &flow.Node{}
	for r.dec.More() {
		tok, _ := r.dec.Token()
		key, _ := tok.(string)
		r.path = append(r.path, key)
		switch key {
		case "module":
			n.Module = r.text()
		case "data":
			n.Data = r.data()
		case "children":
			n.Children = r.children()
		default:
			wrapped = wrapped || key == "flow"
			r.skip()
		}
		r.path = r.path[:len(r.path)-1]
	}
	_, _ = r.dec.Token() // its closing brace
	return n, wrapped
}

func (r *reader) children() map[string]*flow.Node {
	if !r.opens() {
		return nil
	}
	all := map[string]*flow.Node{}
	for r.dec.More() {
		tok, _ := r.dec.Token()
		key, _ := tok.(string)
		r.path = append(r.path, key)
		if r.opens() {
			all[key], _ = r.node()
		}
		r.path = r.path[:len(r.path)-1]
	}
	_, _ = r.dec.Token()
	return all
}

// opens reads the brace that an object begins with. Anything else is a fault,
// and read.
func (r *reader) opens() bool {
	tok, _ := r.dec.Token()
	if tok == json.Delim('{') {
		return true
	}
	r.fault("Value did not match type(s): object")
	if tok == json.Delim('[') {
		for r.dec.More() {
			r.skip()
		}
		_, _ = r.dec.Token()
	}
	return false
}

func (r *reader) text() string {
	raw := r.skip()
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		r.fault("Value did not match type(s): string")
	}
	return s
}

func (r *reader) data() json.RawMessage {
	raw := r.skip()
	if len(raw) == 0 || raw[0] != '{' {
		r.fault("Value did not match type(s): object")
		return nil
	}
	return raw
}

// skip reads the next value, whatever it is.
func (r *reader) skip() json.RawMessage {
	var raw json.RawMessage
	// The syntax is good, and any JSON is a RawMessage.
	_ = r.dec.Decode(&raw)
	return raw
}
