package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/flow"
)

var deadAir = flow.Define(flow.Def[none]{
	Name:    "dead_air",
	Summary: "Takes the call and lets the caller hear nothing.",
	Doc: "Silence is sent until the call is hung up or taken elsewhere, so that the line stays open. Keys are kept, " +
		"nothing listens to them.",
	Needs:    flow.Answer,
	Examples: []flow.Example{{Says: "Keep a caller whom nobody wants busy.", Data: `{}`}},
	Run: func(ctx context.Context, s *flow.Session, _ none) (flow.Next, error) {
		_, err := s.Play(ctx, audio.Silence(-1), "")
		return flow.Stop, flow.Fail("media.broken", err)
	},
})
