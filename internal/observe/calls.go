// Package observe reads the stream of facts: it keeps every call's timeline,
// folds call records, writes both to the journal in groups off the call's
// path, and shows them live. Nothing in it can hold up a call.
package observe

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// The kinds of journal entries written here.
const (
	KindEvent = "event"
	KindCDR   = "cdr"
	KindDebug = "pivot_debug"
)

const (
	flushEvery   = 200 * time.Millisecond
	lateFor      = 3 * time.Minute // how long an ended call still takes events: late SIP, uploads that are tried again
	strayAfter   = time.Minute     // a call that was never offered is let go after this
	maxUnwritten = 200_000         // events held while the journal does not take them
)

// Journal is what of a store is used here.
type Journal interface {
	Append(ctx context.Context, entries []store.Entry) error
	Read(ctx context.Context, w store.Window) ([]store.Entry, error)
}

// Config is what Calls is made of.
type Config struct {
	Journal Journal
	Logger  *slog.Logger
	// Debug renders the debug documents of a webhook whose flow asked for
	// them. May be nil.
	Debug func(call string, f event.Fetched) []map[string]any
}

// Calls is an event.Log that keeps calls. Its methods are safe from any
// goroutine.
type Calls struct {
	cfg Config

	mu        sync.Mutex
	calls     map[string]*entry
	dirty     map[string]*entry // those with something to write
	extra     []store.Entry     // call records and debug documents to write
	followers map[*Follower]bool
	unwritten int
	dropped   int64

	wake    chan struct{}
	flushes chan chan struct{} // those who wait for a flush
	stop    context.CancelFunc
	done    chan struct{}
}

// entry is one call as it is kept while it can still change.
type entry struct {
	record  cdr.Record
	known   bool          // its account is known, or will never be
	late    bool          // a call of which only what came long after its end is here
	base    int           // how many of its events were written
	writing int           // how many of events are being written now
	events  []event.Event // those that were not
	told    int           // how many of events the followers have
	ended   time.Time     // when; zero while it runs
	last    time.Time
}

// NewCalls starts the writer; Close ends it.
func NewCalls(cfg Config) *Calls {
	ctx, stop := context.WithCancel(context.Background())
	c := &Calls{
		cfg: cfg, calls: map[string]*entry{}, dirty: map[string]*entry{}, followers: map[*Follower]bool{},
		wake: make(chan struct{}, 1), flushes: make(chan chan struct{}), stop: stop, done: make(chan struct{}),
	}
	go c.run(ctx)
	return c
}

// Add takes an event. It never waits.
func (c *Calls) Add(e event.Event) {
	e.Call = keepable(e.Call)
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.calls[e.Call]
	if k == nil {
		k = &entry{}
		c.calls[strings.Clone(e.Call)] = k // not a cutting of a whole message
	}
	if c.unwritten >= maxUnwritten {
		c.dropped++
		k.record.Add(e)
		return
	}
	k.last = e.At
	k.events = append(k.events, e)
	c.unwritten++
	c.dirty[e.Call] = k
	k.record.Add(e)
	c.read(k, e)
	if k.known {
		c.tell(k)
	}
}

// keepable is a call's id as it can be kept and shown: a far end chose its
// bytes.
func keepable(id string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(id, "\uFFFD"), "\x00", "\uFFFD")
}

// read does what an event means here besides being kept.
func (c *Calls) read(k *entry, e event.Event) {
	switch w := e.What.(type) {
	case event.Offered:
		k.known = true
	case event.Fetched:
		if w.Debug && c.cfg.Debug != nil {
			for _, doc := range c.cfg.Debug(e.Call, w) {
				c.keep(k, KindDebug, e, doc)
			}
		}
	case event.CalledBack:
		k.comesLate(e.At, w.Account)
	case event.Notified:
		k.comesLate(e.At, w.Account)
	case event.Ended:
		if !k.ended.IsZero() {
			return
		}
		k.known, k.ended = true, e.At
		c.keep(k, KindCDR, e, k.record)
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// comesLate takes what was told to somebody about a call that is over for so
// long that it was forgotten.
func (k *entry) comesLate(at time.Time, account string) {
	if !k.known && account != "" {
		k.known, k.late, k.ended, k.record.Account = true, true, at, account
	}
}

// keep has a document written beside the events. c.mu is held.
func (c *Calls) keep(k *entry, kind string, e event.Event, doc any) {
	raw, err := json.Marshal(doc)
	if err != nil {
		c.cfg.Logger.Error("document cannot be written", "kind", kind, "call_id", e.Call, "error", err)
		return
	}
	c.extra = append(c.extra, store.Entry{Account: k.record.Account, Kind: kind, Call: e.Call, At: e.At, JSON: raw})
}

// Live is the records of the account's calls that have not ended, oldest
// first; of all accounts where account is "".
func (c *Calls) Live(account string) []cdr.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []cdr.Record
	for _, k := range c.calls {
		if k.known && k.ended.IsZero() && (account == "" || k.record.Account == account) {
			out = append(out, k.record)
		}
	}
	sortByBegin(out)
	return out
}

// Events is a call's whole timeline so far. It is store.ErrNotFound where the
// account has no such call; account "" is any.
func (c *Calls) Events(ctx context.Context, account, call string) ([]event.Event, error) {
	c.mu.Lock()
	var fresh []event.Event
	base, owner, known := 0, "", false
	if k := c.calls[call]; k != nil {
		fresh, base, owner, known = append(fresh, k.events...), k.base, k.record.Account, k.known
	}
	c.mu.Unlock()
	if account != "" && known && owner != account {
		return nil, store.ErrNotFound
	}
	w := store.Window{Account: account, AnyAccount: account == "", Kind: KindEvent, Call: call, Ascending: true}
	lines, err := c.cfg.Journal.Read(ctx, w)
	if err != nil {
		return nil, err
	}
	out := make([]event.Event, 0, len(lines)+len(fresh))
	for _, l := range lines {
		var e event.Event
		if err := json.Unmarshal(l.JSON, &e); err == nil { // one of a newer version is passed over
			out = append(out, e)
		}
	}
	// What was written between the two looks is in both.
	if twice := len(lines) - base; twice > 0 {
		fresh = fresh[min(twice, len(fresh)):]
	}
	out = append(out, fresh...)
	if len(out) == 0 {
		return nil, store.ErrNotFound
	}
	return out, nil
}

// Record is the folded record of a call that runs or has just ended, and
// whether it is known here; older ones are in the journal.
func (c *Calls) Record(call string) (cdr.Record, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.calls[call]
	if k == nil || !k.known || k.late {
		return cdr.Record{}, false
	}
	return k.record, true
}

// Flush returns once what was added before it is written, or could not be, so
// that the journal shows it.
func (c *Calls) Flush(ctx context.Context) {
	c.mu.Lock()
	pending := c.unwritten > 0 || len(c.extra) > 0
	c.mu.Unlock()
	if !pending {
		return
	}
	written := make(chan struct{})
	select {
	case c.flushes <- written:
	case <-ctx.Done():
		return
	case <-c.done:
		return
	}
	select {
	case <-written:
	case <-ctx.Done():
	}
}

// Close writes what is left, ends the writer and cuts every follower.
func (c *Calls) Close() {
	c.stop()
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := range c.followers {
		c.cut(f)
	}
}
