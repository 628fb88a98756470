// Package sounds is media and recordings over the API: uploaded, fetched,
// spoken, converted and sent, and the links that recordings are fetched by.
package sounds

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// Config is what sounds are made of.
type Config struct {
	// In are the documents of a resource that an account has; "" is the whole
	// server.
	In func(res resource.Resource, account string) resource.Collection
	// Account reads an account.
	Account func(ctx context.Context, id string) (resource.Doc, error)
	// Remove deletes a document and what lies beside it, and answers with it.
	Remove func(r *rest.Request, c resource.Collection, d resource.Doc, hard bool) (rest.Reply, error)
	// Own is how users who are no admins are let in to the documents of a
	// resource: to the list, and to one of them.
	Own func(res resource.Resource) (rows, one func(*rest.Request) (bool, error))

	Blobs   store.Blobs          // nil: there are no sounds
	MP3     Encoder              // nil: recordings are given as they were kept, or as WAV
	Speaker Speaker              // of media that are made of a text; nil makes none
	Fetch   Fetcher              // of media that are named by a URL; nil fetches none
	URLs    documents.URLChecker // of what is fetched
	// Decode reads a file of sound, to see whether it can be played; nil is
	// audio.Decode.
	Decode    func(io.Reader) (sound audio.Reader, format string, err error)
	MaxUpload int64         // bytes of one sound file; 0 is 8,000,000
	LinkLife  time.Duration // how long links to recordings hold; 0 is seven days
	// Now is the clock.
	Now func() time.Time
}

// Sounds are media and recordings: their documents, and what is heard.
type Sounds struct {
	cfg               Config
	media, recordings resource.Resource
	encoders          chan struct{} // one for each sound that is being converted or made
}

// New makes the handler of sounds.
func New(cfg Config) *Sounds {
	cfg.MaxUpload = cmp.Or(cfg.MaxUpload, rest.MaxBody)
	cfg.LinkLife = cmp.Or(cfg.LinkLife, linkLife)
	if cfg.Decode == nil {
		cfg.Decode = audio.Decode
	}
	s := &Sounds{cfg: cfg, media: mediaResource(), encoders: make(chan struct{}, encodersAtOnce)}
	s.recordings = recordingsResource(s.kinds)
	return s
}

// Resources are those of an account that have sounds; none where nothing is
// stored.
func (s *Sounds) Resources() []resource.Resource {
	if s.cfg.Blobs == nil {
		return nil
	}
	return []resource.Resource{s.media, s.recordings}
}

// Recordings is the resource of recordings.
func (s *Sounds) Recordings() resource.Resource { return s.recordings }

// Operations are all that is done with sounds, besides what is done with any
// document.
func (s *Sounds) Operations() []rest.Operation {
	return append(s.mediaOperations(), s.recordingOperations()...)
}
