package callbacks

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/store"
)

// promiseType is the type of the documents of promises.
const promiseType = "pvt_callback_promise"

// Promises are callbacks at the end of calls that run: what is to be told if
// the server goes away before. They are written off the calls' path. Close
// them.
type Promises struct {
	docs store.Docs
	to   actions.Callbacks
	log  *slog.Logger
	stop context.CancelFunc
	done chan struct{}
	wake chan struct{}

	mu      sync.Mutex
	changed map[store.Key]*actions.Callback // to be kept, or with nil forgotten
}

// NewPromises begins with telling what a process before had promised.
func NewPromises(docs store.Docs, to actions.Callbacks, log *slog.Logger) *Promises {
	ctx, stop := context.WithCancel(context.Background())
	p := &Promises{
		docs: docs, to: to, log: log, stop: stop, done: make(chan struct{}), wake: make(chan struct{}, 1),
		changed: map[store.Key]*actions.Callback{},
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
	p.fulfil(ctx)
	for {
		p.write(context.WithoutCancel(ctx))
		select {
		case <-p.wake:
		case <-ctx.Done():
			p.write(context.WithoutCancel(ctx))
			return
		}
	}
}

// fulfil tells what was promised before.
func (p *Promises) fulfil(ctx context.Context) {
	left, err := p.docs.List(ctx, store.Query{Type: promiseType, AnyAccount: true, Ascending: true})
	if err != nil {
		p.log.Error("promised callbacks cannot be read", "error", err)
		return
	}
	for _, d := range left {
		var c actions.Callback
		if err := json.Unmarshal(d.JSON, &c); err != nil {
			p.log.Error("promised callback is lost", "call_id", d.ID, "error", err)
		} else {
			p.to.Post(d.Account, c)
		}
		p.drop(ctx, d.Key)
	}
}

// write does to the store what was changed since.
func (p *Promises) write(ctx context.Context) {
	p.mu.Lock()
	changed := p.changed
	p.changed = map[store.Key]*actions.Callback{}
	p.mu.Unlock()
	for k, c := range changed {
		if c == nil {
			p.drop(ctx, k)
			continue
		}
		d, err := p.docs.Get(ctx, k)
		if err != nil {
			d = store.Doc{Key: k}
		}
		if d.JSON, err = json.Marshal(c); err == nil {
			_, err = p.docs.Put(ctx, d)
		}
		if err != nil {
			p.log.Error("callback cannot be promised", "call_id", k.ID, "error", err)
		}
	}
}

func (p *Promises) drop(ctx context.Context, k store.Key) {
	d, err := p.docs.Get(ctx, k)
	if err == nil {
		err = p.docs.Delete(ctx, k, d.Rev, true)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		p.log.Error("a promised callback is kept though it is told", "call_id", k.ID, "error", err)
	}
}
