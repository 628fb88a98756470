package audio

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// MaxClip is how long a clip may be when nothing else is said.
const MaxClip = 2 * time.Hour

// What ends a clip before its time.
var (
	ErrTooLong = errors.New("audio: sound is longer than allowed")
	ErrClosed  = errors.New("audio: sound was closed")
)

// clipRate is the rate a clip is kept at, at most: that of the widest codec.
const clipRate = 16000

// Clip is a sound read once, in the background, from a Reader. It is kept as
// linear sound at 16 kHz or the source's lower rate, and encoded when the
// first listener of a codec comes; all others share these frames. Listeners
// may come while it is still being read. A clip that is complete costs its
// memory and nothing else.
type Clip struct {
	name   string
	from   Reader
	cancel sync.Once
	tracks tracks
	users  atomic.Int64
	whole  chan struct{} // closed when from is read
	work   sync.WaitGroup

	first *chunk[int16]
	rate  int

	mu      sync.Mutex
	more    sync.Cond // something was read, or the end, or Close
	samples int64     // read
	chunks  int64     // of linear sound
	end     error     // io.EOF once complete
	closed  bool
}

// NewClip begins to read r, to at most MaxClip, and returns at once. The clip
// closes r, if it is an io.Closer, when it has read it or is closed itself.
func NewClip(name string, r Reader) *Clip { return NewClipLimit(name, r, MaxClip) }

// NewClipLimit is NewClip with another limit. A longer sound plays that long
// and then breaks with ErrTooLong.
func NewClipLimit(name string, r Reader, limit time.Duration) *Clip {
	// A rate that cannot be is found out when the source is to be resampled.
	c := &Clip{name: name, from: r, whole: make(chan struct{}), rate: min(max(r.Rate(), MinRate), clipRate)}
	c.more.L = &c.mu
	c.first = newChunk[int16](c.rate)
	c.chunks = 1
	c.work.Go(func() { c.read(int64(limit.Seconds() * float64(c.rate))) })
	return c
}

// String is the name given.
func (c *Clip) String() string { return c.name }

// Open implements Sound.
func (c *Clip) Open(codec *Codec) Cursor {
	t, fresh := c.tracks.of(codec)
	if fresh {
		c.encode(t)
	}
	c.users.Add(1)
	return t.open(func() { c.users.Add(-1) })
}

// encode fills a new track, in the background.
func (c *Clip) encode(t *track) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		t.end.Store(&ending{ErrClosed})
		return
	}
	c.work.Go(func() {
		r, err := Resampled(c.Reader(), t.codec.SampleRate)
		if err != nil {
			t.end.Store(&ending{err})
			return
		}
		t.fill(r, c.stopped)
	})
}

// stopped is ErrClosed once the clip is closed.
func (c *Clip) stopped() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return nil
}

// InUse says whether any cursor is open.
func (c *Clip) InUse() bool { return c.users.Load() > 0 }

// Done is closed when the clip was read to its end, or as far as it goes.
func (c *Clip) Done() <-chan struct{} { return c.whole }

// Duration is how long the clip is, and whether that is the whole of it or
// only what was read so far.
func (c *Clip) Duration() (d time.Duration, complete bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.samples) * time.Second / time.Duration(c.rate), isEnd(c.end)
}

// Err is why the clip is broken; nil if it is whole, or may still be.
func (c *Clip) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if isEnd(c.end) {
		return nil
	}
	return c.end
}

// Size is the memory that the clip takes, in bytes.
func (c *Clip) Size() int64 {
	c.mu.Lock()
	linear := c.chunks * int64(c.rate) * 2
	c.mu.Unlock()
	return linear + c.tracks.bytes()
}

// Close stops what still reads and encodes and waits for it, so a Reader that
// is no io.Closer has to come back by itself. Frames that are there stay;
// behind them the clip is broken with ErrClosed.
func (c *Clip) Close() {
	c.mu.Lock()
	c.closed = true
	c.more.Broadcast()
	c.mu.Unlock()
	c.closeSource()
	c.work.Wait()
}

// closeSource closes the source, once. What Close of a source says after all
// of it was read, or while nobody wants it any more, is of no interest.
func (c *Clip) closeSource() { c.cancel.Do(func() { _ = closeReader(c.from) }) }

// read takes the source into memory, up to limit samples.
func (c *Clip) read(limit int64) {
	defer close(c.whole)
	defer c.closeSource()
	from, err := Resampled(c.from, c.rate)
	last := c.first
	for idle := 0; err == nil; {
		var n int
		last, n, err = c.readSome(from, last)
		if c.samplesRead() > limit {
			err = ErrTooLong
		}
		if idle++; n > 0 {
			idle = 0
		}
		if idle > maxIdleReads && err == nil {
			err = io.ErrNoProgress
		}
		runtime.Gosched()
	}
	c.finish(err)
}

// finish says why there is no more.
func (c *Clip) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && !isEnd(err) {
		err = ErrClosed
	}
	c.end = err
	c.more.Broadcast()
}

func (c *Clip) samplesRead() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.samples
}

// readSome reads once, into last or a new chunk behind it.
func (c *Clip) readSome(from Reader, last *chunk[int16]) (*chunk[int16], int, error) {
	const atOnce = 1024 // samples, so that the first are heard soon
	at, grown := int(last.ready.Load()), int64(0)
	if at == len(last.data) {
		next := newChunk[int16](c.rate)
		last.next.Store(next)
		last, at, grown = next, 0, 1
	}
	n, err := from.ReadSamples(last.data[at:min(at+atOnce, len(last.data))])
	last.ready.Store(int64(at + n))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.samples += int64(n)
	c.chunks += grown
	if c.closed && err == nil {
		err = ErrClosed
	}
	c.more.Broadcast()
	return last, n, err
}

// Reader reads the clip's linear sound from its start, and waits for what is
// not there yet.
func (c *Clip) Reader() Reader { return &clipReader{clip: c, in: c.first} }

// clipReader reads a clip's linear sound for an encoder, and waits for it.
type clipReader struct {
	clip *Clip
	in   *chunk[int16]
	at   int
	seen int64
}

// Rate implements Reader.
func (r *clipReader) Rate() int { return r.clip.rate }

// ReadSamples implements Reader.
func (r *clipReader) ReadSamples(p []int16) (int, error) {
	for {
		if n := copy(p, r.in.data[r.at:r.in.ready.Load()]); n > 0 {
			r.at += n
			r.seen += int64(n)
			return n, nil
		}
		if next := r.in.next.Load(); next != nil && r.at == len(r.in.data) {
			r.in, r.at = next, 0
			continue
		}
		if err := r.wait(); err != nil {
			return 0, err
		}
	}
}

// wait returns nil when there is more to read.
func (r *clipReader) wait() error {
	c := r.clip
	c.mu.Lock()
	defer c.mu.Unlock()
	for r.seen >= c.samples && c.end == nil && !c.closed {
		c.more.Wait()
	}
	switch {
	case r.seen < c.samples:
		return nil
	case c.end != nil:
		return c.end
	}
	return ErrClosed
}
