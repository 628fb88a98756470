package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var answer = flow.Define(flow.Def[none]{
	Name:     "answer",
	Silent:   true,
	Summary:  "Takes the call.",
	Doc:      "Most actions that are heard take the call by themselves; use this one to take it earlier.",
	Examples: []flow.Example{{Says: "Take the call.", Data: `{}`}},
	Needs:    flow.Answer,
	Run: func(context.Context, *flow.Session, none) (flow.Next, error) {
		return flow.Next{}, nil
	},
})
