package sim

import (
	"context"
	"sync"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// atOnce is how many things may happen outside of one call at a time.
const atOnce = 16

// outside does, in real time, what an instant call asks of the world: web
// requests, files, a person who types. The call's own time stands still
// meanwhile, because it waits for a channel that was made out here.
type outside struct {
	jobs  chan job
	slots chan chan struct{} // of those who may wait for a job
	work  sync.WaitGroup
}

type job struct {
	do   func(context.Context)
	done chan<- struct{}
}

// openOutside must be called outside of the call's time. What is still done
// when ctx ends is told so by its context.
func openOutside(ctx context.Context) *outside {
	o := &outside{jobs: make(chan job), slots: make(chan chan struct{}, atOnce)}
	for range atOnce {
		o.slots <- make(chan struct{}, 1)
	}
	o.work.Go(func() {
		for j := range o.jobs {
			o.work.Go(func() {
				j.do(ctx)
				j.done <- struct{}{}
			})
		}
	})
	return o
}

// do waits until f was done outside. The context f gets is that of the outside.
func (o *outside) do(f func(ctx context.Context)) {
	slot := <-o.slots
	o.jobs <- job{f, slot}
	<-slot
	o.slots <- slot
}

// close waits for what was begun. Nothing may be asked for any more.
func (o *outside) close() {
	close(o.jobs)
	o.work.Wait()
}

// docsOut are documents that are read outside of a call: a running server may
// have them.
type docsOut struct {
	store.Docs

	out *outside
}

// Get implements store.Docs.
func (d docsOut) Get(_ context.Context, k store.Key) (doc store.Doc, err error) {
	d.out.do(func(ctx context.Context) { doc, err = d.Docs.Get(ctx, k) })
	return doc, err
}

// List implements store.Docs.
func (d docsOut) List(_ context.Context, q store.Query) (docs []store.Doc, err error) {
	d.out.do(func(ctx context.Context) { docs, err = d.Docs.List(ctx, q) })
	return docs, err
}

// flowsOut are callflows that are read outside of a call, as its documents.
type flowsOut struct {
	out   *outside
	flows actions.Flows
}

// Callflow implements actions.Flows.
func (f flowsOut) Callflow(_ context.Context, account, id string) (n *flow.Node, name string, err error) {
	f.out.do(func(ctx context.Context) { n, name, err = f.flows.Callflow(ctx, account, id) })
	return n, name, err
}

// Find implements actions.Flows.
func (f flowsOut) Find(_ context.Context, account, number string) (r route.Result, n *flow.Node, err error) {
	f.out.do(func(ctx context.Context) { r, n, err = f.flows.Find(ctx, account, number) })
	return r, n, err
}
