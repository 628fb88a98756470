package sounds

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Fetcher gets what a URL names, with its addresses guarded; see media.Fetcher.
// A *webhook.Client is one.
type Fetcher interface {
	Get(ctx context.Context, url string, header http.Header) (*http.Response, error)
}

// fetchTime is how long a sound may take to be fetched.
const fetchTime = time.Minute

// putSound keeps what a request carries, or names by a URL, as the sound of a
// document.
func (s *Sounds) putSound(r *rest.Request) (rest.Reply, error) {
	c := s.mediaOf(r)
	d, err := c.Get(r.Context(), r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	if r.Stale(d.Revision) {
		return rest.Reply{}, resource.ErrMismatch
	}
	file, err := r.Upload(s.cfg.MaxUpload)
	if err != nil {
		return rest.Reply{}, err
	}
	kind, size, err := s.keepFile(r, s.mediaKey(r, d.ID), bufio.NewReader(file))
	if err != nil {
		return rest.Reply{}, err
	}
	d, err = c.Update(r.Context(), d.ID, func(draft *resource.Draft) {
		draft.Private[pvtKind], draft.Private[pvtSize] = kind, size
		delete(draft.Private, pvtSpoken)
		delete(draft.Private, pvtNotes)
		if draft.Doc["media_source"] == "tts" { // it is no more what the text says
			draft.Doc["media_source"] = "upload"
		}
	})
	return rest.Shown(r, c, d, s.unlessGone(r, r.Var("id"), err))
}

// unlessGone is err of a change of the document that a sound was just kept for.
// One that was deleted meanwhile leaves nothing to the next of its id.
func (s *Sounds) unlessGone(r *rest.Request, id string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	gone := s.cfg.Blobs.Delete(context.WithoutCancel(r.Context()), s.mediaKey(r, id))
	if gone != nil && !errors.Is(gone, store.ErrNotFound) {
		return gone
	}
	return err
}

// keepFile keeps a file, or what its JSON names, under a key.
func (s *Sounds) keepFile(r *rest.Request, k store.Key, body *bufio.Reader) (kind string, size int64, err error) {
	start, err := body.Peek(1)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return "", 0, notSound(err)
	case len(start) == 0:
		return "", 0, schema.Faults{schema.Required("file")}
	case start[0] == '{':
		return s.fetchSound(r, k, body)
	}
	return s.keepSound(r.Context(), k, body)
}

// fetchSound keeps the sound that {"data": {"url": …}} names.
func (s *Sounds) fetchSound(r *rest.Request, k store.Key, body io.Reader) (kind string, size int64, err error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return "", 0, notSound(err)
	}
	if err = r.ReadEnvelope(rest.TypeJSON, raw); err != nil {
		return "", 0, err
	}
	where, _ := r.Data()["url"].(string)
	bad := func(why error) error {
		return schema.Invalid("url", "invalid", "The sound cannot be fetched: "+why.Error(), map[string]any{"value": where})
	}
	switch {
	case where == "":
		return "", 0, schema.Faults{schema.Required("url")}
	case s.cfg.Fetch == nil:
		return "", 0, bad(errors.New("nothing is fetched here"))
	}
	if err := s.cfg.URLs(where); err != nil {
		return "", 0, bad(err)
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), fetchTime, fmt.Errorf("it took longer than %v", fetchTime))
	defer cancel()
	got, err := s.cfg.Fetch.Get(ctx, where, http.Header{"Accept": {"audio/wav, audio/mpeg, audio/*;q=0.9, */*;q=0.1"}})
	if err != nil {
		return "", 0, bad(err)
	}
	defer func() { _ = got.Body.Close() }()
	if got.StatusCode != http.StatusOK {
		return "", 0, bad(fmt.Errorf("the server answered %s", got.Status))
	}
	kind, size, err = s.keepSound(ctx, k, http.MaxBytesReader(nil, got.Body, s.cfg.MaxUpload))
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return "", 0, bad(cause)
	}
	return kind, size, err
}

// keepSound keeps a file as a blob, once its beginning was decoded: what it is
// called is not asked, clients get it wrong. It is spooled first, as whoever
// decodes it may read ahead of us.
func (s *Sounds) keepSound(ctx context.Context, k store.Key, file io.Reader) (kind string, size int64, err error) {
	f, err := rest.NewScratch("upload")
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err = io.Copy(f, file); err != nil {
		return "", 0, notSound(err)
	}
	start := make([]byte, len("RIFF....WAVE"))
	n, _ := f.ReadAt(start, 0) // of a shorter file there is less
	kind = rest.TypeMP3
	if bytes.HasSuffix(start[:n], []byte("WAVE")) {
		kind = rest.TypeWAV
	}
	if err = s.playable(f); err != nil {
		return "", 0, notSound(err)
	}
	size, err = s.keepBlob(ctx, k, kind, f)
	return kind, size, err
}

// keepBlob keeps a file, from its start, under a key.
func (s *Sounds) keepBlob(ctx context.Context, k store.Key, kind string, f rest.Scratch) (size int64, err error) {
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	out, err := s.cfg.Blobs.Create(ctx, k, kind)
	if err != nil {
		return 0, err
	}
	defer out.Abort()
	if size, err = io.Copy(out, f); err != nil {
		return 0, err
	}
	return size, out.Commit()
}

// playable decodes the beginning of a file.
func (s *Sounds) playable(f rest.Scratch) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sound, _, err := s.cfg.Decode(io.NopCloser(f))
	if err != nil {
		return err
	}
	n, err := sound.ReadSamples(make([]int16, 160))
	if c, ok := sound.(io.Closer); ok {
		_ = c.Close() // enough was read
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n > 0 {
		return nil // if that is all, it is a short sound
	}
	return fmt.Errorf("%w: there is no sound in it", audio.ErrBroken)
}

// notSound says what is wrong with an upload; what is not its fault stays.
func notSound(err error) error {
	if errors.Is(err, audio.ErrUnknownFormat) || errors.Is(err, audio.ErrBroken) {
		return schema.Invalid("file", "type", "The body must be a WAV or MP3 file: "+err.Error(),
			map[string]any{"target": []string{rest.TypeWAV, rest.TypeMP3}})
	}
	return rest.UploadFault(err)
}
