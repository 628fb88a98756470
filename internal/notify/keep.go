package notify

import (
	"container/heap"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// Type is the type of the documents of letters that wait.
const Type = "pvt_mail"

// loadAgain is when what is kept is read again after it could not be.
const loadAgain = 5 * time.Second

// job is one letter that waits.
type job struct {
	pending
	slot store.Slot // where it is kept
}

// pending is a job as it is kept.
type pending struct {
	Call    string    `json:"call_id,omitempty"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Says    string    `json:"says"`
	Posted  time.Time `json:"posted"`
	Tries   int       `json:"tries"` // so far
	Next    time.Time `json:"next"`  // when the next one is due
}

// load puts in line what was kept by a process before, all of it or nothing.
func (q *Queue) load() error {
	var found []*job
	err := store.Kept(q.ctx, q.cfg.Docs, Type, func(s store.Slot, p pending, broken error) {
		j := &job{slot: s, pending: p}
		if broken != nil {
			q.cfg.Logger.Error("mail is lost", "id", s.ID, "error", broken)
			q.forget(j)
			return
		}
		found = append(found, j)
	})
	if err != nil {
		if q.ctx.Err() == nil {
			q.cfg.Logger.Error("mails that wait cannot be read", "error", err)
		}
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting += len(found)
	for _, j := range found {
		heap.Push(&q.line, j)
	}
	return nil
}

// keepFresh writes what was posted and puts it in line.
func (q *Queue) keepFresh() {
	q.mu.Lock()
	batch := q.fresh
	q.fresh = nil
	q.mu.Unlock()
	for _, j := range batch {
		q.keep(j)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range batch {
		heap.Push(&q.line, j)
	}
}

// keep writes a job, also while the queue is being closed. One that cannot be
// kept is sent all the same.
func (q *Queue) keep(j *job) {
	if err := j.slot.Keep(q.ctx, q.cfg.Docs, j.pending); err != nil {
		q.cfg.Logger.Error("mail cannot be kept", "account_id", j.slot.Account, "call_id", j.Call, "error", err)
	}
}

// forget removes a job that is done with.
func (q *Queue) forget(j *job) {
	if err := j.slot.Forget(q.ctx, q.cfg.Docs); err != nil {
		q.cfg.Logger.Error("mail is kept though it is done", "id", j.slot.ID, "error", err)
	}
}
