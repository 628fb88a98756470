package app

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// The types of documents whose changes are heard of.
const (
	callflowType = "callflow"
	accountType  = "account"
	deviceType   = "device"
	userType     = "user"
)

// callflow is what a callflow document says to the router and the engine.
type callflow struct {
	Name     string     `json:"name"`
	Numbers  []string   `json:"numbers"`
	Patterns []string   `json:"patterns"`
	Flow     *flow.Node `json:"flow"`

	size  int  // of its document, in bytes, if its flow is kept
	apart bool // its flow is read when a call comes for it
}

// flows finds callflows by number and by id. An account's are compiled once,
// and after a write those that were written.
type flows struct {
	docs store.Docs

	mu       sync.Mutex
	accounts map[string]*program
	reading  map[string]*reading       // by account: whoever updates its program
	writes   int                       // counts all that there were
	written  map[string]map[string]int // by account and id: the last write that its program does not have
}

// rereadMost is how many callflows are read one by one, rather than all.
const rereadMost = 200

// keptBytes are how many bytes of documents an account has flows of in memory.
// Those beyond are read for each call.
const keptBytes = 32 << 20

// program is an account's callflows, ready to be matched.
type program struct {
	table *route.Table
	flows map[string]callflow // by id
	kept  int                 // bytes of those whose flow is there
}

func newFlows(docs store.Docs) *flows {
	return &flows{
		docs: docs, accounts: map[string]*program{}, reading: map[string]*reading{}, written: map[string]map[string]int{},
	}
}

// Callflow is the tree and the name of a callflow, for the callflow action.
func (f *flows) Callflow(ctx context.Context, account, id string) (*flow.Node, string, error) {
	p, err := f.of(ctx, account)
	if err != nil {
		return nil, "", err
	}
	if _, ok := p.flows[id]; !ok {
		return nil, "", store.ErrNotFound
	}
	c, err := f.whole(ctx, p, account, id)
	return c.Flow, c.Name, err
}

// whole is one of the callflows of p with its flow.
func (f *flows) whole(ctx context.Context, p *program, account, id string) (callflow, error) {
	c := p.flows[id]
	if !c.apart {
		return c, nil
	}
	d, err := f.docs.Get(ctx, store.Key{Account: account, Type: callflowType, ID: id})
	if err != nil {
		return callflow{}, err
	}
	err = json.Unmarshal(d.JSON, &c)
	return c, err
}

// match finds what answers a number.
func (f *flows) match(ctx context.Context, account, number string) (route.Result, callflow, error) {
	p, err := f.of(ctx, account)
	if err != nil {
		return route.Result{}, callflow{}, err
	}
	r := p.table.Match(number)
	c, err := f.whole(ctx, p, account, r.Flow.ID)
	return r, c, err
}

// Find is what answers a number, for the actions that look for one.
func (f *flows) Find(ctx context.Context, account, number string) (route.Result, *flow.Node, error) {
	r, c, err := f.match(ctx, account, number)
	return r, c.Flow, err
}

// of is the account's program, with all that was written until now. It is
// brought up to date by one of those who need it; the others wait.
func (f *flows) of(ctx context.Context, account string) (*program, error) {
	for {
		f.mu.Lock()
		had := f.accounts[account]
		if had != nil && len(f.written[account]) == 0 {
			f.mu.Unlock()
			return had, nil
		}
		other := f.reading[account]
		if other == nil {
			mine := &reading{done: make(chan struct{})}
			f.reading[account] = mine
			f.mu.Unlock()
			p, err := f.update(ctx, account, had)
			f.mu.Lock()
			delete(f.reading, account)
			f.mu.Unlock()
			mine.failed, mine.gone = err, ctx.Err() != nil
			close(mine.done)
			return p, err
		}
		f.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-other.done:
			if other.failed != nil && !other.gone {
				return nil, other.failed
			}
		}
	}
}

// reading is somebody who brings an account's program up to date.
type reading struct {
	done   chan struct{} // closed when that ended
	failed error
	gone   bool // because nobody waited for it any more
}

// update is had with what was written since, or all anew.
func (f *flows) update(ctx context.Context, account string, had *program) (p *program, err error) {
	f.mu.Lock()
	writes, ids := f.writes, slices.Collect(maps.Keys(f.written[account]))
	f.mu.Unlock()
	if had == nil || len(ids) > rereadMost {
		p, err = f.read(ctx, account)
	} else {
		p, err = f.reread(ctx, account, had, ids)
	}
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accounts[account] = p
	maps.DeleteFunc(f.written[account], func(_ string, at int) bool { return at <= writes })
	return p, nil
}

// read compiles all callflows of an account.
func (f *flows) read(ctx context.Context, account string) (*program, error) {
	p := &program{flows: map[string]callflow{}}
	err := store.Each(ctx, f.docs, store.Query{Account: account, Type: callflowType}, func(d store.Doc) (bool, error) {
		p.add(d)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	p.index(new(route.Table))
	return p, nil
}

// reread is had with some callflows as they are now.
func (f *flows) reread(ctx context.Context, account string, had *program, ids []string) (*program, error) {
	p := &program{flows: maps.Clone(had.flows), kept: had.kept}
	for _, id := range ids {
		p.kept -= p.flows[id].size
		delete(p.flows, id)
		d, err := f.docs.Get(ctx, store.Key{Account: account, Type: callflowType, ID: id})
		switch {
		case err == nil:
			p.add(d)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	p.index(had.table)
	return p, nil
}

func (p *program) add(d store.Doc) {
	var c callflow
	if json.Unmarshal(d.JSON, &c) != nil {
		return // the API lets no such document in
	}
	if c.apart = p.kept+len(d.JSON) > keptBytes; c.apart {
		c.Flow = nil
	} else {
		c.size = len(d.JSON)
		p.kept += c.size
	}
	p.flows[d.ID] = c
}

// index makes the table of what is to be matched, with the patterns that had
// has compiled.
func (p *program) index(had *route.Table) {
	all := make([]route.Flow, 0, len(p.flows))
	for id, c := range p.flows {
		all = append(all, route.Flow{ID: id, Name: c.Name, Numbers: c.Numbers, Patterns: c.Patterns})
	}
	p.table = had.Renew(all)
}

// forget is told that a callflow was written.
func (f *flows) forget(account, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	if f.accounts[account] == nil && f.reading[account] == nil {
		return // all of them will be read
	}
	if f.written[account] == nil {
		f.written[account] = map[string]int{}
	}
	f.written[account][id] = f.writes
}
