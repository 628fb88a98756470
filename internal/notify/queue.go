// Package notify mails people: it keeps what is to be sent until the mail
// server has it, so that neither a mail server that is away nor the end of
// this process loses it, and tells each try on the timeline of its call.
package notify

import (
	"container/heap"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// Letter is one mail to one person.
type Letter struct {
	ID      string // the same at each try
	To      string // an address
	Subject string
	Text    string
	Written time.Time
}

// Sender sends one letter; an *SMTP is one. An error is tried again unless it
// is a *RefusedError.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// Config is what a Queue is made of.
type Config struct {
	Docs   store.Docs // where what is to be sent is kept: a document for each
	Sender Sender
	Log    event.Log // takes each try for a call, as event.Notified; nil is nowhere
	Logger *slog.Logger
}

// The bounds of a Queue.
const (
	atOnce     = 4      // letters under way
	maxWaiting = 10_000 // and in line
)

// Queue sends letters. It is an actions.Mailer, and safe for use by many
// goroutines. Close it.
type Queue struct {
	cfg  Config
	ctx  context.Context //nolint:containedctx // what ends letters that outlive their call
	stop context.CancelFunc
	wake chan struct{}
	work sync.WaitGroup // the one that keeps and begins them, and one for each under way

	mu      sync.Mutex
	fresh   []*job // posted and not kept yet, in order
	line    queue  // those that wait for their time
	active  int
	waiting int
	closed  bool
}

// New returns a queue and goes on with what was not sent before.
func New(cfg Config) *Queue {
	if cfg.Log == nil {
		cfg.Log = event.Discard
	}
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{cfg: cfg, ctx: ctx, stop: stop, wake: make(chan struct{}, 1)}
	q.work.Go(q.run)
	return q
}

// Post has a mail sent, to each of its addresses by itself. It returns at
// once. What is too much is not sent, which the timeline says.
func (q *Queue) Post(account string, m actions.Mail) {
	for _, to := range m.To {
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails
		now := time.Now()
		key := store.Key{Account: account, Type: Type, ID: hex.EncodeToString(id[:])}
		j := &job{slot: store.Slot{Key: key}, pending: pending{
			Call: m.Call, To: to, Subject: m.Subject, Text: m.Text, Says: m.Says, Posted: now, Next: now,
		}}
		if why := q.take(j); why != "" {
			q.cfg.Logger.Error("mail is lost", "account_id", account, "call_id", m.Call, "says", m.Says, "error", why)
			q.tell(j, event.Notified{Err: why, Over: true})
		}
	}
}

// Mail is Post for a mail that no call is about.
func (q *Queue) Mail(_ context.Context, account, to, subject, text string) {
	q.Post(account, actions.Mail{To: []string{to}, Subject: subject, Text: text, Says: subject})
}

// take puts a job in line to be kept, or says why not.
func (q *Queue) take(j *job) string {
	if err := actions.CheckAddress(j.To); err != nil {
		return err.Error()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return "the server is being stopped"
	case q.waiting >= maxWaiting:
		return "too many mails wait already"
	}
	q.waiting++
	q.fresh = append(q.fresh, j)
	q.nudge()
	return ""
}

// nudge has the line looked at.
func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// tell puts a try on the timeline of its call.
func (q *Queue) tell(j *job, f event.Notified) {
	if j.Call == "" {
		return
	}
	f.To, f.Says, f.Account = j.To, j.Says, j.slot.Account
	q.cfg.Log.Add(event.Event{At: time.Now(), Call: j.Call, What: f})
}

// Close ends what is under way and keeps what is not sent for the next start.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.stop()
	q.work.Wait()
}

// run keeps what is posted, and begins what is due, until the queue is closed.
func (q *Queue) run() {
	for q.load() != nil {
		if !q.rest(loadAgain, nil) {
			return
		}
	}
	for {
		q.keepFresh()
		if !q.rest(q.begin(), q.wake) {
			return
		}
	}
}

// rest waits for d, or until it is woken; once the queue is closed it keeps
// what is left, and is false.
func (q *Queue) rest(d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	case <-q.ctx.Done():
		q.keepFresh()
		return false
	}
	return true
}

// idle is how long the line is not looked at when nothing is in it.
const idle = time.Hour

// begin begins what is due, and says when to look again.
func (q *Queue) begin() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.active < atOnce && len(q.line) > 0 {
		if wait := time.Until(q.line[0].Next); wait > 0 {
			return wait
		}
		j, _ := heap.Pop(&q.line).(*job)
		q.active++
		q.work.Go(func() { q.deliver(j) })
	}
	return idle
}

// deliver sends one letter and sees what is to happen next.
func (q *Queue) deliver(j *job) {
	again, cut := q.try(j)
	switch {
	case cut: // it stays as it was kept
	case again:
		q.keep(j)
	default:
		q.forget(j)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.active--
	if again {
		heap.Push(&q.line, j)
	} else {
		q.waiting--
	}
	q.nudge()
}

// queue is a heap: the first is due first.
type queue []*job

func (l queue) Len() int           { return len(l) }
func (l queue) Less(a, b int) bool { return l[a].Next.Before(l[b].Next) }
func (l queue) Swap(a, b int)      { l[a], l[b] = l[b], l[a] }

// Push implements heap.Interface.
func (l *queue) Push(x any) {
	if j, ok := x.(*job); ok {
		*l = append(*l, j)
	}
}

// Pop implements heap.Interface.
func (l *queue) Pop() any {
	last := len(*l) - 1
	j := (*l)[last]
	*l = (*l)[:last]
	return j
}
