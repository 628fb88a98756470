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
// ask while it is silent are told so at once; one at a time finds out whether
// it still is.
type silence struct {
	mu    sync.Mutex
	is    bool
	again time.Time // when somebody may try
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
	if !s.mayAsk(long) {
		return nil, nil, nil, fmt.Errorf("%w: %w", store.ErrUnavailable, errSilent)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(long, func() { cancel(errSilent) })
	return ctx, func() { timer.Reset(long) }, func(err error) error {
		timer.Stop()
		late := err != nil && errors.Is(context.Cause(ctx), errSilent)
		given := err != nil && ctx.Err() != nil && !late // up, which says nothing of the server
		cancel(nil)
		if !given {
			s.note(late, long)
		}
		if late {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, errSilent)
		}
		return err
	}, nil
}

// known is an error while nothing should be asked, and nobody need find out.
func (s *silence) known() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is && time.Now().Before(s.again) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errSilent)
	}
	return nil
}

// mayAsk says whether a question can be asked now.
func (s *silence) mayAsk(long time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.is && now.Before(s.again) {
		return false
	}
	s.again = now.Add(long + time.Second) // if it is silent, the next one then
	return true
}

// note keeps what came of a question.
func (s *silence) note(silent bool, long time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is = silent; silent {
		s.again = time.Now().Add(long / 5)
	}
}
