package flow

import "github.com/pivotvoice/pivot/internal/schema"

// Check is Engine.Check, for an action that makes the program it wants to
// Become.
func (s *Session) Check(program *Node) (*Node, schema.Faults) { return s.engine.Check(program) }
