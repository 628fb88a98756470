package simsip

import "github.com/pivotvoice/pivot/internal/sim"

// Line is a line to the server, for one call.
func (x *Exchange) Line() sim.Line { return &watch{exchange: x} }
