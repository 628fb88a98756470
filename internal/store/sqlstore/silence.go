package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

var errSilent = errors.New("it does not answer")

// silence is what is known of a server that takes questions and does not
// answer them, as one does that hangs or that a network has cut off. Those who
// ask while it is silent are told so at once: whether it still is is found out
// beside them. Close it.
type silence struct {
	ping func(context.Context) error // asks something

	mu     sync.Mutex
	is     bool
	closed bool
	probe  *time.Timer // until it is asked again
	cancel func()      // ends the asking
	asking sync.WaitGroup
}

// listen gives up a question after the server was silent for so long; 0 is
// never. heard is to be called when something came from it, end once, with
// what came of the question: it returns the error to show.
func (s *silence) listen(ctx context.Context, long time.Duration) (
	_ context.Context, heard func(), end func(error) error, _ error,
) {
	if long <= 0 {
		return ctx, func() {}, func(err error) error { return err }, nil
	}
	if err := s.known(); err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(long, func() { cancel(errSilent) })
	return ctx, func() { timer.Reset(long) }, func(err error) error {
		timer.Stop()
		late := err != nil && errors.Is(context.Cause(ctx), errSilent)
		given := err != nil && ctx.Err() != nil && !late // up, which says nothing of the server
		cancel(nil)
		if !given {
			s.note(late, long) //nolint:contextcheck // asking again outlives the question
		}
		if late {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, errSilent)
		}
		return err
	}, nil
}

// known is an error while nothing should be asked.
func (s *silence) known() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errSilent)
	}
	return nil
}

// note keeps what came of a question.
func (s *silence) note(silent bool, long time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !silent || s.is || s.closed {
		return // one answer to an old question is not the end of silence
	}
	s.is = true
	s.probe = time.AfterFunc(long/5, func() { s.ask(long) })
}

// ask finds out whether the server is still silent, and has it asked again if
// it is.
func (s *silence) ask(long time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.cancel = cancel
	s.asking.Add(1)
	s.mu.Unlock()
	defer s.asking.Done()
	err := s.ping(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is = err != nil && ctx.Err() != nil; s.is && !s.closed {
		s.probe = time.AfterFunc(long/5, func() { s.ask(long) })
	}
}

// close ends the asking and waits for it.
func (s *silence) close() {
	s.mu.Lock()
	s.closed = true
	if s.probe != nil {
		s.probe.Stop()
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.mu.Unlock()
	s.asking.Wait()
}
