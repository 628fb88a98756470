package actions

import (
	"context"
	"errors"
	"fmt"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

func callflow(flows Callflows) flow.Action {
	return flow.Define(flow.Def[callflowData]{
		Name:    "callflow",
		Silent:  true,
		Summary: "Runs another callflow of the account, then comes back.",
		Doc: "When that callflow stops, the `_` child runs. `hangup` in it ends the call at once. A call may do this 50 " +
			"times. A callflow that is not there is told on the timeline and takes `error`, else `_`.",
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "Opening hours are kept elsewhere.", Data: `{"id": "0f3c3e1d8b2a4a6f9e7d5c4b3a291807"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d callflowData) (flow.Next, error) {
			if d.ID == "" {
				return flow.Next{}, flow.Fail("callflow.missing", errors.New("callflow has no id: there is nothing to run"))
			}
			program, err := stored(ctx, s, flows, d.ID)
			if err != nil {
				return flow.Next{}, err
			}
			return flow.Branch(program), nil
		},
	})
}

type callflowData struct {
	ID string `json:"id,omitempty" jsonschema_description:"The id of the callflow."`
	flow.Skip
}

// stored is the program of a callflow of the account. The error tells one that
// is not there from one that cannot be read.
func stored(ctx context.Context, s *flow.Session, flows Callflows, id string) (*flow.Node, error) {
	program, _, err := flows.Callflow(ctx, s.Account, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, flow.Fail("callflow.missing", errors.New("there is no callflow "+event.Clip(id, event.Short)))
	}
	if err != nil {
		return nil, flow.Fail("callflow.unreadable", fmt.Errorf("the callflow cannot be read: %w", err))
	}
	return program, nil
}
