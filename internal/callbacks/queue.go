// Package callbacks tells customers' web servers what they do not answer with
// a program: how a call goes, that a recording is there, a call's record.
// What is to be told is kept until the server has it, so that neither a dead
// server nor the end of this process loses it.
package callbacks

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Asker makes one request; a *webhook.Client is one.
type Asker interface {
	Ask(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer)
}

// Config is what a Queue is made of.
type Config struct {
	Docs   store.Docs // where what is to be told is kept: a document for each
	Web    Asker
	Keys   func(ctx context.Context, account string) []string // to sign with; nil signs nothing
	Log    event.Log                                          // takes each try, as event.CalledBack; nil is nowhere
	Logger *slog.Logger
}

// The bounds of a Queue.
const (
	atOnce     = 256     // requests at one time
	atOneHost  = 8       // of them to one server
	maxAtHost  = 20_000  // callbacks that wait for one server
	maxWaiting = 100_000 // and for all
	savesAtOne = 16      // documents written at one time
)

// Queue delivers callbacks. Those of one call to one server arrive in the
// order in which they were posted; servers do not wait for each other. It is
// an actions.Callbacks, and safe for use by many goroutines. Close it.
type Queue struct {
	cfg  Config
	ctx  context.Context //nolint:containedctx // what ends requests that outlive their call
	stop context.CancelFunc
	wake chan struct{}
	work sync.WaitGroup // the one that saves, and one for each request

	mu      sync.Mutex
	fresh   []*job          // posted and not kept yet, in order
	settled []chan struct{} // to be closed once what is posted by now is kept
	hosts   map[string]*host
	ready   []*host // that have something to be told, in turn
	active  int
	waiting int
	last    int64 // the time in the last id
	closed  bool
}

// New returns a queue and goes on with what was not delivered before.
func New(cfg Config) *Queue {
	if cfg.Log == nil {
		cfg.Log = event.Discard
	}
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{cfg: cfg, ctx: ctx, stop: stop, wake: make(chan struct{}, 1), hosts: map[string]*host{}}
	q.work.Go(q.save)
	return q
}

// Post has a web server told something. It returns at once. A server for
// which too much waits already is not told, which the timeline says.
func (q *Queue) Post(account string, c actions.Callback) {
	now := time.Now()
	j := &job{slot: store.Slot{Key: store.Key{Account: account, Type: Type}}, pending: pending{
		Call: c.Call, URL: c.URL, Method: c.Method, Params: c.Params, Event: c.Event, Again: c.Again,
		Posted: now, Next: now,
	}}
	if why := q.take(j); why != "" {
		q.cfg.Logger.Error("callback is lost", "account_id", account, "call_id", c.Call, "event", c.Event, "error", why)
		q.tell(j, event.CalledBack{Err: why, Over: true})
	}
}

// take puts a job in line to be kept, or says why not.
func (q *Queue) take(j *job) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return "the server is being stopped"
	case q.waiting >= maxWaiting || q.crowded(j.server()):
		return "too many callbacks wait already"
	}
	q.waiting++
	q.last = max(q.last+1, j.Posted.UnixNano())
	j.slot.ID = newID(q.last)
	q.fresh = append(q.fresh, j)
	q.nudge()
	return ""
}

// nudge has what was posted kept.
func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Settle returns once all that was posted before is kept, as far as the store
// took it, or with the cause of ctx's end.
func (q *Queue) Settle(ctx context.Context) error {
	done := make(chan struct{})
	q.mu.Lock()
	q.settled = append(q.settled, done)
	q.mu.Unlock()
	q.nudge()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tell puts a try on the call's timeline. q.mu is not held: a reader of the
// timeline may post.
func (q *Queue) tell(j *job, f event.CalledBack) {
	f.Account, f.Event, f.URL = j.slot.Account, j.Event, webhook.Request{URL: j.URL}.Shown()
	q.cfg.Log.Add(event.Event{At: time.Now(), Call: j.Call, What: f})
}

// Close ends what is under way and keeps what is not delivered for the next
// start.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	for _, h := range q.hosts {
		for _, l := range h.lanes {
			if l.timer != nil {
				l.timer.Stop()
			}
		}
	}
	q.mu.Unlock()
	q.stop()
	q.work.Wait()
}

// newID is an id that sorts by time.
func newID(nanos int64) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%016x", nanos) + hex.EncodeToString(b[:])
}

// job is one callback that waits.
type job struct {
	pending
	slot store.Slot // where it is kept
}

// pending is a job as it is kept.
type pending struct {
	Call   string     `json:"call_id"`
	URL    string     `json:"url"`
	Method string     `json:"method"`
	Params url.Values `json:"params"`
	Event  string     `json:"event"`
	Posted time.Time  `json:"posted"`
	Tries  int        `json:"tries"` // so far
	Next   time.Time  `json:"next"`  // when the next one is due

	Again *actions.Again `json:"again,omitempty"` // nil is the queue's own patience
}

// server is whom it goes to: scheme, host and port.
func (j *job) server() string {
	u, err := url.Parse(j.URL)
	if err != nil {
		return "" // asking says what is wrong with it
	}
	return u.Scheme + "://" + u.Host
}
