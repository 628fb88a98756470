// Package recordings keeps what calls record, with a document for each, and
// sends it to customers' web servers.
package recordings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// Type is the type of recordings among blobs.
const Type = "recording"

// DocType is the type of their documents, whose ids are those of the blobs.
const DocType = "call_recording"

// waits are the pauses before each further try of an upload.
var waits = []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second, 2 * time.Minute}

const (
	sendWithin = time.Minute // one try
	atOnce     = 32          // uploads at one time
	encoders   = 64          // MP3s that are made at one time, each by a process
)

// Sender sends a recording's bytes and returns the status of the answer.
type Sender interface {
	Send(ctx context.Context, method, url, contentType string, size int64, body io.Reader) (int, error)
}

// Encoder makes MP3 of WAV.
type Encoder interface {
	CanMP3() bool
	// EncodeMP3 reads wav to its end, however long that takes to come; its
	// header does not say how long it will be.
	EncodeMP3(ctx context.Context, wav io.Reader, out io.Writer) error
}

// Config is what recordings are made with.
type Config struct {
	Blobs  store.Blobs
	Docs   store.Docs
	Sender Sender
	MP3    Encoder // nil makes none
	Logger *slog.Logger
	// Base is the URL under which web servers reach the API of this server,
	// "https://pivot.example.com", for the URLs of recordings.
	Base string
	// Link is the path and query of a recording below Base, for those who
	// have no token; nil is the plain path of the API.
	Link func(ctx context.Context, account, id string) (string, error)
	// Dir is where recordings lie until they are over; "" is the system's
	// folder for such files. It is made if it is not there, and is for one
	// server only: what a crash has left there is removed.
	Dir string
}

// Recordings is actions.Recordings. Close it at the end.
type Recordings struct {
	cfg Config

	ctx      context.Context //nolint:containedctx // what ends work that outlives its call
	stop     context.CancelFunc
	uploads  chan struct{}
	encoders chan struct{}
	work     sync.WaitGroup
}

// New returns a place for recordings.
func New(cfg Config) *Recordings {
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	r := &Recordings{
		cfg: cfg, ctx: ctx, stop: stop,
		uploads: make(chan struct{}, atOnce), encoders: make(chan struct{}, encoders),
	}
	r.sweep()
	return r
}

// sweep makes Dir and removes what a crash has left in it.
func (r *Recordings) sweep() {
	if r.cfg.Dir == "" {
		return
	}
	err := os.MkdirAll(r.cfg.Dir, 0o700)
	left, _ := filepath.Glob(filepath.Join(r.cfg.Dir, "pivot-recording-*.wav")) // the pattern is a good one
	for _, file := range left {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		r.cfg.Logger.Error("the folder of recordings is not as it should be", "folder", r.cfg.Dir, "error", err)
	}
}

// Close gives up the work that is under way and waits for it to end.
func (r *Recordings) Close() {
	r.stop()
	r.work.Wait()
}

// After implements actions.Recordings.
func (r *Recordings) After(work func(ctx context.Context)) { r.work.Go(func() { work(r.ctx) }) }

// URL is where web servers get a recording (spec/twiml.md section 2.4).
func (r *Recordings) URL(ctx context.Context, account, id string) string {
	path := "/v2/accounts/" + url.PathEscape(account) + "/recordings/" + url.PathEscape(id)
	if r.cfg.Link != nil {
		link, err := r.cfg.Link(ctx, account, id)
		if err == nil {
			path = link
		} else {
			r.cfg.Logger.Warn("a recording's URL will need a token", "recording", id, "error", err)
		}
	}
	return strings.TrimSuffix(r.cfg.Base, "/") + path
}

// Upload implements actions.Recordings. It waits for its turn.
func (r *Recordings) Upload(ctx context.Context, what actions.Upload, tell func(event.Fact)) error {
	for try := 1; ; try++ {
		again, err := r.try(ctx, what, try, tell)
		if err == nil || !again || try > len(waits) {
			return err
		}
		timer := time.NewTimer(waits[try-1])
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("recordings: given up: %w", context.Cause(ctx))
		}
	}
}

// try sends once, when it is its turn. A server that says no to the request
// itself is not asked again.
func (r *Recordings) try(
	ctx context.Context, what actions.Upload, try int, tell func(event.Fact),
) (again bool, err error) {
	select {
	case r.uploads <- struct{}{}:
		defer func() { <-r.uploads }()
	case <-ctx.Done():
		return false, fmt.Errorf("recordings: not sent: %w", context.Cause(ctx))
	}
	f := event.Uploaded{ID: what.ID, URL: what.URL, Try: try}
	f.Status, again, err = r.send(ctx, what)
	if err != nil {
		f.Err = err.Error()
	}
	tell(f)
	return again, err
}

func (r *Recordings) send(ctx context.Context, what actions.Upload) (status int, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	body, info, err := r.cfg.Blobs.Open(ctx, key(what.Account, what.ID))
	if err != nil {
		return 0, false, fmt.Errorf("recordings: %w", err)
	}
	defer func() { _ = body.Close() }() // it was only read
	status, err = r.cfg.Sender.Send(ctx, what.Method, what.URL, info.ContentType, info.Size, body)
	refused := status >= 400 && status < 500 && status != 408 && status != 429
	return status, !refused, err
}

func key(account, id string) store.Key { return store.Key{Account: account, Type: Type, ID: id} }

func mime(format string) string {
	if format == "mp3" {
		return "audio/mpeg"
	}
	return "audio/wav"
}
