package recordings

import (
	"errors"
	"sync"

	"github.com/pivotvoice/pivot/internal/audio"
)

// rate is that of recordings, in Hz: the telephone's.
const rate = 8000

// How much sound a tape holds, in samples of a channel: when it wakes its
// writer, how far two channels may drift apart before the slower one is taken
// to be silent, and how much a slow disk may be behind.
const (
	wakeAt   = rate / 2
	driftMax = rate
	behind   = 10 * rate
)

// errClosed is a write to a tape that is over.
var errClosed = errors.New("recordings: the recording is over")

// writer takes the samples of a tape, of all channels in turn.
type writer interface {
	Write(samples []int16) error
}

// tape takes sound from the media clock without ever keeping it waiting, and
// passes it on in a goroutine of its own until close.
type tape struct {
	mu      sync.Mutex
	waiting [][]int16 // by channel
	failed  error
	closed  bool
	dropped int

	wake chan struct{}
	done chan struct{}
	to   writer
	took [][]int16 // of the goroutine
	both []int16
}

// newTape begins a tape of one or two channels.
func newTape(channels int, to writer) *tape {
	t := &tape{
		waiting: make([][]int16, channels), took: make([][]int16, channels), to: to,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go t.run()
	return t
}

// channel is the sink of one channel.
func (t *tape) channel(n int) audio.Sink { return channel{t, min(n, len(t.waiting)-1)} }

type channel struct {
	t *tape
	n int
}

// Rate implements audio.Sink.
func (channel) Rate() int { return rate }

// WriteFrame implements audio.Sink.
func (c channel) WriteFrame(frame []int16) error {
	t := c.t
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return errClosed
	case t.failed != nil:
		return t.failed
	case len(t.waiting[c.n]) >= behind:
		t.dropped++
		return nil
	}
	t.waiting[c.n] = append(t.waiting[c.n], frame...)
	if len(t.waiting[c.n]) >= wakeAt {
		t.rouse()
	}
	return nil
}

func (t *tape) rouse() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// close writes what is left and returns the first error. The tape takes no
// more.
func (t *tape) close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.rouse()
	<-t.done
	return t.failed
}

func (t *tape) run() {
	defer close(t.done)
	for last := false; !last; {
		<-t.wake
		last = t.take()
		samples := t.interleave(last)
		if len(samples) == 0 {
			continue
		}
		if err := t.to.Write(samples); err != nil {
			t.mu.Lock()
			t.failed = err
			t.mu.Unlock()
		}
	}
}

// take moves what waits to what was taken, and says whether that is all.
func (t *tape) take() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := range t.waiting {
		t.took[n] = append(t.took[n], t.waiting[n]...)
		t.waiting[n] = t.waiting[n][:0]
	}
	return t.closed
}

// interleave is what was taken of all channels, as far as it goes. At the
// last, and where a channel stays away, silence is put in its place.
func (t *tape) interleave(last bool) []int16 {
	least, most := len(t.took[0]), 0
	for _, c := range t.took {
		least, most = min(least, len(c)), max(most, len(c))
	}
	if last || most-least > driftMax {
		least = most
	}
	t.both = t.both[:0]
	for i := range least {
		for _, c := range t.took {
			if i < len(c) {
				t.both = append(t.both, c[i])
			} else {
				t.both = append(t.both, 0)
			}
		}
	}
	for n, c := range t.took {
		t.took[n] = append(c[:0], c[min(least, len(c)):]...)
	}
	return t.both
}
