package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var noop = flow.Define(flow.Def[none]{
	Name:    "noop",
	Silent:  true,
	Summary: "Does nothing.",
	Doc: "In Kazoo it waits until everything before it was heard. Here every action ends when it was heard, so " +
		"there is nothing to wait for.",
	Examples: []flow.Example{{Says: "Go on.", Data: `{}`}},
	Run: func(context.Context, *flow.Session, none) (flow.Next, error) {
		return flow.Next{}, nil
	},
})
