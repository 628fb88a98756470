package sip

import (
	"sync"
	"testing"
	"testing/synctest"
)

func newThread(t *testing.T) (*thread, *crew) {
	t.Helper()
	c := newCrew()
	return &thread{callID: "x", start: c.start, broken: func(_ *thread, p any) { t.Errorf("panic: %v", p) }}, c
}

// TestThreadKeepsOrder has many work on one thread: never two at once, and
// what one of them does in the order in which it asked.
func TestThreadKeepsOrder(t *testing.T) {
	th, c := newThread(t)
	const workers, each = 8, 500
	var got [workers][]int
	running := false
	one := func(w, i int) func() {
		return func() {
			if running {
				t.Error("two at once")
			}
			running = true
			got[w] = append(got[w], i)
			running = false
		}
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if i%3 == 0 {
					th.do(one(w, i))
				} else {
					th.must(one(w, i))
				}
			}
		})
	}
	wg.Wait()
	th.do(func() {})
	for w := range got {
		for i, v := range got[w] {
			if i != v || len(got[w]) != each {
				t.Fatalf("worker %d: place %d of %d has %d", w, i, len(got[w]), v)
			}
		}
	}
	c.close()
	if err := c.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestThreadIsBounded refuses strangers' messages, never the server's own.
func TestThreadIsBounded(t *testing.T) {
	th, c := newThread(t)
	block := make(chan struct{})
	th.must(func() { <-block })
	taken := 0
	for range 2 * maxQueued {
		if th.push(func() {}) {
			taken++
		}
	}
	if taken < maxQueued-1 || taken > maxQueued {
		t.Errorf("%d were taken", taken)
	}
	ran := false
	th.must(func() { ran = true })
	close(block)
	th.do(func() {})
	if !ran {
		t.Error("the server's own work was lost")
	}
	c.close()
}

// TestThreadAfterTheCrew lets nobody wait for ever when the server is gone.
func TestThreadAfterTheCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, c := newThread(t)
		block, done := make(chan struct{}), make(chan bool, 2)
		go th.do(func() { <-block })
		synctest.Wait()
		go func() { th.do(func() {}); done <- true }()
		synctest.Wait()
		c.close()
		close(block)
		<-done
		th.do(func() { done <- true })
		<-done
	})
}

// TestPanicInThread is told once and does not stop the thread.
func TestPanicInThread(t *testing.T) {
	c := newCrew()
	told := 0
	th := &thread{start: c.start, broken: func(*thread, any) { told++ }}
	th.do(func() { panic("oh") })
	th.must(func() { panic("oh") })
	th.do(func() {})
	if told != 2 {
		t.Errorf("told %d times", told)
	}
	c.close()
}
