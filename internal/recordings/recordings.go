// Package recordings keeps what calls record and sends it to customers' web
// servers.
package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// Type is the type of recordings among blobs.
const Type = "recording"

// rate is that of recordings, in Hz: the telephone's.
const rate = 8000

// waits are the pauses before each further try of an upload.
var waits = []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second}

const (
	sendWithin = 30 * time.Second // one try
	encodeIn   = 5 * time.Minute
	atOnce     = 32 // uploads at one time
)

// Sender sends a recording's bytes and returns the status of the answer.
type Sender interface {
	Send(ctx context.Context, method, url, contentType string, size int64, body io.Reader) (int, error)
}

// Encoder makes MP3 of WAV.
type Encoder interface {
	CanMP3() bool
	EncodeMP3(ctx context.Context, wav io.Reader, out io.Writer) error
}

// Recordings is actions.Recordings. Close it at the end.
type Recordings struct {
	blobs  store.Blobs
	sender Sender
	mp3    Encoder
	log    *slog.Logger

	ctx   context.Context //nolint:containedctx // what ends uploads that outlive their call
	stop  context.CancelFunc
	slots chan struct{}
	sends sync.WaitGroup
}

// New returns a place for recordings.
func New(blobs store.Blobs, sender Sender, mp3 Encoder, log *slog.Logger) *Recordings {
	ctx, stop := context.WithCancel(context.Background())
	return &Recordings{
		blobs: blobs, sender: sender, mp3: mp3, log: log,
		ctx: ctx, stop: stop, slots: make(chan struct{}, atOnce),
	}
}

// Close gives up the uploads that are under way and waits for them to end.
func (r *Recordings) Close() {
	r.stop()
	r.sends.Wait()
}

// Create begins a recording: MP3 where that is asked for, or nothing is, and
// it can be made; else WAV.
func (r *Recordings) Create(ctx context.Context, account, id, format string) (actions.Recording, error) {
	k := store.Key{Account: account, Type: Type, ID: id}
	if format != "wav" && r.mp3.CanMP3() {
		return r.encoded(ctx, k)
	}
	w, err := r.blobs.Create(ctx, k, mime("wav"))
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	rec, err := audio.NewRecorder(rate, w)
	if err != nil {
		w.Abort()
		return nil, fmt.Errorf("recordings: %w", err)
	}
	return &plain{Recorder: rec, out: w}, nil
}

// plain is a recording kept as WAV.
type plain struct {
	*audio.Recorder
	out store.BlobWriter
}

// Format is "wav".
func (p *plain) Format() string { return "wav" }

// Close keeps the recording.
func (p *plain) Close() (time.Duration, int64, error) {
	defer p.out.Abort()
	length, err := p.Recorder.Close()
	if err != nil {
		return length, 0, fmt.Errorf("recordings: %w", err)
	}
	size, err := p.out.Seek(0, io.SeekEnd)
	return length, size, errors.Join(err, p.out.Commit())
}

// encoded begins a recording that becomes MP3 once it is over.
func (r *Recordings) encoded(ctx context.Context, k store.Key) (actions.Recording, error) {
	f, err := os.CreateTemp("", "pivot-recording-*.wav")
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	rec, err := audio.NewRecorder(rate, f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recordings: %w", err), discard(f))
	}
	return &compressed{Recorder: rec, r: r, key: k, raw: f, ctx: context.WithoutCancel(ctx)}, nil
}

// compressed is a recording kept as MP3, and as WAV until it is over.
type compressed struct {
	*audio.Recorder
	r   *Recordings
	key store.Key
	raw *os.File
	ctx context.Context //nolint:containedctx // of Create, without its end: Close comes after the call
}

// Format is "mp3".
func (c *compressed) Format() string { return "mp3" }

// Close encodes and keeps the recording.
func (c *compressed) Close() (length time.Duration, size int64, err error) {
	defer func() { err = errors.Join(err, discard(c.raw)) }()
	if length, err = c.Recorder.Close(); err != nil {
		return length, 0, fmt.Errorf("recordings: %w", err)
	}
	if _, err = c.raw.Seek(0, io.SeekStart); err != nil {
		return length, 0, err
	}
	out, err := c.r.blobs.Create(c.ctx, c.key, mime("mp3"))
	if err != nil {
		return length, 0, fmt.Errorf("recordings: %w", err)
	}
	defer out.Abort()
	ctx, cancel := context.WithTimeout(c.ctx, encodeIn)
	defer cancel()
	if err = c.r.mp3.EncodeMP3(ctx, c.raw, out); err != nil {
		return length, 0, fmt.Errorf("recordings: %w", err)
	}
	if size, err = out.Seek(0, io.SeekEnd); err != nil {
		return length, 0, err
	}
	return length, size, out.Commit()
}

func discard(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }

// Upload sends a recording in the background.
func (r *Recordings) Upload(what actions.Upload, tell func(event.Fact)) {
	r.sends.Go(func() {
		select {
		case r.slots <- struct{}{}:
			defer func() { <-r.slots }()
		case <-r.ctx.Done():
			return
		}
		for try := 1; ; try++ {
			f, again := r.send(what, try)
			tell(f)
			if !again || try > len(waits) {
				return
			}
			select {
			case <-time.After(waits[try-1]):
			case <-r.ctx.Done():
				return
			}
		}
	})
}

// send is one try. A server that says no to the request itself is not asked
// again.
func (r *Recordings) send(what actions.Upload, try int) (f event.Uploaded, again bool) {
	f = event.Uploaded{ID: what.ID, URL: what.URL, Try: try}
	ctx, cancel := context.WithTimeout(r.ctx, sendWithin)
	defer cancel()
	body, info, err := r.blobs.Open(ctx, store.Key{Account: what.Account, Type: Type, ID: what.ID})
	if err != nil {
		f.Err = err.Error()
		return f, false
	}
	defer func() { _ = body.Close() }() // it was only read
	f.Status, err = r.sender.Send(ctx, what.Method, what.URL, info.ContentType, info.Size, body)
	if err != nil {
		f.Err = err.Error()
	}
	refused := f.Status >= 400 && f.Status < 500 && f.Status != 408 && f.Status != 429
	return f, err != nil && !refused
}

func mime(format string) string {
	if format == "mp3" {
		return "audio/mpeg"
	}
	return "audio/wav"
}
