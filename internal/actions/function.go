package actions

import (
	"context"
	"errors"
	"fmt"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

// function asks the web server of a stored function how the call goes on, as
// the action pivot would.
func function(p pivoter, docs documents.Library) flow.Action {
	return flow.Define(flow.Def[functionData]{
		Name:    "function",
		Silent:  true,
		Summary: "Asks a stored function for a callflow, runs that and comes back.",
		Doc: "A function is a document under `/v2/accounts/{id}/functions` with the URL of a web server. It is asked as by " +
			"`pivot`, with what is known of the call as JSON, and answers with one callflow node. That is checked, and run " +
			"until it stops; then the flow goes on at `_`, as after `callflow`. If there is no such function, its server " +
			"fails, or its answer is empty or no good callflow, the child `error` is taken, else `_`; the timeline says why.",
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "Ask a function, by its id.", Data: `{"id": "5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d functionData) (flow.Next, error) {
			f, err := documents.Functions.Get(ctx, docs, s.Account, d.ID)
			if err != nil {
				return flow.Next{}, unreadFunction(d.ID, err)
			}
			return callFunction(ctx, s, p, f)
		},
	})
}

// unreadFunction is why there is no function to ask.
func unreadFunction(id string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return flow.Fail("function.missing", fmt.Errorf("there is no function %q", event.Clip(id, event.Short)))
	}
	return flow.Fail("function.unreadable", fmt.Errorf("the function cannot be read: %w", err))
}

type functionData struct {
	ID string `json:"id,omitempty" jsonschema_description:"The function's id."`
	flow.Skip
}

// callFunction runs what f's server answers.
func callFunction(ctx context.Context, s *flow.Session, p pivoter, f documents.Function) (flow.Next, error) {
	x, err := p.ask(ctx, s, visitOf(s), pivotData{
		VoiceURL: f.URL, Method: f.Method, Format: formatKazoo, BodyFormat: "json", Timeout: f.Timeout,
	}, nil)
	switch {
	case err != nil:
		return flow.Next{}, err
	case ctx.Err() != nil:
		return flow.Next{}, context.Cause(ctx)
	case x.failed():
		return flow.Next{}, flow.Fail("function."+x.Failure, errors.New(x.Err))
	}
	s.Sent()
	if x.program == nil {
		return flow.Next{}, flow.Fail("function.empty", errors.New("the function answered with nothing"))
	}
	s.Add(event.Decoded{ID: x.ID, Dialect: x.language, Program: event.Mask(written(x.program))})
	return flow.Branch(x.program).From(x.from), nil
}
