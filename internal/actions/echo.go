package actions

import (
	"context"
	"errors"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
)

var echo = flow.Define(flow.Def[none]{
	Name:     "echo",
	Summary:  "Sends back what the caller says, to try a line.",
	Doc:      "It goes on until the call is hung up or taken elsewhere.",
	Needs:    flow.Answer,
	Examples: []flow.Example{{Says: "Hear yourself.", Data: `{}`}},
	Run: func(ctx context.Context, s *flow.Session, _ none) (flow.Next, error) {
		e, ok := s.Leg.(call.Echoer)
		if !ok {
			return flow.Next{}, flow.Fail("echo.unsupported", errors.New("this kind of call cannot hear itself"))
		}
		return flow.Next{}, e.Echo(ctx)
	},
})
