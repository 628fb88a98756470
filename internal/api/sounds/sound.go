package sounds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/store"
)

// encodersAtOnce is how many sounds are converted at one time; more wait.
const encodersAtOnce = 2

// Encoder makes MP3 of WAV; a *media.Library is one.
type Encoder interface {
	CanMP3() bool
	EncodeMP3(ctx context.Context, wav io.Reader, out io.Writer) error
}

// soundWish is how a sound is asked for.
type soundWish struct {
	kind string // its media type; "" is what the request accepts, or as it is kept
	name string // of the file
}

// kinds are the media types that a sound can be given as, that which it is
// kept as first.
func (s *Sounds) kinds(kept string) []string {
	switch {
	case kept == "":
		return []string{}
	case kept == rest.TypeMP3:
		return []string{rest.TypeMP3, rest.TypeWAV}
	case kept == rest.TypeWAV && s.cfg.MP3 != nil && s.cfg.MP3.CanMP3():
		return []string{kept, rest.TypeMP3}
	default:
		return []string{kept}
	}
}

// errNoSound is a sound that is not there in the form that is asked for.
func errNoSound(kinds []string) *rest.Error {
	return &rest.Error{Status: http.StatusNotAcceptable, Message: "not_acceptable", Data: map[string]any{
		"message": "this server can give the sound only as " + strings.Join(kinds, " or "), "content_types": kinds,
	}}
}

// sound answers with a blob's sound, converted if need be.
func (s *Sounds) sound(r *rest.Request, k store.Key, want soundWish) (rest.Reply, error) {
	blob, info, err := s.cfg.Blobs.Open(r.Context(), k)
	if err != nil {
		return rest.Reply{}, err // a document whose sound is gone is not found either
	}
	out := &file{ReadSeekCloser: blob, kind: rest.Canonical(info.ContentType), modified: info.Modified}
	kinds := s.kinds(out.kind)
	kind := want.kind
	if kind == "" {
		kind = cmp.Or(rest.Choose(r.Wanted(), kinds), r.Accept)
		if kind == rest.TypeJSON { // of a link, which is not about JSON
			kind = out.kind
		}
	}
	if kind != out.kind {
		if out, err = s.converted(r.Context(), out, kind, kinds); err != nil {
			return rest.Reply{}, err
		}
	}
	out.etag = fmt.Sprintf(`"%x-%x-%s"`, info.Modified.UnixNano(), info.Size, strings.TrimPrefix(kind, "audio/"))
	out.name = fileName(cmp.Or(want.name, k.ID), kind)
	return rest.Reply{Take: func(w http.ResponseWriter) { out.serve(w, r) }}, nil
}

// fileName is a name that can be saved under anywhere.
func fileName(name, kind string) string {
	name = strings.Map(func(c rune) rune {
		if c < ' ' || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, name)
	ending := map[string]string{rest.TypeWAV: ".wav", rest.TypeMP3: ".mp3"}[kind]
	return strings.TrimSuffix(name, ending) + ending
}

// file is a sound that is ready to be sent.
type file struct {
	io.ReadSeekCloser
	kind, etag, name string
	modified         time.Time
}

func (f *file) serve(w http.ResponseWriter, r *rest.Request) {
	defer func() { _ = f.Close() }() // it was only read
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "private, no-cache")
	how := "attachment"
	if r.Param("inline") == "true" {
		how = "inline"
	}
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": f.name}))
	http.ServeContent(&patient{w, http.NewResponseController(w)}, r.HTTP, "", f.modified, f)
}

// patient gives a client time for each part of what it takes, not for all of
// it.
type patient struct {
	http.ResponseWriter
	ctl *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	_ = p.ctl.SetWriteDeadline(time.Now().Add(rest.ExchangeLimit)) // no connection, as in tests, has none
	return p.ResponseWriter.Write(b)
}

// converted is a sound as another media type, in a file that goes with its
// closing, so that parts of it can be asked for. It closes what it is made of.
func (s *Sounds) converted(ctx context.Context, from *file, kind string, kinds []string) (*file, error) {
	defer func() { _ = from.Close() }() // it was only read
	convert := map[string]func(context.Context, io.Reader, *os.File) error{
		rest.TypeMP3 + " " + rest.TypeWAV: toWAV, rest.TypeWAV + " " + rest.TypeMP3: s.toMP3,
	}[from.kind+" "+kind]
	if convert == nil {
		return nil, errNoSound(kinds)
	}
	select {
	case s.encoders <- struct{}{}:
		defer func() { <-s.encoders }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f, err := rest.NewScratch("sound")
	if err != nil {
		return nil, err
	}
	out := &file{ReadSeekCloser: f, kind: kind, modified: from.modified}
	if err = convert(ctx, from, f.File); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

func (s *Sounds) toMP3(ctx context.Context, wav io.Reader, out *os.File) error {
	if s.cfg.MP3 == nil || !s.cfg.MP3.CanMP3() {
		return errNoSound([]string{rest.TypeWAV})
	}
	return s.cfg.MP3.EncodeMP3(ctx, wav, out)
}

func toWAV(ctx context.Context, mp3 io.Reader, out *os.File) error {
	sound, channels, err := audio.DecodeMP3(io.NopCloser(mp3))
	if errors.Is(err, audio.ErrUnknownFormat) || errors.Is(err, audio.ErrBroken) {
		return errNoSound([]string{rest.TypeMP3})
	}
	if err != nil {
		return err
	}
	return writeWAV(out, bounded{ctx, sound}, channels)
}

// writeWAV writes a sound as a WAV file, and closes it.
func writeWAV(out io.WriteSeeker, sound audio.Reader, channels int) error {
	if c, ok := sound.(io.Closer); ok {
		defer func() { _ = c.Close() }() // it was only read
	}
	wav, err := audio.NewWAVWriter(out, sound.Rate(), channels)
	if err != nil {
		return err
	}
	samples := make([]int16, 4096)
	for {
		n, err := sound.ReadSamples(samples)
		if more := wav.Write(samples[:n]); more != nil {
			return more
		}
		switch {
		case errors.Is(err, io.EOF):
			return wav.Close()
		case err != nil:
			return err
		}
	}
}

// bounded reads until its context ends.
type bounded struct {
	ctx context.Context //nolint:containedctx // bounds the reading
	audio.Reader
}

func (b bounded) ReadSamples(p []int16) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	return b.Reader.ReadSamples(p)
}

// Close closes what is read, if that can be.
func (b bounded) Close() error {
	if c, ok := b.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
