package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// mediaType is the type of sounds that callflows play, of their documents and
// of their blobs.
const mediaType = "media"

// sound is what is held to a schema of a media document.
type sound struct {
	Name        string `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Description string `json:"description,omitempty" jsonschema:"minLength=1,maxLength=128"`
	Source      string `json:"media_source" jsonschema:"enum=upload,enum=recording" jsonschema_description:"Where it comes from."`
	Language    string `json:"language" jsonschema_description:"What is spoken in it."`
	Streamable  bool   `json:"streamable" jsonschema_description:"Whether it may be played as it comes."`
	SourceID    string `json:"source_id,omitempty" jsonschema:"minLength=32,maxLength=32"`
	SourceType  string `json:"source_type,omitempty"`
}

// What a media document keeps of its sound.
const (
	pvtKind = "pvt_content_type"
	pvtSize = "pvt_content_length"
)

func mediaResource() resource.Resource {
	return resource.Define(resource.Def[sound]{
		Name: "media", Type: mediaType, Blob: mediaType, Summary: "Media: sounds that callflows play.",
		Default: sound{Source: "upload", Language: "en-us", Streamable: true},
		Example: `{"name":"Greeting","media_source":"upload","streamable":true}`,
		List: append(resource.Fields("name", "media_source", "language"),
			resource.Column{Name: "media_type", Value: func(d resource.Doc) any { return d.Private[pvtKind] }},
			resource.Column{Name: "is_prompt", Value: func(resource.Doc) any { return false }}),
		ReadOnly: []string{"content_type", "content_length", "media_type"},
		Before: func(_ context.Context, d *resource.Draft) error {
			if l, ok := d.Doc["language"].(string); ok {
				d.Doc["language"] = lower(l)
			}
			return nil
		},
		Show: func(_ context.Context, _ store.Docs, d resource.Doc, out resource.Object) error {
			if kind, ok := d.Private[pvtKind]; ok {
				out["content_type"], out["content_length"] = kind, d.Private[pvtSize]
			}
			return nil
		},
	})
}

func (s *Server) mediaOperations() []Operation {
	if s.cfg.Blobs == nil {
		return nil
	}
	const raw = "accounts/{account_id}/media/{id}/raw"
	return []Operation{
		{
			Method: http.MethodGet, Path: raw, Group: "media", Produces: []string{wavType, mp3Type},
			Summary: "Read the sound of one of media", Do: s.getMedia,
			Params: []Param{
				{"accept", "audio/wav or audio/mpeg, in the place of the header."},
				{"inline", "true to have it played by browsers, and not saved."},
			},
		},
		{
			Method: http.MethodPost, Path: raw, Group: "media", Do: s.putSound,
			Consumes: []string{wavType, mp3Type},
			Summary:  "Upload the sound of one of media: a WAV or MP3 file",
			Example:  Example{Type: wavType, Body: "{wav}"},
		},
	}
}

// mediaIn is an account's media.
func (s *Server) mediaIn(account string) resource.Collection { return s.in(s.mediaDef, account) }

func (s *Server) getMedia(r *Request) (Reply, error) {
	d, err := s.mediaIn(r.Account.ID).Get(r.Context(), r.Var("id"))
	if err != nil {
		return Reply{}, err
	}
	key := store.Key{Account: r.Account.ID, Type: mediaType, ID: d.ID}
	return s.sound(r, key, soundWish{name: resource.Text(d.Public, "name")})
}

// putSound keeps a body as the sound of a document.
func (s *Server) putSound(r *Request) (Reply, error) {
	c := s.mediaIn(r.Account.ID)
	d, err := c.Get(r.Context(), r.Var("id"))
	if err != nil {
		return Reply{}, err
	}
	if m := r.ifMatch(); m != "" && !resource.Matches(m, d.Revision) {
		return Reply{}, resource.ErrMismatch
	}
	kind, size, err := s.upload(r, store.Key{Account: r.Account.ID, Type: mediaType, ID: d.ID})
	if err != nil {
		return Reply{}, err
	}
	d, err = c.Update(r.Context(), d.ID, func(draft *resource.Draft) {
		draft.Private[pvtKind], draft.Private[pvtSize] = kind, size
	})
	return s.shown(r, c, d, err)
}

// upload writes a body as a blob and sees to it that it can be played: its
// beginning is decoded. Its Content-Type is not asked: clients get it wrong.
func (s *Server) upload(r *Request, k store.Key) (kind string, size int64, err error) {
	file, err := s.Upload(r, s.cfg.MaxUpload)
	if err != nil {
		return "", 0, err
	}
	body := &counted{r: file.Body}
	all := bufio.NewReader(body)
	start, err := all.Peek(len("RIFF....WAVE"))
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, notSound(err)
	}
	kind = mp3Type
	if bytes.HasSuffix(start, []byte("WAVE")) {
		kind = wavType
	}
	out, err := s.cfg.Blobs.Create(r.Context(), k, kind)
	if err != nil {
		return "", 0, err
	}
	defer out.Abort()
	tee := io.TeeReader(all, out)
	if err := playable(tee); err != nil {
		return "", 0, notSound(err)
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return "", 0, notSound(err)
	}
	return kind, body.n, out.Commit()
}

func playable(r io.Reader) error {
	sound, _, err := audio.Decode(r)
	if err != nil {
		return err
	}
	n, err := sound.ReadSamples(make([]int16, 160))
	if n > 0 || err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("%w: there is no sound in it", audio.ErrBroken)
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// notSound says what is wrong with an upload; what is not its fault stays.
func notSound(err error) error {
	if errors.Is(err, audio.ErrUnknownFormat) || errors.Is(err, audio.ErrBroken) {
		return errInvalid("file", "type", "The body must be a WAV or MP3 file: "+err.Error(),
			map[string]any{"target": []string{wavType, mp3Type}})
	}
	return uploadFault(err)
}
