package sim

import (
	"context"
	"sync"
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
