package app

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// refused is the log of the SIP server. It gives the calls that the server
// refuses by itself (full, no codec in common, no hops left) an account, so
// that they are found with the others. The goroutine that messages come on does
// not wait for that: what happens on such a call is held back, in its order,
// until the account is found and the call is over, so that it is never seen
// running.
type refused struct {
	log   event.Log
	owner func(ctx context.Context, i call.Info) string
	first string // the account of those beyond maxHeld

	mu   sync.Mutex
	held map[string]*heldCall
	work sync.WaitGroup
}

// heldCall is a refused call of which nobody was told yet.
type heldCall struct {
	events []event.Event
	over   chan struct{} // closed with the last of them
}

const (
	ownerWithin = 100 * time.Millisecond // is how long an account is looked for
	overWithin  = time.Second            // is how long after that the end may take
	maxHeld     = 1000                   // calls; the accounts of others are not looked for
)

func newRefused(log event.Log, first string, owner func(context.Context, call.Info) string) *refused {
	return &refused{log: log, owner: owner, first: first, held: map[string]*heldCall{}}
}

// Add is event.Log.
func (r *refused) Add(e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.held[e.Call]
	if w, is := e.What.(event.Offered); is && h == nil && w.Account == "" && w.Direction == string(call.Inbound) {
		if len(r.held) < maxHeld {
			h = &heldCall{over: make(chan struct{})}
			r.held[e.Call] = h
			r.work.Go(func() { r.find(e.Call, h, w) })
		} else {
			w.Account = r.first
			e.What = w
		}
	}
	if h == nil {
		r.log.Add(e)
		return
	}
	h.events = append(h.events, e)
	if _, over := e.What.(event.Ended); over {
		select {
		case <-h.over:
		default:
			close(h.over)
		}
	}
}

// find looks for the account of a call, waits for its end and tells all of it.
func (r *refused) find(id string, h *heldCall, w event.Offered) {
	ctx, cancel := context.WithTimeout(context.Background(), ownerWithin)
	defer cancel()
	at := strings.LastIndexByte(w.Request, '@')
	w.Account = r.owner(ctx, call.Info{Request: w.Request[:max(at, 0)], RequestRealm: w.Request[at+1:]})
	timer := time.NewTimer(overWithin)
	defer timer.Stop()
	select {
	case <-h.over:
	case <-timer.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, id)
	h.events[0].What = w
	for _, e := range h.events {
		r.log.Add(e)
	}
}

// Close waits until all is told.
func (r *refused) Close() { r.work.Wait() }
