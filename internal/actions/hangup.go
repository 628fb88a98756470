package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var hangup = flow.Define(flow.Def[none]{
	Name:    "hangup",
	Summary: "Ends the call.",
	Doc: "Callflows that led here by `callflow` are not gone back to. A call that was never answered is refused " +
		"with 480; to refuse it with another status use `response`.",
	Examples: []flow.Example{{Says: "Goodbye.", Data: `{}`}},
	Run: func(context.Context, *flow.Session, none) (flow.Next, error) {
		return flow.Over, nil
	},
})
