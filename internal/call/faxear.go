package call

import (
	"sync/atomic"

	"github.com/pivotvoice/pivot/internal/audio"
)

// FaxEar is an audio.Sink that waits for a fax machine. WriteFrame may be
// called by one goroutine at a time, as a tap does.
type FaxEar struct {
	detector *audio.FaxDetector // nil once it has found one
	found    chan string
	pending  atomic.Bool
}

// NewFaxEar returns a FaxEar that has heard nothing.
func NewFaxEar() *FaxEar {
	return &FaxEar{detector: audio.NewFaxDetector(), found: make(chan string, 1)}
}

// Rate implements audio.Sink.
func (*FaxEar) Rate() int { return audio.FaxRate }

// Found receives what the machine was known by, audio.FaxCNG or FaxV21, once.
func (e *FaxEar) Found() <-chan string { return e.found }

// Pending says that a calling tone was heard, and that it is worth waiting for
// the next one. It may be asked by any goroutine.
func (e *FaxEar) Pending() bool { return e.pending.Load() }

// WriteFrame implements audio.Sink.
func (e *FaxEar) WriteFrame(frame []int16) error {
	if e.detector == nil {
		return nil
	}
	by := e.detector.Write(frame)
	e.pending.Store(by == "" && e.detector.Pending())
	if by != "" {
		e.detector = nil
		e.found <- by
	}
	return nil
}

var _ audio.Sink = (*FaxEar)(nil)
