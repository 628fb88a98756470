package app

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

// nobody is what answers a number that no callflow has.
var nobody = &flow.Node{Module: "response", Data: json.RawMessage(`{"code":404,"message":"Not Found"}`)}

// broken is what answers while callflows cannot be read.
var broken = &flow.Node{Module: "response", Data: json.RawMessage(`{"code":503,"message":"Service Unavailable"}`)}

// onCall takes one call from its first message to its end.
func (a *App) onCall(ctx context.Context, leg call.Leg) {
	start := a.route(ctx, leg.Info())
	if err := a.engine.Run(ctx, leg, start); err != nil {
		a.log.Error("call failed", "call_id", leg.Info().ID, "error", err)
	}
}

// route finds the callflow of a call, and says why that one.
func (a *App) route(ctx context.Context, info call.Info) flow.Start {
	account := a.account(ctx, info.RequestRealm)
	start := flow.Start{Account: account, Program: nobody}
	result, found, err := a.flows.match(ctx, account, info.Request)
	switch {
	case err != nil:
		a.log.Error("callflows cannot be read", "account_id", account, "error", err)
		start.Program = broken
		start.Before = []event.Fact{event.Unrouted{Number: info.Request, Why: []string{"callflows cannot be read"}}}
	case !result.Found || found.Flow == nil:
		start.Before = []event.Fact{event.Unrouted{Number: info.Request, Why: result.Why}}
	default:
		start.Program, start.Captured = found.Flow, result.Captured
		start.Before = []event.Fact{event.Routed{
			FlowID: result.Flow.ID, Flow: name(found), Number: info.Request, Why: result.Why,
		}}
	}
	return start
}

// name is what people call a callflow: its name, else its numbers.
func name(c callflow) string {
	if c.Name != "" {
		return c.Name
	}
	return strings.Join(append(append([]string(nil), c.Numbers...), c.Patterns...), ", ")
}

// account is whose call it is: that of the realm that was dialled, else the
// first one.
func (a *App) account(ctx context.Context, realm string) string {
	docs, err := a.store.List(ctx, store.Query{
		Type: "account", Where: map[string]string{"realm": strings.ToLower(realm)}, Limit: 1,
	})
	if err != nil || len(docs) == 0 {
		return a.Credentials.AccountID // a store that cannot be read is told when callflows are
	}
	return docs[0].ID
}
