package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var waitForHangup = flow.Define(flow.Def[none]{
	Name:    "wait_for_hangup",
	Summary: "Waits until the call is hung up.",
	Doc: "The call is not answered for it. Nothing comes after it but what runs once the call is over, and a taking of " +
		"the call elsewhere through the API.",
	Examples: []flow.Example{{Says: "Keep the call as it is.", Data: `{}`}},
	Run: func(ctx context.Context, _ *flow.Session, _ none) (flow.Next, error) {
		<-ctx.Done()
		return flow.Stop, context.Cause(ctx)
	},
})
