package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// leave is TwiML's Leave (spec/twiml.md section 2.4).
var leave = flow.Define(flow.Def[none]{
	Name:    "leave",
	Summary: "Leaves the queue that the call waits in.",
	Doc: "What comes after it is not run: a caller in a queue goes on after `enqueue`. Outside of a queue this flow " +
		"ends here; a parent flow goes on, else the call is hung up.",
	Examples: []flow.Example{{Says: "Wait no more.", Data: `{}`}},
	Run: func(_ context.Context, s *flow.Session, _ none) (flow.Next, error) {
		s.Add(event.Warned{Code: "leave.no_queue", Message: "the call is in no queue that it could leave: the flow ends"})
		return flow.Stop, nil
	},
})
