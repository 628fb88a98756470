package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// told is a log that remembers.
type told struct {
	mu  sync.Mutex
	all []string
}

func (l *told) Add(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what := e.Call + " " + e.What.Kind()
	if w, is := e.What.(event.Offered); is {
		what += " of " + w.Account
	}
	l.all = append(l.all, what)
}

func (l *told) is(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.all, want) {
		t.Errorf("told %q, want %q", l.all, want)
	}
	l.all = nil
}

// TestRefusedHoldNobodyUp has a database that does not answer while calls are
// refused: no message waits for it, other calls are told of at once, and those
// are told of in their order, when they are over.
func TestRefusedHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log told
		r := newRefused(&log, func(ctx context.Context, i call.Info) string {
			if ctx.Err() != nil { // there is no time at all
				return "first"
			}
			<-ctx.Done()
			return "owner-of-" + i.Request
		})
		defer r.Close()
		offered := event.Offered{Direction: string(call.Inbound), Request: "100@x.example"}
		began := time.Now()
		for _, e := range []event.Event{
			{Call: "a", What: event.SIP{}},
			{Call: "a", What: offered},
			{Call: "a", What: event.SIP{}},
			{Call: "b", What: event.SIP{}},
			{Call: "b", What: event.Offered{Account: "has one"}},
			{Call: "c", What: event.Offered{Direction: string(call.Outbound)}},
			{Call: "a", What: event.Ended{}},
			{Call: "a", What: event.SIP{}},
		} {
			r.Add(e)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("a message waited for %s", took)
		}
		log.is(t, "a sip", "b sip", "b offered of has one", "c offered of ")
		<-time.After(ownerWithin)
		synctest.Wait()
		log.is(t, "a offered of owner-of-100", "a sip", "a ended", "a sip")
		r.Add(event.Event{Call: "a", What: event.SIP{}})
		log.is(t, "a sip")

		r.Add(event.Event{Call: "d", What: offered}) // nothing is held for ever
		<-time.After(ownerWithin + overWithin)
		synctest.Wait()
		log.is(t, "d offered of owner-of-100")
		r.Hold("e")
		for _, e := range []event.Event{
			{Call: "e", What: event.Offered{Account: "a"}}, {Call: "e", What: event.Declined{}}, {Call: "e", What: event.Ended{}},
		} {
			log.is(t)
			r.Add(e)
		}
		synctest.Wait()
		log.is(t, "e offered of a", "e declined", "e ended")
		for i := range maxHeld + 1 {
			r.Add(event.Event{Call: fmt.Sprint(i), What: offered})
		}
		log.is(t, fmt.Sprint(maxHeld)+" offered of first")
	})
}
