package resource

import (
	"context"
	"sync"

	"github.com/pivotvoice/pivot/internal/store"
)

// Locks are of the documents that are being changed: those who change one do
// so one after the other, so that nobody loses to faster ones again and again.
// Other servers on the same database know nothing of them. nil are none.
type Locks struct {
	mu  sync.Mutex
	all map[store.Key]*lock
}

// NewLocks are those of one database.
func NewLocks() *Locks { return &Locks{all: map[store.Key]*lock{}} }

// lock is of one document.
type lock struct {
	turn  chan struct{} // has a token while somebody has it
	users int           // who has it, and who waits for it
}

// take waits for a document's lock.
func (l *Locks) take(ctx context.Context, k store.Key) (release func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	l.mu.Lock()
	one := l.all[k]
	if one == nil {
		one = &lock{turn: make(chan struct{}, 1)}
		l.all[k] = one
	}
	one.users++
	l.mu.Unlock()
	select {
	case one.turn <- struct{}{}:
		return func() { <-one.turn; l.leave(k, one) }, nil
	case <-ctx.Done():
		l.leave(k, one)
		return nil, context.Cause(ctx)
	}
}

// leave forgets a lock that nobody uses any more.
func (l *Locks) leave(k store.Key, one *lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(l.all, k)
	}
}
