package callbacks

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/store"
)

// promiseType is the type of the documents of promises.
const promiseType = "pvt_callback_promise"

// Keeper takes callbacks, and says when those it has are kept. A *Queue is one.
type Keeper interface {
	actions.Callbacks
	Settle(ctx context.Context) error
}

// Promises are callbacks at the end of calls that run: what is to be told if
// the server goes away before. They are written off the calls' path; what the
// store does not take is tried again. Close them.
type Promises struct {
	docs  store.Docs
	to    Keeper
	log   *slog.Logger
	stop  context.CancelFunc
	done  chan struct{}
	wake  chan struct{}
	slots map[store.Key]*store.Slot // of run: where what is kept is

	mu      sync.Mutex
	changed map[store.Key]*actions.Callback // to be kept, or with nil forgotten
}

// NewPromises begins with telling what a process before had promised.
func NewPromises(docs store.Docs, to Keeper, log *slog.Logger) *Promises {
	ctx, stop := context.WithCancel(context.Background())
	p := &Promises{
		docs: docs, to: to, log: log, stop: stop, done: make(chan struct{}), wake: make(chan struct{}, 1),
		slots: map[store.Key]*store.Slot{}, changed: map[store.Key]*actions.Callback{},
	}
	go p.run(ctx)
	return p
}

// Keep promises c at the end of a call, in the place of what was promised.
func (p *Promises) Keep(account string, c actions.Callback) { p.change(account, c.Call, &c) }

// Forget is the end of a call that is told otherwise.
func (p *Promises) Forget(account, call string) { p.change(account, call, nil) }

func (p *Promises) change(account, call string, c *actions.Callback) {
	p.mu.Lock()
	p.changed[store.Key{Account: account, Type: promiseType, ID: call}] = c
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Close writes what is left.
func (p *Promises) Close() {
	p.stop()
	<-p.done
}

func (p *Promises) run(ctx context.Context) {
	defer close(p.done)
	for told := false; ; {
		told = told || p.fulfil(ctx)
		wake, again := p.wake, (<-chan time.Time)(nil)
		if !p.write(ctx) || !told {
			wake, again = nil, time.After(loadAgain)
		}
		select {
		case <-wake:
		case <-again:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadAgain)
			defer cancel()
			p.write(last)
			return
		}
	}
}

// fulfil tells what was promised before, each once, and says whether that was
// all.
func (p *Promises) fulfil(ctx context.Context) bool {
	err := store.Kept(ctx, p.docs, promiseType, func(s store.Slot, c actions.Callback, broken error) {
		switch {
		case p.slots[s.Key] != nil:
			return // told already, by a try that failed half-way, or promised by this process
		case broken != nil:
			p.log.Error("promised callback is lost", "call_id", s.ID, "error", broken)
		default:
			p.to.Post(s.Account, c)
		}
		p.slots[s.Key] = &s
		p.undo(s.Key, nil)
	})
	if err != nil && ctx.Err() == nil {
		p.log.Error("promised callbacks cannot be read", "error", err)
	}
	return err == nil
}

// undo has a change made again, unless there is a later one.
func (p *Promises) undo(k store.Key, c *actions.Callback) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, later := p.changed[k]; !later {
		p.changed[k] = c
	}
}

// write does to the store what was changed since, also while the promises are
// being closed, and says whether the store took it all. What is told otherwise
// is forgotten once that is kept: it must be there if the process ends between.
func (p *Promises) write(ctx context.Context) bool {
	p.mu.Lock()
	changed := maps.Clone(p.changed)
	clear(p.changed)
	p.mu.Unlock()
	all := true
	var over []store.Key
	for k, c := range changed {
		if c == nil {
			over = append(over, k)
		} else if err := p.put(ctx, k, c); err != nil {
			p.failed(k, c, err)
			all = false
		}
	}
	return p.drop(ctx, over) && all
}

// drop makes promises forgotten whose calls are over.
func (p *Promises) drop(ctx context.Context, over []store.Key) bool {
	if len(over) == 0 {
		return true
	}
	all := p.to.Settle(ctx) == nil
	for _, k := range over {
		if !all {
			p.undo(k, nil)
		} else if err := p.put(ctx, k, nil); err != nil {
			p.failed(k, nil, err)
			all = false
		}
	}
	return all
}

// failed has a change that the store did not take made again.
func (p *Promises) failed(k store.Key, c *actions.Callback, err error) {
	p.log.Error("what is promised at the end of a call cannot be kept or forgotten", "call_id", k.ID, "error", err)
	p.undo(k, c)
}

// put makes one change.
func (p *Promises) put(ctx context.Context, k store.Key, c *actions.Callback) error {
	s := p.slots[k]
	if s == nil {
		s = &store.Slot{Key: k}
	}
	if c != nil {
		p.slots[k] = s
		return s.Keep(ctx, p.docs, c)
	}
	if err := s.Forget(ctx, p.docs); err != nil {
		return err
	}
	delete(p.slots, k)
	return nil
}
