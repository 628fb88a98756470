package sip

import (
	"slices"
	"sync"
	"sync/atomic"
)

// maxQueued is how many messages may wait for one call. A peer that sends
// more at once loses them, and repeats them if it means them.
const maxQueued = 64

// thread is everything that carries one Call-ID: it has its messages, timers
// and commands handled one after another, in the order in which they came,
// and knows the legs they belong to. While nothing happens it has no
// goroutine.
type thread struct {
	callID string
	start  func(func()) bool          // runs a function in a goroutine of the server's
	broken func(t *thread, panic any) // is told when a handler panics

	acks atomic.Int32 // that came

	mu   sync.Mutex
	work []func()
	busy bool
	legs []*leg
}

// push has f run after all that came before, in another goroutine. It reports
// false when too much is waiting already.
func (t *thread) push(f func()) bool { return t.enqueue(f, maxQueued) }

// must is push for what the server itself has to do: it is never refused.
func (t *thread) must(f func()) { t.enqueue(f, int(^uint(0)>>1)) }

func (t *thread) enqueue(f func(), limit int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.work) >= limit {
		return false
	}
	t.work = append(t.work, f)
	if !t.busy {
		t.busy = t.start(t.drain)
	}
	return true
}

// do runs f in its turn and returns when it is done: at once, in the caller's
// goroutine, if nothing else is going on. It must not be called by what the
// thread itself runs.
func (t *thread) do(f func()) {
	t.mu.Lock()
	if t.busy {
		done := make(chan struct{})
		t.work = append(t.work, func() { defer close(done); f() })
		t.mu.Unlock()
		<-done
		return
	}
	t.busy = true
	t.mu.Unlock()
	t.run(f)
	t.mu.Lock()
	t.busy = len(t.work) > 0
	more := t.busy
	t.mu.Unlock()
	if more && !t.start(t.drain) {
		t.drain() // the server is closing: whoever waits must not wait for ever
	}
}

func (t *thread) drain() {
	for {
		t.mu.Lock()
		if len(t.work) == 0 {
			t.busy, t.work = false, nil
			t.mu.Unlock()
			return
		}
		f := t.work[0]
		t.work[0] = nil
		t.work = t.work[1:]
		t.mu.Unlock()
		t.run(f)
	}
}

// run keeps a panic to the call that caused it.
func (t *thread) run(f func()) {
	defer func() {
		if p := recover(); p != nil {
			t.broken(t, p)
		}
	}()
	f()
}

func (t *thread) join(l *leg) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.legs = append(t.legs, l)
}

// leave takes l out and reports whether it was the last.
func (t *thread) leave(l *leg) (empty bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.legs = slices.DeleteFunc(t.legs, func(x *leg) bool { return x == l })
	return len(t.legs) == 0
}

func (t *thread) members() []*leg {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.legs)
}

// find returns the leg whose own tag it is.
func (t *thread) find(tag string) (*leg, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.legs {
		if l.tag == tag {
			return l, true
		}
	}
	return nil, false
}
