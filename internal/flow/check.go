package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/schema"
)

// The size of a program, beyond which it is refused.
const (
	MaxDepth = 200    // nodes below one another
	MaxNodes = 10_000 // in all
)

// maxModule is how long a module's name may be (section 1.2).
const maxModule = 64

// Check returns program with its defaults filled in, and everything wrong with
// it, before any of it is run. Paths start at program: "children._.data.text".
// The program itself is not changed. Beyond MaxDepth and MaxNodes it is not
// looked at further. Whether what it refers to exists is not looked at.
func (e *Engine) Check(program *Node) (*Node, schema.Faults) {
	c := &checker{e: e}
	if program == nil {
		program = &Node{}
	}
	full := c.node(program, nil, 1)
	if c.nodes > MaxNodes {
		text := fmt.Sprintf("A callflow must not have more than %d nodes", MaxNodes)
		c.fault(nil, schema.Fault{Rule: "error", Message: text})
	}
	return full, c.faults
}

type checker struct {
	e      *Engine
	nodes  int
	faults schema.Faults
}

func (c *checker) fault(path []string, f schema.Fault) {
	c.faults = append(c.faults, schema.Faults{f}.Under(path...)...)
}

func (c *checker) node(n *Node, path []string, depth int) *Node {
	if c.nodes++; c.nodes > MaxNodes {
		return n
	}
	if depth > MaxDepth {
		c.fault(path, schema.Fault{
			Rule: "error", Message: fmt.Sprintf("A callflow must not be more than %d nodes deep", MaxDepth),
		})
		return n
	}
	full := &Node{Module: n.Module, Data: c.data(n, path)}
	if n.Children != nil {
		full.Children = make(map[string]*Node, len(n.Children))
	}
	for _, name := range slices.Sorted(maps.Keys(n.Children)) {
		child := n.Children[name]
		at := append(slices.Clone(path), "children", name)
		if name == "" {
			c.fault(at, schema.Fault{Rule: "error", Message: "The name of a child must not be empty"})
		}
		if child == nil {
			c.fault(at, schema.Fault{
				Rule: "type", Message: "Value did not match type(s): object", Extra: map[string]any{"target": "object"},
			})
			continue
		}
		full.Children[name] = c.node(child, at, depth+1)
	}
	return full
}

// data checks a node but for its children, and returns its data.
func (c *checker) data(n *Node, path []string) json.RawMessage {
	a, known := c.e.actions[n.Module]
	if !known {
		if skips(n.Data) && slices.Contains(c.e.later, n.Module) { // it is passed over, as it would be in Kazoo
			return n.Data
		}
		c.faults = append(c.faults, c.e.unknownModule(n.Module).Under(path...)...)
		return n.Data
	}
	full, faults := a.Check(n.Data)
	c.faults = append(c.faults, faults.Under(append(slices.Clone(path), "data")...)...)
	return full
}

// unknownModule is what is wrong with a node that no action fits.
func (e *Engine) unknownModule(name string) schema.Faults {
	f := schema.Fault{Path: []string{"module"}, Extra: map[string]any{"value": name}}
	switch {
	case name == "":
		f = schema.Required("module")
	case utf8.RuneCountInString(name) > maxModule:
		f.Rule, f.Message = "maxLength", fmt.Sprintf("String must not be more than %d characters", maxModule)
		f.Extra["target"] = maxModule
	default:
		f.Rule, f.Message = "error", "unable to find callflow schema for module "+name
		if slices.Contains(e.later, name) {
			f.Message += ": it is one of Kazoo's that is not built yet"
		}
	}
	return schema.Faults{f}
}
