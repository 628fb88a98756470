package sim

import (
	"context"
	"fmt"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// Directory is callflows by number and by id.
type Directory struct {
	table *route.Table
	flows map[string]Callflow
}

// NewDirectory makes one of callflows. Those without an id get one.
func NewDirectory(all []Callflow) *Directory {
	d := &Directory{flows: map[string]Callflow{}}
	var rules []route.Flow
	for i, c := range all {
		if c.ID == "" {
			c.ID = fmt.Sprintf("callflow-%04d", i+1)
		}
		d.flows[c.ID] = c
		rules = append(rules, route.Flow{ID: c.ID, Name: c.Name, Numbers: c.Numbers, Patterns: c.Patterns})
	}
	d.table = route.NewTable(rules)
	return d
}

// Match is the callflow of a number, and why it is that.
func (d *Directory) Match(number string) (Callflow, route.Result) {
	r := d.table.Match(number)
	return d.flows[r.Flow.ID], r
}

// Callflow implements actions.Flows.
func (d *Directory) Callflow(_ context.Context, _, id string) (*flow.Node, string, error) {
	c, ok := d.flows[id]
	if !ok {
		return nil, "", store.ErrNotFound
	}
	return c.Flow, c.Name, nil
}

// Find implements actions.Flows.
func (d *Directory) Find(_ context.Context, _, number string) (route.Result, *flow.Node, error) {
	c, r := d.Match(number)
	return r, c.Flow, nil
}

// Number makes c call a number: its program is the callflow that answers it.
// It is false if none does; the call is then refused as by the server.
func (c *Call) Number(d *Directory, number string) bool {
	c.To, c.Flows = number, d
	found, r := d.Match(number)
	if !r.Found || found.Flow == nil {
		c.Before = []event.Fact{event.Unrouted{Number: number, Why: r.Why}}
		c.Program = &flow.Node{Module: "response", Data: []byte(`{"code":404,"message":"Not Found"}`)}
		return false
	}
	c.Program, c.Captured = found.Flow, r.Captured
	name := found.Name
	if name == "" {
		name = found.ID
	}
	c.Before = []event.Fact{event.Routed{FlowID: found.ID, Flow: name, Number: number, Why: r.Why}}
	return true
}
