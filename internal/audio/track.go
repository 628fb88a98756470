package audio

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// chunk is a stretch of a list that grows while others read it. One goroutine
// writes, any number read without a lock: what is below ready never changes,
// and next is set once the chunk is full.
type chunk[T byte | int16] struct {
	data  []T
	ready atomic.Int64 // how much of data may be read
	next  atomic.Pointer[chunk[T]]
}

// newChunk is an empty chunk of that size.
func newChunk[T byte | int16](size int) *chunk[T] { return &chunk[T]{data: make([]T, size)} }

// ending is why there is no more of something: io.EOF at its proper end.
type ending struct{ err error }

// trackFrames is how many frames a chunk of a track holds: a second's.
const trackFrames = 50

// track is one sound in one codec, as frames that come into being while
// cursors walk over them.
type track struct {
	codec *Codec
	first *chunk[byte]
	bytes atomic.Int64
	end   atomic.Pointer[ending] // set after the last frame
	grow  func()                 // makes the next frame, or the end; nil if that is made elsewhere
}

// newTrack is a track with nothing in it yet.
func newTrack(c *Codec) *track {
	t := &track{codec: c, first: newChunk[byte](trackFrames * c.FrameBytes)}
	t.bytes.Store(int64(len(t.first.data)))
	return t
}

// fill encodes r into the track until it ends or stop says so, and never
// keeps a processor from the media clocks for long: it steps back after each
// few frames. The end of the last frame is silence. r is at the codec's rate.
func (t *track) fill(r Reader, stop func() error) {
	f := t.filler(r, 8)
	err := stop()
	for err == nil {
		if err = f.more(); err == nil {
			err = stop()
		}
		runtime.Gosched()
	}
	t.end.Store(&ending{err})
}

// filler puts the frames of a reader into a track.
type filler struct {
	track *track
	from  Reader
	enc   Encoder
	pcm   []int16
	last  *chunk[byte]
}

// filler takes so many frames at a time from r, which is at the codec's rate.
func (t *track) filler(r Reader, frames int) *filler {
	return &filler{t, r, t.codec.NewEncoder(), make([]int16, frames*t.codec.FrameSamples()), t.first}
}

// more adds some frames; its error is the end.
func (f *filler) more() error {
	frame := f.track.codec.FrameSamples()
	n, err := readFrames(f.from, f.pcm, frame)
	for at := 0; at < n; at += frame {
		whole := f.pcm[at : at+frame]
		clear(whole[min(frame, n-at):])
		f.last = f.track.add(f.last, f.enc, whole)
	}
	return err
}

// add encodes one frame behind last and returns the chunk it went to.
func (t *track) add(last *chunk[byte], enc Encoder, pcm []int16) *chunk[byte] {
	at := int(last.ready.Load())
	if at == len(last.data) {
		next := newChunk[byte](trackFrames * t.codec.FrameBytes)
		t.bytes.Add(int64(len(next.data)))
		last.next.Store(next)
		last, at = next, 0
	}
	enc.Encode(last.data[at:at:at+t.codec.FrameBytes], pcm)
	last.ready.Store(int64(at + t.codec.FrameBytes))
	return last
}

// readFrames reads whole frames: as many as are there without much waiting,
// at least one, and less only at the end.
func readFrames(r Reader, p []int16, frame int) (n int, err error) {
	for idle := 0; n == 0 || n%frame != 0; {
		m, err := r.ReadSamples(p[n:])
		n += m
		if err != nil {
			return n, err
		}
		if idle++; m > 0 {
			idle = 0
		}
		if idle > maxIdleReads {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// maxIdleReads is how often a reader may answer nothing at all in a row.
const maxIdleReads = 100

// cursor implements Cursor over a track.
type cursor struct {
	track *track
	in    *chunk[byte]
	at    int // in in.data
	ready int // what of in.data was ready when last looked at
	done  func()
}

// open is a cursor at the start; done is called once when it is closed.
func (t *track) open(done func()) *cursor { return &cursor{track: t, in: t.first, done: done} }

// Next implements Cursor. It takes no lock and makes nothing, but for the first
// listener to a frame that is calculated.
func (c *cursor) Next() ([]byte, error) {
	for {
		if c.at < c.ready {
			end := c.at + c.track.codec.FrameBytes
			frame := c.in.data[c.at:end:end]
			c.at = end
			return frame, nil
		}
		if c.advance() {
			continue
		}
		end := c.track.end.Load()
		if end == nil && c.track.grow == nil {
			return nil, ErrNotYet
		}
		if end == nil {
			c.track.grow()
			continue
		}
		if !c.advance() { // what came before the end was seen
			return nil, end.err
		}
	}
}

// advance looks for frames behind what the cursor knows of.
func (c *cursor) advance() bool {
	if ready := int(c.in.ready.Load()); ready > c.ready {
		c.ready = ready
		return true
	}
	if c.at < len(c.in.data) {
		return false
	}
	next := c.in.next.Load()
	if next == nil {
		return false
	}
	c.in, c.at, c.ready = next, 0, int(next.ready.Load())
	return true
}

// rewind takes the cursor back to the start.
func (c *cursor) rewind() { c.in, c.at, c.ready = c.track.first, 0, 0 }

// Close implements Cursor.
func (c *cursor) Close() {
	if c.done != nil {
		c.done()
		c.done = nil
	}
}

// tracks are the tracks of one sound, made when first asked for.
type tracks struct {
	mu   sync.Mutex
	made []*track
}

// of is the track in codec c, and whether it is new and has to be filled.
func (ts *tracks) of(c *Codec) (t *track, fresh bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if i := slices.IndexFunc(ts.made, func(t *track) bool { return t.codec == c }); i >= 0 {
		return ts.made[i], false
	}
	t = newTrack(c)
	ts.made = append(ts.made, t)
	return t, true
}

// bytes is the memory that the frames take.
func (ts *tracks) bytes() (n int64) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.made {
		n += t.bytes.Load()
	}
	return n
}

// isEnd says that err is the proper end of a sound.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
