package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// RecordingType is the type of the blobs that an Archive keeps; their id is
// the recording's.
const RecordingType = "recording"

// recordingRate is the rate of recordings, in Hz: that of the telephone.
const recordingRate = 8000

// Sender sends content of size bytes to a web server and returns its status,
// with an error if that is not one of success.
type Sender interface {
	Send(ctx context.Context, method, url, contentType string, size int64, content io.Reader) (int, error)
}

// ArchiveConfig is what an Archive is made of.
type ArchiveConfig struct {
	Blobs  store.Blobs
	Sender Sender
	// Encoder is the program that makes MP3: the path of lame, "" if there is
	// none.
	Encoder string
	// Tries are the pauses before each further try to send a recording; nil
	// is 2 s, 15 s, 1 min and 5 min.
	Tries []time.Duration
	// AtOnce is how many recordings are sent at the same time; 0 is 4.
	AtOnce int
}

// Archive is the Recordings of a server: they are kept as blobs, and sent by
// goroutines that Close waits for.
type Archive struct {
	cfg  ArchiveConfig
	slot chan struct{} // holds a token for each recording that is being sent

	ctx   context.Context //nolint:containedctx // ends the work that Close waits for
	stop  context.CancelFunc
	mu    sync.Mutex // guards work against Close
	work  sync.WaitGroup
	ended bool
}

// NewArchive returns an archive; Close it.
func NewArchive(cfg ArchiveConfig) *Archive {
	if cfg.Tries == nil {
		cfg.Tries = []time.Duration{2 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = 4
	}
	a := &Archive{cfg: cfg, slot: make(chan struct{}, cfg.AtOnce)}
	a.ctx, a.stop = context.WithCancel(context.Background())
	return a
}

// Close waits for what is being sent until ctx ends, then gives it up.
func (a *Archive) Close(ctx context.Context) {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	done := make(chan struct{})
	go func() {
		a.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	a.stop()
	<-done
}

// Create implements Recordings.
func (a *Archive) Create(ctx context.Context, account, id, format string) (Recording, error) {
	if a.cfg.Encoder == "" || format == "wav" {
		format = "wav"
	} else {
		format = "mp3"
	}
	// The recording outlives the step and the call: that is its end, not its
	// failure.
	ctx = context.WithoutCancel(ctx)
	blob, err := a.cfg.Blobs.Create(ctx, store.Key{Account: account, Type: RecordingType, ID: id}, contentType(format))
	if err != nil {
		return nil, fmt.Errorf("keep a recording: %w", err)
	}
	t := &tape{format: format, blob: blob}
	var to io.WriteSeeker = blob
	if format == "mp3" {
		if t.encoder, err = startEncoder(ctx, a.cfg.Encoder, blob); err != nil {
			blob.Abort()
			return nil, err
		}
		to = t.encoder
	}
	if t.Recorder, err = audio.NewRecorder(recordingRate, to); err != nil {
		return nil, errors.Join(err, t.abort())
	}
	return t, nil
}

func contentType(format string) string {
	if format == "mp3" {
		return "audio/mpeg"
	}
	return "audio/wav"
}

// tape implements Recording.
type tape struct {
	*audio.Recorder
	format  string
	blob    store.BlobWriter
	encoder *encoder // nil for WAV
}

func (t *tape) Format() string { return t.format }

// abort gives up what has no recorder yet.
func (t *tape) abort() error {
	defer t.blob.Abort()
	if t.encoder != nil {
		return t.encoder.Close()
	}
	return nil
}

func (t *tape) Close() (time.Duration, int64, error) {
	length, err := t.Recorder.Close()
	if t.encoder != nil {
		err = errors.Join(err, t.encoder.Close())
	}
	size, seekErr := t.blob.Seek(0, io.SeekCurrent)
	if err = errors.Join(err, seekErr); err != nil {
		t.blob.Abort()
		return length, 0, err
	}
	return length, size, t.blob.Commit()
}

// Upload implements Recordings.
func (a *Archive) Upload(what Upload, tell func(event.Fact)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		tell(event.Uploaded{ID: what.ID, URL: what.URL, Err: "not sent: the server is stopping"})
		return
	}
	a.work.Go(func() { a.upload(what, tell) })
}

// upload tries until the recording is there, or it makes no sense any more.
func (a *Archive) upload(what Upload, tell func(event.Fact)) {
	for try := 1; ; try++ {
		f := event.Uploaded{ID: what.ID, URL: what.URL, Try: try}
		var err error
		if f.Status, err = a.send(what); err != nil {
			f.Err = err.Error()
		}
		tell(f)
		if err == nil || !again(f.Status) || try > len(a.cfg.Tries) {
			return
		}
		if pause(a.ctx, a.cfg.Tries[try-1]) != nil {
			return
		}
	}
}

// again says whether a status is worth another try: none at all, a server's
// own failure, or one that asks for patience.
func again(status int) bool {
	return status == 0 || status >= 500 || status == 408 || status == 425 || status == 429
}

// send tries once.
func (a *Archive) send(what Upload) (int, error) {
	select {
	case a.slot <- struct{}{}:
		defer func() { <-a.slot }()
	case <-a.ctx.Done():
		return 0, context.Cause(a.ctx)
	}
	blob, info, err := a.cfg.Blobs.Open(a.ctx, store.Key{Account: what.Account, Type: RecordingType, ID: what.ID})
	if err != nil {
		return 0, fmt.Errorf("read the recording: %w", err)
	}
	defer func() { _ = blob.Close() }() // it was only read
	return a.cfg.Sender.Send(a.ctx, what.Method, what.URL, info.ContentType, info.Size, blob)
}

var _ Recordings = (*Archive)(nil)
