// Package rtp is the media engine: it sends and receives the sound of many
// calls with a few goroutines in all, none of them a call's own. It knows
// addresses, payload types and codecs, but no SIP and no SDP.
package rtp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"

	"github.com/pivotvoice/pivot/internal/audio"
)

// ErrNoPorts says that every port of the range is taken.
var ErrNoPorts = errors.New("rtp: no free port in the range")

// ErrClosed says that the stream or the engine was closed.
var ErrClosed = errors.New("rtp: closed")

// ErrStalled says that a sound had no frame to give for too long.
var ErrStalled = errors.New("rtp: sound stalled")

// ErrNotConfigured says that the stream does not know yet where and in which
// codec to send.
var ErrNotConfigured = errors.New("rtp: stream not configured")

// Config sets up an Engine. The zero value is fine.
type Config struct {
	// PortMin and PortMax bound the UDP ports used, both included. 0 and 0
	// are 16384 and 32767.
	PortMin, PortMax int
	// Schedulers is how many goroutines send and receive; 0 is one a core,
	// and there are never more than GOMAXPROCS.
	Schedulers int
	// Logger hears of trouble that no call hears of; nil is silent.
	Logger *slog.Logger
}

// Engine owns the ports, the clock and the goroutines of all streams.
type Engine struct {
	log        *slog.Logger
	schedulers []*scheduler
	running    sync.WaitGroup
	silence    audio.Sound // between sounds

	mu      sync.Mutex
	closed  bool
	ports   *ports
	streams map[*Stream]struct{}
}

// NewEngine starts the schedulers. On systems other than Linux it fails with
// errors.ErrUnsupported.
func NewEngine(cfg Config) (*Engine, error) {
	if !supported {
		return nil, fmt.Errorf("rtp: the media engine needs Linux: %w", errors.ErrUnsupported)
	}
	p, err := newPorts(cfg.PortMin, cfg.PortMax)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		log: cfg.Logger, ports: p, silence: audio.Silence(-1),
		streams: map[*Stream]struct{}{},
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	n := runtime.GOMAXPROCS(0)
	if cfg.Schedulers > 0 {
		n = min(n, cfg.Schedulers)
	}
	for range n {
		c := newScheduler()
		e.schedulers = append(e.schedulers, c)
		e.running.Go(c.run)
	}
	return e, nil
}

// Close closes what streams are left and waits until every goroutine is gone.
// Closing again only waits.
func (e *Engine) Close() {
	e.mu.Lock()
	first := !e.closed
	e.closed = true
	left := make([]*Stream, 0, len(e.streams))
	for s := range e.streams {
		left = append(left, s)
	}
	e.mu.Unlock()
	for _, s := range left {
		s.Close()
	}
	for _, c := range e.schedulers {
		if first {
			c.stop()
		}
	}
	e.running.Wait()
}

// Open binds a stream to ip: RTP on an even port of the range, RTCP on the
// next. It fails with ErrNoPorts when the range is used up and with ErrClosed
// after Close.
func (e *Engine) Open(ip netip.Addr) (*Stream, error) {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() {
		return nil, errors.New("rtp: no address to open")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	media, control, err := e.ports.open(ip)
	if err != nil {
		return nil, err
	}
	s := newStream(e, media, control)
	e.streams[s] = struct{}{}
	return s, nil
}

// Active is how many streams are open.
func (e *Engine) Active() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.streams)
}

// release takes back a closed stream's ports.
func (e *Engine) release(s *Stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, s)
	e.ports.release(s.media.local)
}

// packed is how many streams one scheduler gets before the next is woken: a
// clock that ticks for few calls costs as much as one that ticks for many.
const packed = 64

// scheduler picks who is to serve the next stream.
func (e *Engine) scheduler() *scheduler {
	best := e.schedulers[0]
	for _, c := range e.schedulers {
		n := c.load()
		if n < packed {
			return c
		}
		if n < best.load() {
			best = c
		}
	}
	return best
}
