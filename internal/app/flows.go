package app

import (
	"context"
	"encoding/json"
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
}

// flows finds callflows by number and by id. An account's are compiled once
// and again after a write.
type flows struct {
	docs store.Docs

	mu       sync.Mutex
	accounts map[string]*program
	version  map[string]int // counts the writes of an account
}

// program is an account's callflows, ready to be matched.
type program struct {
	table *route.Table
	flows map[string]callflow // by id
}

func newFlows(docs store.Docs) *flows {
	return &flows{docs: docs, accounts: map[string]*program{}, version: map[string]int{}}
}

// Callflow is the tree and the name of a callflow, for the callflow action.
func (f *flows) Callflow(ctx context.Context, account, id string) (*flow.Node, string, error) {
	p, err := f.of(ctx, account)
	if err != nil {
		return nil, "", err
	}
	c, ok := p.flows[id]
	if !ok {
		return nil, "", store.ErrNotFound
	}
	return c.Flow, c.Name, nil
}

// match finds what answers a number.
func (f *flows) match(ctx context.Context, account, number string) (route.Result, callflow, error) {
	p, err := f.of(ctx, account)
	if err != nil {
		return route.Result{}, callflow{}, err
	}
	r := p.table.Match(number)
	return r, p.flows[r.Flow.ID], nil
}

// Find is what answers a number, for the actions that look for one.
func (f *flows) Find(ctx context.Context, account, number string) (route.Result, *flow.Node, error) {
	r, c, err := f.match(ctx, account, number)
	return r, c.Flow, err
}

// of is the account's program, compiled if need be.
func (f *flows) of(ctx context.Context, account string) (*program, error) {
	f.mu.Lock()
	p, version := f.accounts[account], f.version[account]
	f.mu.Unlock()
	if p != nil {
		return p, nil
	}
	docs, err := f.docs.List(ctx, store.Query{Account: account, Type: callflowType})
	if err != nil {
		return nil, err
	}
	p = compile(docs)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.version[account] == version { // nobody wrote meanwhile
		f.accounts[account] = p
	}
	return p, nil
}

func compile(docs []store.Doc) *program {
	p := &program{flows: map[string]callflow{}}
	var all []route.Flow
	for _, d := range docs {
		var c callflow
		if err := json.Unmarshal(d.JSON, &c); err != nil {
			continue // the API lets no such document in
		}
		p.flows[d.ID] = c
		all = append(all, route.Flow{ID: d.ID, Name: c.Name, Numbers: c.Numbers, Patterns: c.Patterns})
	}
	p.table = route.NewTable(all)
	return p
}

// forget drops what was compiled of an account.
func (f *flows) forget(account string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version[account]++
	delete(f.accounts, account)
}
