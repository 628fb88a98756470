package actions

import (
	"context"
	"errors"

	"github.com/pivotvoice/pivot/internal/flow"
)

func callflow(flows Flows) flow.Action {
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
			program, _, err := flows.Callflow(ctx, s.Account, d.ID)
			if err != nil {
				return flow.Next{}, flow.Fail("callflow.missing", err)
			}
			return flow.Branch(program), nil
		},
	})
}

type callflowData struct {
	ID string `json:"id,omitempty" jsonschema_description:"The id of the callflow."`
	flow.Skip
}
