package audio

import (
	"context"
	"errors"
	"time"
)

// Linear reads a sound from its start, as what a clip has kept, or else as a
// telephone would hear it: at 8 kHz. It waits for what is not there yet; what
// is not a clip it waits for until ctx ends.
func Linear(ctx context.Context, s Sound) Reader {
	if c, ok := s.(*Clip); ok {
		return c.Reader()
	}
	return &heardReader{ctx: ctx, from: s.Open(PCMU), decoder: PCMU.NewDecoder()}
}

// heardReader decodes the frames of a cursor.
type heardReader struct {
	ctx     context.Context //nolint:containedctx // bounds the waiting
	from    Cursor
	decoder Decoder
	left    []int16
}

// Rate implements Reader.
func (*heardReader) Rate() int { return PCMU.SampleRate }

// ReadSamples implements Reader.
func (h *heardReader) ReadSamples(p []int16) (int, error) {
	for len(h.left) == 0 {
		frame, err := h.from.Next()
		switch {
		case errors.Is(err, ErrNotYet):
			if err := h.wait(); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, err
		default:
			h.left = h.decoder.Decode(h.left[:0], frame)
		}
	}
	n := copy(p, h.left)
	h.left = h.left[n:]
	return n, nil
}

// wait lets some of the sound be made.
func (h *heardReader) wait() error {
	const some = 5 * time.Millisecond
	select {
	case <-time.After(some):
		return nil
	case <-h.ctx.Done():
		return context.Cause(h.ctx)
	}
}

// Close gives the cursor back.
func (h *heardReader) Close() error {
	h.from.Close()
	return nil
}
