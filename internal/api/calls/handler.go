// Package calls is calls over the API: those that run and those that are over,
// their records, their timelines, as they happen too, what their web servers
// were asked, and hanging up.
package calls

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/store"
)

// Interrupter takes live calls elsewhere.
type Interrupter interface {
	Interrupt(call string, next flow.Next) bool
}

// Known is what is known of calls.
type Known interface {
	Live(account string) []cdr.Record
	Events(ctx context.Context, account, call string) ([]event.Event, error)
	Follow(account, call string) *observe.Follower
	// Flush returns once the journal has what happened before.
	Flush(ctx context.Context)
}

// Config is what the handler of calls is made of.
type Config struct {
	Calls       Known
	Journal     store.Journal
	Interrupter Interrupter // nil: calls cannot be hung up
	Logger      *slog.Logger
	Node        string // this server's name, as answers tell it
	Now         func() time.Time
}

// Handler answers what is asked of calls, and hangs them up.
type Handler struct{ cfg Config }

// New makes the handler of calls.
func New(cfg Config) *Handler { return &Handler{cfg} }

// Operations are all that is done with calls.
func (h *Handler) Operations() []rest.Operation {
	return slices.Concat(h.channelOperations(), h.callOperations(), h.cdrOperations(), h.debugOperations())
}

// HangUp ends all of an account's calls and says why, in words.
func (h *Handler) HangUp(account, because string) {
	if h.cfg.Interrupter == nil {
		return
	}
	why := call.Normal
	why.Text = because
	for _, c := range h.cfg.Calls.Live(account) {
		h.cfg.Interrupter.Interrupt(c.CallID, flow.OverWith(why))
	}
}
