// Package flow runs callflows: trees of actions, by the rules of Kazoo's
// executor (spec/callflow-modules.md section 3).
package flow

import (
	"encoding/json"

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

// Next is where a flow goes after a step. The zero Next goes on to Else.
type Next struct {
	want    []string
	program *Node
	base    string
	branch  bool
	stop    bool
	over    bool
	cause   call.Cause
}

// Take goes to the first of the children that is there, or Else.
func Take(children ...string) Next { return Next{want: children} }

// Become drops what is left of the running program and runs program instead,
// whose relative URLs start from base. Parent flows stay.
func Become(program *Node, base string) Next { return Next{program: program, base: base} }

// Branch runs program and comes back to this node's Else when it stops.
func Branch(program *Node) Next { return Next{program: program, branch: true} }

// Stop ends this flow: a parent flow goes on, or the call is hung up.
var Stop = Next{stop: true}

// StopWith is Stop that hangs up with why when there is no parent flow.
func StopWith(why call.Cause) Next { return Next{stop: true, cause: why} }

// Over ends everything, parent flows too, and hangs up.
var Over = Next{over: true}
