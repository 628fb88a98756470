package sip

import (
	"context"
	"sync"
	"time"
)

// crew is the goroutines of one server. After close none is started, and wait
// returns when the last has gone. It is a WaitGroup that may still be asked to
// start while it is being waited for.
type crew struct {
	mu     sync.Mutex
	n      int
	closed bool
	quit   chan struct{} // closed by close
	idle   chan struct{} // closed when closed and empty
}

func newCrew() *crew { return &crew{quit: make(chan struct{}), idle: make(chan struct{})} }

// start runs f in a goroutine, or reports that the crew is closed.
func (c *crew) start(f func()) bool {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return false
	}
	c.n++
	c.mu.Unlock()
	go func() {
		defer c.done()
		f()
	}()
	return true
}

func (c *crew) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n--
	if c.closed && c.n == 0 {
		close(c.idle)
	}
}

// rest waits for d and reports whether the crew still works.
func (c *crew) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.quit:
		return false
	}
}

func (c *crew) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	close(c.quit)
	if c.n == 0 {
		close(c.idle)
	}
}

// wait returns once every goroutine has ended, or ctx has.
func (c *crew) wait(ctx context.Context) error {
	select {
	case <-c.idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
