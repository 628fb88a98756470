package observe

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// run writes in groups until ctx ends, and then once more.
func (c *Calls) run(ctx context.Context) {
	defer close(c.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	failing := false
	for {
		var waits chan struct{}
		select {
		case <-tick.C:
		case waits = <-c.flushes:
		case <-c.wake:
			// The end of a call is what people wait for; a breath lets its
			// last events come along.
			select {
			case <-time.After(flushEvery / 10):
			case <-ctx.Done():
			}
		case <-ctx.Done():
			c.report(c.flush(context.WithoutCancel(ctx), time.Now().Add(strayAfter+time.Second)), failing)
			return
		}
		// A flush that has begun is ended even when the writer is closed.
		failing = c.report(c.flush(context.WithoutCancel(ctx), time.Now()), failing)
		if waits != nil {
			close(waits)
		}
	}
}

// report logs the first failure of a row of them, and its end.
func (c *Calls) report(err error, failing bool) bool {
	switch {
	case err != nil && !failing:
		c.cfg.Logger.Error("call journal cannot be written; events are held in memory", "error", err)
	case err == nil && failing:
		c.mu.Lock()
		dropped := c.dropped
		c.mu.Unlock()
		c.cfg.Logger.Info("call journal is written again", "events_lost", dropped)
	}
	return err != nil
}

// batch is what one flush writes.
type batch struct {
	events []event.Event
	owner  []string // the account of each
	extra  []store.Entry
	calls  []*entry
}

// flush writes everything that can be, as one group.
func (c *Calls) flush(ctx context.Context, now time.Time) error {
	b := c.take(now)
	if len(b.events)+len(b.extra) == 0 {
		return nil
	}
	lines := make([]store.Entry, 0, len(b.events)+len(b.extra))
	for i, e := range b.events {
		doc, err := json.Marshal(e)
		if err != nil {
			c.cfg.Logger.Error("event cannot be written", "kind", e.What.Kind(), "error", err)
			doc = json.RawMessage(`{}`) // its place in the call's line must stay taken
		}
		lines = append(lines, store.Entry{Account: b.owner[i], Kind: KindEvent, Call: e.Call, At: e.At, JSON: doc})
	}
	err := c.cfg.Journal.Append(ctx, c.fit(append(lines, b.extra...)))
	c.settle(b, err)
	return err
}

// fit leaves out what can never be kept: it would hold up all the rest.
func (c *Calls) fit(lines []store.Entry) []store.Entry {
	return slices.DeleteFunc(lines, func(e store.Entry) bool {
		err := e.Check()
		if err != nil {
			c.cfg.Logger.Error("entry is lost", "kind", e.Kind, "call_id", e.Call, "error", err)
		}
		return err != nil
	})
}

// take picks what is ready to be written and forgets calls that are long over.
func (c *Calls) take(now time.Time) batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b batch
	for id, k := range c.calls {
		if !k.known && now.Sub(k.last) > strayAfter {
			k.known, k.ended = true, k.last
			c.dirty[id] = k
		}
		if len(k.events) == 0 && !k.ended.IsZero() && now.Sub(k.ended) > lateFor {
			delete(c.calls, id)
		}
	}
	for id, k := range c.dirty {
		if !k.known {
			continue
		}
		delete(c.dirty, id)
		k.writing = len(k.events)
		b.calls = append(b.calls, k)
		for _, e := range k.events {
			b.events, b.owner = append(b.events, e), append(b.owner, k.record.Account)
		}
	}
	b.extra, c.extra = c.extra, nil
	return b
}

// settle lets go of what was written, or puts it back.
func (c *Calls) settle(b batch, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.extra = append(b.extra, c.extra...)
		for _, k := range b.calls {
			k.writing = 0
			c.dirty[k.record.CallID] = k
		}
		return
	}
	for _, k := range b.calls {
		k.base += k.writing
		k.told = max(0, k.told-k.writing)
		k.events = slices.Clone(k.events[k.writing:])
		c.unwritten -= k.writing
		k.writing = 0
	}
}

func sortByBegin(records []cdr.Record) {
	slices.SortFunc(records, func(a, b cdr.Record) int { return a.Began.Compare(b.Began) })
}
