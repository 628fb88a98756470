// Package callflows is callflows as documents: their schema, what their flows
// are held to, and what other documents they mean. It knows no HTTP.
package callflows

import (
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Checker holds callflows to the actions there are.
type Checker interface {
	Check(program *flow.Node) (*flow.Node, schema.Faults)
}
