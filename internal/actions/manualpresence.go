package actions

import (
	"cmp"
	"context"
	"errors"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/presence"
)

// Presence keeps states that are set by hand; a *presence.Board is one.
type Presence interface {
	// Set is presence.Board.Set.
	Set(ctx context.Context, account, id string, state presence.State) (presence.Status, error)
}

// errNobody is a manual_presence that nobody is named by.
var errNobody = errors.New("no presence_id is given, and the callflow's pattern captured none")

func manualPresence(lamps Presence) flow.Action {
	return flow.Define(flow.Def[manualPresenceData]{
		Name:    "manual_presence",
		Silent:  true,
		Summary: "Sets what the lamps of phones show of an extension.",
		Doc: "Takes the call first. The state is kept until it is set again, also while the server is off, and phones " +
			"that watch the extension are told at once (see [presence](../presence.md)). Live calls of the extension show " +
			"besides: the busiest of all counts, so `idle` does not hide a call.\n\nWithout `presence_id` the extension is " +
			"what the callflow's pattern captured: with `\"patterns\": [\"^\\\\*5([0-9]+)$\"]` that which is dialled behind " +
			"*5. The account's realm may stand behind it, another realm may not. A state that cannot be set is told on " +
			"the timeline, and `error`, else `_`, is taken.",
		Default:  manualPresenceData{Status: "idle"},
		Branches: []string{flow.Error},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "The night switch is on.", Data: `{"presence_id": "night", "status": "busy"}`},
			{Says: "The night switch is off.", Data: `{"presence_id": "night"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d manualPresenceData) (flow.Next, error) {
			id := cmp.Or(d.PresenceID, s.Captured[""])
			if id == "" {
				return flow.Next{}, flow.Fail("presence.missing", errNobody)
			}
			state, err := presence.Named(d.Status)
			if err != nil {
				return flow.Next{}, flow.Fail("presence.failed", err)
			}
			set, err := lamps.Set(ctx, s.Account, id, state)
			if err != nil {
				return flow.Next{}, flow.Fail("presence.failed", err)
			}
			s.Add(event.Set{Name: "presence of " + set.ID(), Value: d.Status})
			return flow.Next{}, nil
		},
	})
}

type manualPresenceData struct {
	PresenceID string `json:"presence_id,omitempty" jsonschema_description:"The extension, or extension@realm; what the pattern captured if not given."`
	Status     string `json:"status" jsonschema:"enum=idle,enum=ringing,enum=busy" jsonschema_description:"What its lamps show."`
	flow.Skip
}
