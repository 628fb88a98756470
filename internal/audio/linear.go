package audio

import "context"

// Linear reads a sound from its start: a clip, which it waits for until ctx
// ends, as it is kept, and one that is calculated, such as a tone, as a
// telephone would hear it, at 8 kHz. The reader of a sound that waits for
// another one fails with ErrNotYet.
func Linear(ctx context.Context, s Sound) (Reader, error) {
	switch s := s.(type) {
	case named:
		return Linear(ctx, s.Sound)
	case *Clip:
		select {
		case <-s.Done():
			return s.Reader(), nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return &heardReader{from: s.Open(PCMU), decoder: PCMU.NewDecoder()}, nil
}

// heardReader decodes the frames of a cursor.
type heardReader struct {
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
		if err != nil {
			return 0, err
		}
		h.left = h.decoder.Decode(h.left[:0], frame)
	}
	n := copy(p, h.left)
	h.left = h.left[n:]
	return n, nil
}

// Close gives the cursor back.
func (h *heardReader) Close() error {
	h.from.Close()
	return nil
}
