// Package flow runs callflows: trees of actions, by the rules of Kazoo's
// executor (spec/callflow-modules.md section 3).
package flow

import (
	"encoding/json"
	"slices"

	"github.com/pivotvoice/pivot/internal/call"
)

// Node is one step: an action by name, its data, and where to go after it.
// This is the JSON of a Kazoo callflow, and what TwiML is compiled into.
type Node struct {
	Module   string           `json:"module"`
	Data     json.RawMessage  `json:"data,omitempty"`
	Children map[string]*Node `json:"children,omitempty"`
}

// Else is the child taken when no other fits.
const Else = "_"

// Error is the child taken, before Else, when an action could not do its work.
const Error = "error"

// Empty is a node {} (or none): nothing is left to do there.
func (n *Node) Empty() bool {
	return n == nil || n.Module == "" && len(n.Data) == 0 && len(n.Children) == 0
}

// pick is the name of the first of want that n has, or Else, or "" if n has
// not even that. A child that is null is not there; one that is {} is.
func (n *Node) pick(want []string) string {
	for _, w := range want {
		if n.child(w) != nil {
			return w
		}
	}
	if n.child(Else) != nil {
		return Else
	}
	return ""
}

// attempt is next with its attempts decided.
func (n *Node) attempt(next Next) Next {
	for _, name := range next.attempt {
		if !n.child(name).Empty() {
			return Take(name)
		}
	}
	next.attempt = nil
	return next
}

// child is the child of that name, nil if there is none.
func (n *Node) child(name string) *Node {
	if n == nil {
		return nil
	}
	return n.Children[name]
}

// branches are the names of the children that are there, besides Else.
func (n *Node) branches() []string {
	var names []string
	for name, child := range n.Children {
		if name != Else && child != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Skip is the one key that every action's data may have. Actions embed it in
// their data so that schemas show it; the engine obeys it.
type Skip struct {
	SkipModule bool `json:"skip_module,omitempty" jsonschema_description:"When true the action is skipped and its _ child is taken."`
}

// skips says whether data asks to be skipped: true and "true" do.
func skips(data json.RawMessage) bool {
	if len(data) == 0 {
		return false
	}
	var d struct {
		Skip any `json:"skip_module"`
	}
	// Data that cannot be read is complained of when it is checked.
	_ = json.Unmarshal(data, &d)
	return d.Skip == true || d.Skip == "true"
}

// Next is where a flow goes after a step. The zero Next goes on to Else.
type Next struct {
	attempt []string
	want    []string
	program *Node
	base    string
	become  bool
	branch  bool
	stop    bool
	over    bool
	last    bool // goes there even if the call is over
	cause   call.Cause
}

// Take goes to the first of the children that is there, or Else.
func Take(children ...string) Next { return Next{want: children} }

// Last is Take that is followed even if the call is over by then, as long as
// the child's action is declared to run AfterEnd: a message that the caller
// ended by hanging up is still told to a web server. Nothing runs after it.
func Last(children ...string) Next { return Next{want: children, last: true} }

// Attempt goes to the first of the children that is there and not {}, or else
// to then: what a failed bridge does with its cause.
func Attempt(then Next, children ...string) Next {
	then.attempt = children
	return then
}

// Become drops what is left of the running program and runs program instead,
// whose relative URLs start from base. Parent flows stay.
func Become(program *Node, base string) Next { return Next{program: program, base: base, become: true} }

// Branch runs program and comes back to this node's Else when it stops.
func Branch(program *Node) Next { return Next{program: program, branch: true} }

// From is n with base as the URL that the relative URLs of its program start
// from.
func (n Next) From(base string) Next {
	n.base = base
	return n
}

// Stop ends this flow: a parent flow goes on, or the call is hung up.
var Stop = Next{stop: true}

// StopWith is Stop that hangs up with why when there is no parent flow.
func StopWith(why call.Cause) Next { return Next{stop: true, cause: why} }

// Over ends everything, parent flows too, and hangs up.
var Over = Next{over: true}

// OverWith is Over that hangs up with why.
func OverWith(why call.Cause) Next { return Next{over: true, cause: why} }
