package app

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// onCall takes one call from its first message to its end.
func (a *App) onCall(ctx context.Context, leg call.Leg) {
	info := leg.Info()
	account := a.owner(ctx, info)
	start, err := a.exchange.Answer(ctx, account, info)
	if err != nil {
		a.log.Error("not all that says how calls are answered can be read", "account_id", account, "error", err)
	}
	if !answering.Declined(start) {
		limit, err := a.exchange.Limit(ctx, account)
		switch {
		case err != nil: // was told above
		case a.lines.take(account, limit):
			defer a.lines.free(account)
		default:
			start = tooMany(account, info.Request, limit)
		}
	}
	if answering.Declined(start) {
		a.events.Hold(info.ID)
	}
	if err := a.engine.Run(ctx, leg, start); err != nil {
		a.log.Error("call failed", "call_id", info.ID, "error", err)
	}
}

// tooMany refuses a call of an account that has as many as it may have.
func tooMany(account, number string, limit int) flow.Start {
	return answering.Decline(account, number, event.DeclinedLimit,
		fmt.Sprintf("the account has as many calls as it may have at one time: %d", limit))
}

// owner is whose call it is; what is nobody's is the first account's.
func (a *App) owner(ctx context.Context, info call.Info) string {
	owner, _ := a.exchange.Owner(ctx, info) // a store that cannot be read is told when callflows are
	return cmp.Or(owner, a.Credentials.AccountID)
}
