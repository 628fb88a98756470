package callbacks

import (
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// Type is the type of the documents of callbacks that wait.
const Type = "pvt_callback"

// loadAgain is when what is kept is read again after it could not be.
const loadAgain = 5 * time.Second

// save keeps what is posted and then has it told, until the queue is closed.
func (q *Queue) save() {
	for q.load() != nil {
		select {
		case <-time.After(loadAgain):
		case <-q.ctx.Done():
			q.keepFresh()
			return
		}
	}
	for {
		q.keepFresh()
		select {
		case <-q.wake:
		case <-q.ctx.Done():
			q.keepFresh()
			return
		}
	}
}

// load goes on with what was kept by a process before, all of it or nothing.
func (q *Queue) load() error {
	var found []*job
	err := store.Kept(q.ctx, q.cfg.Docs, Type, func(s store.Slot, p pending, broken error) {
		j := &job{slot: s, pending: p}
		if broken != nil {
			q.cfg.Logger.Error("callback is lost", "id", s.ID, "error", broken)
			q.forget(j)
			return
		}
		found = append(found, j)
	})
	if err != nil {
		if q.ctx.Err() == nil {
			q.cfg.Logger.Error("callbacks that wait cannot be read", "error", err)
		}
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting += len(found)
	for _, j := range found {
		q.add(j)
	}
	return nil
}

// keepFresh writes what was posted, several at a time, and adds it in order.
func (q *Queue) keepFresh() {
	q.mu.Lock()
	batch, settled := q.fresh, q.settled
	q.fresh, q.settled = nil, nil
	q.mu.Unlock()
	slots := make(chan struct{}, savesAtOne)
	var writes sync.WaitGroup
	for _, j := range batch {
		slots <- struct{}{}
		writes.Go(func() {
			defer func() { <-slots }()
			q.keep(j)
		})
	}
	writes.Wait()
	for _, done := range settled {
		close(done)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range batch {
		q.add(j)
	}
}

// keep writes a job, also while the queue is being closed. One that cannot be
// kept is delivered all the same.
func (q *Queue) keep(j *job) {
	if err := j.slot.Keep(q.ctx, q.cfg.Docs, j.pending); err != nil {
		q.cfg.Logger.Error("callback cannot be kept", "account_id", j.slot.Account, "call_id", j.Call, "error", err)
	}
}

// forget removes a job that is done with.
func (q *Queue) forget(j *job) {
	if err := j.slot.Forget(q.ctx, q.cfg.Docs); err != nil {
		q.cfg.Logger.Error("callback is kept though it is done", "id", j.slot.ID, "error", err)
	}
}
