package notify

import (
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// Type is the type of the documents of letters that wait.
const Type = "pvt_mail"

const (
	page      = 500             // documents read at one time
	loadAgain = 5 * time.Second // after what is kept could not be read
)

// job is one letter that waits.
type job struct {
	pending
	account string
	id      string
	rev     int64 // of its document, 0 if there is none
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

// load puts in line what was kept by a process before.
func (q *Queue) load() error {
	var all []*job
	after := store.Query{Type: Type, AnyAccount: true, Ascending: true, Limit: page}
	for {
		docs, err := q.cfg.Docs.List(q.ctx, after)
		if err != nil {
			if q.ctx.Err() == nil {
				q.cfg.Logger.Error("mails that wait cannot be read", "error", err)
			}
			return err
		}
		for _, d := range docs {
			j := &job{account: d.Account, id: d.ID, rev: d.Rev}
			if err := json.Unmarshal(d.JSON, &j.pending); err != nil {
				q.cfg.Logger.Error("mail is lost", "id", d.ID, "error", err)
				q.forget(j)
			} else {
				all = append(all, j)
			}
			after.After, after.AfterAccount = d.ID, d.Account
		}
		if len(docs) < page {
			q.resume(all)
			return nil
		}
	}
}

// resume puts in line what was read, but for what this process has posted.
func (q *Queue) resume(all []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range all {
		if !q.own[j.id] {
			q.waiting++
			heap.Push(&q.line, j)
		}
	}
	q.own = nil
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
		if q.own != nil {
			q.own[j.id] = true
		}
		heap.Push(&q.line, j)
	}
}

// keep writes a job, also while the queue is being closed. One that cannot be
// kept is sent all the same.
func (q *Queue) keep(j *job) {
	text, err := json.Marshal(j.pending)
	if err == nil {
		var d store.Doc
		d, err = q.cfg.Docs.Put(context.WithoutCancel(q.ctx), store.Doc{
			Key: store.Key{Account: j.account, Type: Type, ID: j.id}, Rev: j.rev, JSON: text,
		})
		if err == nil {
			j.rev = d.Rev
			return
		}
	}
	q.cfg.Logger.Error("mail cannot be kept", "account_id", j.account, "call_id", j.Call, "error", err)
}

// forget removes a job that is done with.
func (q *Queue) forget(j *job) {
	if j.rev == 0 {
		return
	}
	k := store.Key{Account: j.account, Type: Type, ID: j.id}
	err := q.cfg.Docs.Delete(context.WithoutCancel(q.ctx), k, j.rev, true)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		q.cfg.Logger.Error("mail is kept though it is done", "id", j.id, "error", err)
	}
}
