// Package rtp is the media engine: it sends and receives the sound of many
// calls with a few goroutines in all, none of them a call's own. It knows
// addresses, payload types and codecs, but no SIP and no SDP.
package rtp

import (
	"errors"
	"log/slog"
	"net/netip"
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
type Engine struct{}

// NewEngine starts the schedulers. On systems other than Linux it fails.
func NewEngine(cfg Config) (*Engine, error) { return nil, errors.ErrUnsupported }

// Close closes what streams are left and waits until every goroutine is gone.
func (e *Engine) Close() {}

// Open binds a stream to ip: RTP on an even port of the range, RTCP on the
// next. It fails with ErrNoPorts when the range is used up and with ErrClosed
// after Close.
func (e *Engine) Open(ip netip.Addr) (*Stream, error) { return nil, ErrNoPorts }

// Active is how many streams are open.
func (e *Engine) Active() int { return 0 }
