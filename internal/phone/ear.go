package phone

import (
	"context"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// loud is the mean sample above which a frame is not silence.
const loud = 100

// ear knows how long nothing was heard and passes sound on.
type ear struct {
	next audio.Sink

	mu    sync.Mutex
	heard time.Time // when something was last heard
	any   bool      // something was heard at all
}

func newEar(next audio.Sink) *ear { return &ear{next: next, heard: time.Now()} }

// Rate is that of the next sink, else that of the telephone.
func (e *ear) Rate() int {
	if e.next == nil {
		return 8000
	}
	return e.next.Rate()
}

// WriteFrame hears one frame.
func (e *ear) WriteFrame(frame []int16) error {
	sum := 0
	for _, s := range frame {
		sum += max(int(s), -int(s))
	}
	if len(frame) > 0 && sum/len(frame) > loud {
		e.mu.Lock()
		e.heard, e.any = time.Now(), true
		e.mu.Unlock()
	}
	if e.next == nil {
		return nil
	}
	return e.next.WriteFrame(frame)
}

// quiet waits until something was heard and then nothing for d.
func (e *ear) quiet(ctx context.Context, d time.Duration) error {
	for {
		e.mu.Lock()
		left, any := d-time.Since(e.heard), e.any
		e.mu.Unlock()
		if !any {
			left = d
		}
		if any && left <= 0 {
			e.mu.Lock()
			e.any = false // the next quiet is after something else was heard
			e.mu.Unlock()
			return nil
		}
		if err := wait(ctx, max(left, time.Millisecond)); err != nil {
			return err
		}
	}
}
