package audio

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Silence is nothing to be heard for d, rounded up to whole frames; less than
// 0 is without end.
func Silence(d time.Duration) Sound {
	if d < 0 {
		return &silence{name: "silence", frames: -1}
	}
	return &silence{name: fmt.Sprintf("silence for %v", d), frames: int((d + FrameTime - 1) / FrameTime)}
}

// silence needs one frame a codec.
type silence struct {
	name   string
	frames int // -1 is without end
	frame  sync.Map
}

// String implements Sound.
func (s *silence) String() string { return s.name }

// Open implements Sound.
func (s *silence) Open(c *Codec) Cursor {
	frame, ok := s.frame.Load(c)
	if !ok {
		frame = settledSilence(c)
		s.frame.Store(c, frame)
	}
	return &silenceCursor{frame: frame.([]byte), left: s.frames}
}

// settledSilence is a frame of silence that can follow itself: an encoder
// with a memory needs a while to come to rest.
func settledSilence(c *Codec) (frame []byte) {
	const settle = 10 // frames
	enc, pcm := c.NewEncoder(), make([]int16, c.FrameSamples())
	for range settle {
		frame = enc.Encode(frame[:0], pcm)
	}
	return frame
}

type silenceCursor struct {
	frame []byte
	left  int
}

// Next implements Cursor.
func (s *silenceCursor) Next() ([]byte, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	if s.left > 0 {
		s.left--
	}
	return s.frame, nil
}

// Close implements Cursor.
func (s *silenceCursor) Close() {}
