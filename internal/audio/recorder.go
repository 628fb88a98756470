package audio

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// recorderRing is how much sound a recorder holds for a slow disk.
const recorderRing = 4 * time.Second

// SilenceThreshold is the level of Kazoo's recordings below which there is
// silence: the mean distance of 16-bit samples from zero
// (spec/callflow-modules.md section 2.3).
const SilenceThreshold = 200

// Recorder is a Sink that writes a WAV file without ever keeping its writer
// waiting: a goroutine of its own writes what a ring holds. When the disk is
// too slow for the ring, frames are dropped and counted. WriteFrame may be
// called by one goroutine at a time; Close ends the recording.
type Recorder struct {
	rate int
	wav  *WAVWriter
	ring []int16

	head atomic.Int64 // samples put in, by WriteFrame
	tail atomic.Int64 // samples taken out, by the goroutine

	dropped atomic.Int64 // frames
	failed  atomic.Pointer[error]
	closed  atomic.Bool
	wake    chan struct{} // something to write
	over    sync.Once
	stop    chan struct{} // closed by Close
	done    chan struct{} // closed when all is written
	err     error         // of the file, valid once done is closed
}

// NewRecorder begins a recording at rate Hz into w, which it does not close.
func NewRecorder(rate int, w io.WriteSeeker) (*Recorder, error) {
	wav, err := NewWAVWriter(w, rate, 1)
	if err != nil {
		return nil, err
	}
	r := &Recorder{
		rate: rate, wav: wav,
		ring: make([]int16, samplesIn(recorderRing, rate)),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go r.write()
	return r, nil
}

// Rate implements Sink.
func (r *Recorder) Rate() int { return r.rate }

// WriteFrame implements Sink. After the file failed it returns why, after
// Close ErrClosed.
func (r *Recorder) WriteFrame(frame []int16) error {
	if r.closed.Load() {
		return ErrClosed
	}
	if err := r.failed.Load(); err != nil {
		return *err
	}
	head, size := r.head.Load(), int64(len(r.ring))
	held := head + int64(len(frame)) - r.tail.Load()
	if held > size {
		r.dropped.Add(1)
		return nil
	}
	n := copy(r.ring[head%size:], frame)
	copy(r.ring, frame[n:])
	r.head.Store(head + int64(len(frame)))
	if held > size/8 { // seldom: waking a goroutine for every frame costs more than the frame
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// Dropped is the frames that were lost because the disk was too slow.
func (r *Recorder) Dropped() int64 { return r.dropped.Load() }

// Duration is the sound taken so far.
func (r *Recorder) Duration() time.Duration {
	return time.Duration(r.head.Load()) * time.Second / time.Duration(r.rate)
}

// Close writes the rest and the header. It returns the length of the sound in
// the file and the first error of writing it. Closing again returns the same.
func (r *Recorder) Close() (time.Duration, error) {
	r.over.Do(func() {
		r.closed.Store(true)
		close(r.stop)
	})
	<-r.done
	return r.wav.Duration(), r.err
}

// write empties the ring until Close.
func (r *Recorder) write() {
	defer close(r.done)
	for open := true; open; {
		select {
		case <-r.wake:
		case <-r.stop:
			open = false
		}
		r.drain()
	}
	r.err = r.wav.Close()
}

// drain writes what the ring holds.
func (r *Recorder) drain() {
	size := int64(len(r.ring))
	for tail, head := r.tail.Load(), r.head.Load(); tail < head; tail = r.tail.Load() {
		end := min(head-tail+tail%size, size)
		part := r.ring[tail%size : end]
		if err := r.wav.Write(part); err != nil {
			r.failed.CompareAndSwap(nil, &err)
		}
		r.tail.Store(tail + int64(len(part)))
	}
}
