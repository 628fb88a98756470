package audio

import (
	"fmt"
	"io"
	"strings"
)

// Named is s under another name.
func Named(s Sound, name string) Sound { return named{s, name} }

type named struct {
	Sound
	name string
}

// String implements Sound.
func (n named) String() string { return n.name }

// Size is that of the sound.
func (n named) Size() int64 { return sizeOf(n.Sound) }

// sizeOf is the memory that a sound keeps, in bytes, as far as it tells.
func sizeOf(s Sound) int64 {
	if s, ok := s.(interface{ Size() int64 }); ok {
		return s.Size()
	}
	return 0
}

// Loop is s n times over, or without end if n is 0.
func Loop(s Sound, n int) Sound {
	if n == 1 {
		return s
	}
	return loop{s, max(n, 0)}
}

type loop struct {
	of Sound
	n  int
}

// String implements Sound.
func (l loop) String() string {
	if l.n == 0 {
		return l.of.String() + ", repeated"
	}
	return fmt.Sprintf("%s, %d times", l.of, l.n)
}

// Size is that of one pass.
func (l loop) Size() int64 { return sizeOf(l.of) }

// Open implements Sound.
func (l loop) Open(c *Codec) Cursor {
	return &loopCursor{of: l.of, codec: c, cur: l.of.Open(c), left: l.n}
}

type loopCursor struct {
	of    Sound
	codec *Codec
	cur   Cursor
	left  int  // passes, this one too; 0 is no end
	heard bool // this pass gave at least one frame
}

// Next implements Cursor. A sound of no frames ends at once, however often it
// is to be repeated.
func (l *loopCursor) Next() ([]byte, error) {
	frame, err := l.cur.Next()
	if err == nil {
		l.heard = true
		return frame, nil
	}
	if !isEnd(err) || l.left == 1 || !l.heard {
		return nil, err
	}
	l.left = max(0, l.left-1)
	l.heard = false
	if r, ok := l.cur.(interface{ rewind() }); ok {
		r.rewind()
	} else {
		l.cur.Close()
		l.cur = l.of.Open(l.codec)
	}
	frame, err = l.cur.Next()
	l.heard = err == nil
	return frame, err
}

// Close implements Cursor.
func (l *loopCursor) Close() { l.cur.Close() }

// Sequence is sounds one after the other. All are got ready when the first
// begins, so that they follow without a gap.
func Sequence(sounds ...Sound) Sound {
	if len(sounds) == 1 {
		return sounds[0]
	}
	return sequence(sounds)
}

type sequence []Sound

// String implements Sound.
func (s sequence) String() string {
	names := make([]string, len(s))
	for i, one := range s {
		names[i] = one.String()
	}
	return strings.Join(names, ", then ")
}

// Size is that of all the sounds.
func (s sequence) Size() (sum int64) {
	for _, one := range s {
		sum += sizeOf(one)
	}
	return sum
}

// Open implements Sound.
func (s sequence) Open(c *Codec) Cursor {
	cursors := make([]Cursor, len(s))
	for i, one := range s {
		cursors[i] = one.Open(c)
	}
	return &sequenceCursor{cursors}
}

type sequenceCursor struct{ left []Cursor }

// Next implements Cursor.
func (s *sequenceCursor) Next() ([]byte, error) {
	for len(s.left) > 0 {
		frame, err := s.left[0].Next()
		if !isEnd(err) {
			return frame, err
		}
		s.left[0].Close()
		s.left = s.left[1:]
	}
	return nil, io.EOF
}

// Close implements Cursor.
func (s *sequenceCursor) Close() {
	for _, c := range s.left {
		c.Close()
	}
	s.left = nil
}
