package app

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// refused is the log of all that happens on calls. It gives the calls that the
// SIP server refuses by itself (full, no codec in common, no hops left) an
// account, so that they are found with the others. The goroutine that messages
// come on does not wait for that: what happens on such a call is held back, in
// its order, until the account is found and the call is over. So it is never
// seen running, and neither is one that Hold is told of.
type refused struct {
	log   event.Log
	owner func(ctx context.Context, i call.Info) string

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
	maxHeld     = 1000                   // calls at one time; for others nobody looks
)

func newRefused(log event.Log, owner func(context.Context, call.Info) string) *refused {
	return &refused{log: log, owner: owner, held: map[string]*heldCall{}}
}

// Add is event.Log.
func (r *refused) Add(e event.Event) {
	w, offered := e.What.(event.Offered)
	lost := offered && w.Account == "" && w.Direction == string(call.Inbound)
	r.mu.Lock()
	h := r.held[e.Call]
	if h == nil && lost {
		if h = r.hold(e.Call); h != nil {
			r.work.Go(func() { r.tell(e.Call, h, r.find(ownerWithin, w)) })
		}
	}
	if h != nil {
		h.add(e)
	}
	r.mu.Unlock()
	if h != nil {
		return
	}
	if lost {
		e.What = r.find(0, w)
	}
	r.log.Add(e)
}

// add is one more fact of the call.
func (h *heldCall) add(e event.Event) {
	h.events = append(h.events, e)
	if _, over := e.What.(event.Ended); over {
		select {
		case <-h.over:
		default:
			close(h.over)
		}
	}
}

// Hold keeps back what happens on a call that is about to be refused.
func (r *refused) Hold(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[id] != nil {
		return
	}
	if h := r.hold(id); h != nil {
		r.work.Go(func() { r.tell(id, h, nil) })
	}
}

// hold is nil if too many are held. r.mu is held.
func (r *refused) hold(id string) *heldCall {
	if len(r.held) >= maxHeld {
		return nil
	}
	h := &heldCall{over: make(chan struct{})}
	r.held[id] = h
	return h
}

// find is the first fact of a call with its account, which may be looked for so
// long.
func (r *refused) find(within time.Duration, w event.Offered) event.Fact {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	at := strings.LastIndexByte(w.Request, '@')
	w.Account = r.owner(ctx, call.Info{Request: w.Request[:max(at, 0)], RequestRealm: w.Request[at+1:]})
	return w
}

// tell waits for a call's end and tells all of it, with another first fact
// unless that is nil.
func (r *refused) tell(id string, h *heldCall, first event.Fact) {
	timer := time.NewTimer(overWithin)
	defer timer.Stop()
	select {
	case <-h.over:
	case <-timer.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, id)
	if first != nil {
		h.events[0].What = first
	}
	for _, e := range h.events {
		r.log.Add(e)
	}
}

// Close waits until all is told.
func (r *refused) Close() { r.work.Wait() }
