package rtp

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

const (
	slots    = 4
	stepTime = audio.FrameTime / slots
	// catchUp is how many frames a stream sends at once after starvation;
	// what else it has missed is left out.
	catchUp = 3
	// perStream is about what a stream costs in its slot, and so what it
	// delays the ones behind it.
	perStream = 10 * time.Microsecond
)

// scheduler is one goroutine's clock. It walks through the slots, 5 ms each,
// at absolute times, and at its slot each stream sends and receives.
type scheduler struct {
	base  time.Time // of step 0
	inbox *inbox
	wake  chan struct{}
	done  chan struct{}
	n     atomic.Int64

	mu    sync.Mutex
	slots [slots][]*Stream
	hot   []*Stream // with a key down: looked at in every slot
}

func newScheduler() *scheduler {
	return &scheduler{
		base: time.Now(), inbox: newInbox(),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

func (c *scheduler) stop() { close(c.done) }

// load is how many streams it serves.
func (c *scheduler) load() int { return int(c.n.Load()) }

// step is the number of 5 ms steps since the beginning; at is when one begins.
func (c *scheduler) step(now time.Time) int64 { return int64(now.Sub(c.base) / stepTime) }

func (c *scheduler) at(step int64) time.Time     { return c.base.Add(time.Duration(step) * stepTime) }
func (c *scheduler) until(t int64) time.Duration { return time.Until(c.at(t)) }

// run is the clock. Without streams it stands still and costs nothing.
func (c *scheduler) run() {
	var visit []*Stream
	next := int64(0)
	for {
		if c.load() == 0 {
			select {
			case <-c.wake:
			case <-c.done:
				return
			}
			next = c.step(time.Now()) + 1
		}
		select {
		case <-c.done:
			return
		default:
		}
		//nolint:forbidigo // the media clock itself: sleeping to an absolute time was measured to be the cheapest
		time.Sleep(c.until(next))
		now := max(c.step(time.Now()), next)
		// After starvation no slot is visited twice: each stream finds out by
		// itself how much it has missed.
		for step := max(next, now-slots+1); step <= now; step++ {
			visit = c.visit(step, visit)
		}
		next = now + 1
	}
}

// visit serves one slot. The list is copied, so that opening and closing never
// wait for it.
func (c *scheduler) visit(step int64, scratch []*Stream) []*Stream {
	c.mu.Lock()
	scratch = append(scratch[:0], c.slots[step%slots]...)
	regular := len(scratch)
	scratch = append(scratch, c.hot...)
	c.mu.Unlock()
	for i, s := range scratch {
		if i < regular {
			s.tick(step, c.inbox)
		} else {
			s.peek(step, c.inbox)
		}
	}
	clear(scratch)
	return scratch
}

// place chooses a step for a stream to be served at next, about the time
// wanted: near it, in a slot with little to do.
func (c *scheduler) place(s *Stream, want time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(s)
	var best int64
	lowest := time.Duration(1<<63 - 1)
	first := c.step(want.Add(-stepTime)) + 1
	for step := first; c.at(step).Before(want.Add(stepTime)) || step == first; step++ {
		cost := c.at(step).Sub(want).Abs() + time.Duration(len(c.slots[step%slots]))*perStream
		if cost < lowest {
			best, lowest = step, cost
		}
	}
	s.slot, s.index = int(best%slots), len(c.slots[best%slots])
	c.slots[s.slot] = append(c.slots[s.slot], s)
	if c.n.Add(1) == 1 {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return best
}

// hurry has a stream looked at in every slot, so that the end of a key is
// heard within 5 ms of its coming and not 20.
func (c *scheduler) hurry(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.hurried {
		s.hurried = true
		c.hot = append(c.hot, s)
	}
}

// calm ends that.
func (c *scheduler) calm(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cool(s)
}

func (c *scheduler) cool(s *Stream) {
	if s.hurried {
		s.hurried = false
		c.hot = slices.DeleteFunc(c.hot, func(x *Stream) bool { return x == s })
	}
}

// remove takes a stream out for good.
func (c *scheduler) remove(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cool(s)
	c.drop(s)
}

func (c *scheduler) drop(s *Stream) {
	if s.slot < 0 {
		return
	}
	list := c.slots[s.slot]
	last := len(list) - 1
	list[s.index] = list[last]
	list[s.index].index = s.index
	list[last] = nil
	c.slots[s.slot] = list[:last]
	s.slot = -1
	c.n.Add(-1)
}
