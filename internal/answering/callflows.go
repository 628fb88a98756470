package answering

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// Callflow is what a callflow document says to the router and the engine.
type Callflow struct {
	ID       string     `json:"id,omitempty"`
	Name     string     `json:"name,omitempty"`
	Numbers  []string   `json:"numbers,omitempty"`
	Patterns []string   `json:"patterns,omitempty"`
	Flow     *flow.Node `json:"flow"`

	size  int  // of its document, in bytes, if its flow is kept
	apart bool // its flow is read when a call comes for it
}

// name is what people call a callflow: its name, else its numbers.
func (c Callflow) name() string {
	return cmp.Or(c.Name, strings.Join(slices.Concat(c.Numbers, c.Patterns), ", "))
}

// What a callflow takes in the table of its account, about, in bytes.
const (
	perCallflow = 256
	perPattern  = 2048
)

func (c Callflow) index() int {
	n := perCallflow + len(c.Name) + perPattern*len(c.Patterns)
	for _, number := range c.Numbers {
		n += len(number) + perNumber
	}
	return n
}

// rereadMost is how many callflows are read one by one, rather than all.
const rereadMost = 200

// keptBytes are how many bytes of documents an account has flows of in memory.
// Those beyond are read for each call.
const keptBytes = 32 << 20

// program is an account's callflows, ready to be matched.
type program struct {
	table *route.Table
	flows map[string]Callflow // by id
	kept  int                 // bytes of those whose flow is there
	index int                 // bytes that else they take, about
}

// Callflow is the tree and the name of a callflow, for the callflow action.
func (x *Exchange) Callflow(ctx context.Context, account, id string) (*flow.Node, string, error) {
	c, err := x.Get(ctx, account, id)
	return c.Flow, c.Name, err
}

// Get is a callflow, with its flow; where there is none it is
// store.ErrNotFound.
func (x *Exchange) Get(ctx context.Context, account, id string) (Callflow, error) {
	p, err := x.of(ctx, account)
	if err != nil {
		return Callflow{}, err
	}
	if _, ok := p.flows[id]; !ok {
		return Callflow{}, store.ErrNotFound
	}
	return x.whole(ctx, p, account, id)
}

// whole is one of the callflows of p with its flow.
func (x *Exchange) whole(ctx context.Context, p *program, account, id string) (Callflow, error) {
	c := p.flows[id]
	if !c.apart {
		return c, nil
	}
	d, err := x.docs.Get(ctx, store.Key{Account: account, Type: documents.CallflowType, ID: id})
	if err != nil {
		return Callflow{}, err
	}
	err = json.Unmarshal(d.JSON, &c)
	c.ID = id
	return c, err
}

// Match finds the callflow that answers a number, with its flow.
func (x *Exchange) Match(ctx context.Context, account, number string) (route.Result, Callflow, error) {
	p, err := x.of(ctx, account)
	if err != nil {
		return route.Result{}, Callflow{}, err
	}
	r := p.table.Match(number)
	c, err := x.whole(ctx, p, account, r.Flow.ID)
	return r, c, err
}

// Find is what answers a number, for the actions that look for one.
func (x *Exchange) Find(ctx context.Context, account, number string) (route.Result, *flow.Node, error) {
	r, c, err := x.Match(ctx, account, number)
	return r, c.Flow, err
}

// of is the account's program, with all that was written until now. It is
// brought up to date by one of those who need it; the others wait.
func (x *Exchange) of(ctx context.Context, id string) (*program, error) {
	for {
		x.mu.Lock()
		a := x.at(id)
		had, other := a.program, a.reading
		if had != nil && len(a.written) == 0 {
			x.mu.Unlock()
			return had, nil
		}
		if other == nil {
			mine := &reading{done: make(chan struct{})}
			a.reading = mine
			x.mu.Unlock()
			p, err := x.update(ctx, id, a)
			x.mu.Lock()
			a.reading = nil
			x.mu.Unlock()
			mine.failed, mine.gone = err, ctx.Err() != nil
			close(mine.done)
			return p, err
		}
		x.mu.Unlock()
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

// update is the program of an account with what was written since, or all
// anew.
func (x *Exchange) update(ctx context.Context, id string, a *account) (p *program, err error) {
	x.mu.Lock()
	had, writes, ids := a.program, x.writes, slices.Collect(maps.Keys(a.written))
	x.mu.Unlock()
	if had == nil || len(ids) > rereadMost {
		p, err = x.read(ctx, id)
	} else {
		p, err = x.reread(ctx, id, had, ids)
	}
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	maps.DeleteFunc(a.written, func(_ string, at int) bool { return at <= writes })
	if a.program = p; x.accounts[id] == a { // it was not forgotten meanwhile
		x.resize(a)
	}
	return p, nil
}

// read compiles all callflows of an account.
func (x *Exchange) read(ctx context.Context, account string) (*program, error) {
	p := &program{flows: map[string]Callflow{}}
	all := store.Query{Account: account, Type: documents.CallflowType}
	err := store.Each(ctx, x.docs, all, func(d store.Doc) (bool, error) {
		p.add(d)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	p.tabulate(new(route.Table))
	return p, nil
}

// reread is had with some callflows as they are now.
func (x *Exchange) reread(ctx context.Context, account string, had *program, ids []string) (*program, error) {
	p := &program{flows: maps.Clone(had.flows), kept: had.kept, index: had.index}
	for _, id := range ids {
		if c, had := p.flows[id]; had {
			p.kept -= c.size
			p.index -= c.index()
		}
		delete(p.flows, id)
		d, err := x.docs.Get(ctx, store.Key{Account: account, Type: documents.CallflowType, ID: id})
		switch {
		case err == nil:
			p.add(d)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	p.tabulate(had.table)
	return p, nil
}

func (p *program) add(d store.Doc) {
	var c Callflow
	if json.Unmarshal(d.JSON, &c) != nil {
		return // the API lets no such document in
	}
	if c.apart = c.Flow == nil || p.kept+len(d.JSON) > keptBytes; c.apart {
		c.Flow = nil
	} else {
		c.size = len(d.JSON)
		p.kept += c.size
	}
	c.ID = d.ID
	p.flows[d.ID] = c
	p.index += c.index()
}

// tabulate makes the table of what is to be matched, with the patterns that had
// has compiled.
func (p *program) tabulate(had *route.Table) {
	all := make([]route.Flow, 0, len(p.flows))
	for id, c := range p.flows {
		all = append(all, route.Flow{ID: id, Name: c.Name, Numbers: c.Numbers, Patterns: c.Patterns})
	}
	p.table = had.Renew(all)
}

// rewritten is told that a callflow was written. x.mu is held.
func (x *Exchange) rewritten(account, id string) {
	x.writes++
	if a := x.accounts[account]; a != nil && (a.program != nil || a.reading != nil) { // else all of them will be read
		a.written[id] = x.writes
	}
}
