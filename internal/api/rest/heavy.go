package rest

import (
	"net/http"
	"time"
)

// A document takes some ten times as much memory as its JSON. So that many
// large ones at one time do not take all there is, they are worked on a few at
// a time, in turn.
const (
	heavyFrom   = 256 << 10 // bytes of a body
	heavyAtOnce = 4
	heavyWait   = 20 * time.Second
)

// takeTurn waits until a body of that many bytes may be worked on. The turn is
// over with the request: endTurn.
func (r *Request) takeTurn(size int) error {
	if size < heavyFrom || r.heavy {
		return nil
	}
	limit := time.NewTimer(heavyWait)
	defer limit.Stop()
	select {
	case r.by.heavy <- struct{}{}:
		r.heavy = true
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-limit.C:
		e := Says(http.StatusServiceUnavailable, "too_busy", "too many large documents are worked on: come again")
		e.Retry = heavyWait
		return e
	}
}

// drop lets go of all that a request holds.
func (r *Request) drop() {
	r.endTurn()
	for _, s := range r.spools {
		_ = s.Close() // it was read, or is not wanted
	}
}

func (r *Request) endTurn() {
	if r.heavy {
		<-r.by.heavy
		r.heavy = false
	}
}
