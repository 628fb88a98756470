package sounds

import (
	"net/http"
	"net/url"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// mediaOperations are those of an account's media, and of the whole server's:
// everybody may hear these, the first account changes them.
func (s *Sounds) mediaOperations() []rest.Operation {
	if s.cfg.Blobs == nil {
		return nil
	}
	ops := s.mediaAt("accounts/{account_id}/media")
	for _, op := range s.mediaAt("media") {
		op.Who = rest.Master
		if op.Method == http.MethodGet {
			op.Who = rest.AnyToken
		}
		op.Summary += ", of the whole server"
		op.Group = "media of the server"
		ops = append(ops, op)
	}
	return ops
}

// files are the media types that a sound can be sent as; what is in them is
// WAV or MP3 whatever they say.
func files() []string {
	return []string{rest.TypeWAV, rest.TypeMP3, "application/base64", "application/x-base64", "multipart/form-data"}
}

// mediaAt are the operations of media at a path.
func (s *Sounds) mediaAt(all string) []rest.Operation {
	one, schema := all+"/{id}", s.media.Schema
	sounds := []string{rest.TypeWAV, rest.TypeMP3}
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: all, Summary: "List media: sounds that callflows play", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV}, Returns: s.media.RowSchema(), Many: true,
			Do: s.listMedia,
		},
		{
			Method: http.MethodPut, Path: all, Summary: "Create one of media; a text in tts is spoken", Body: schema,
			Returns: schema, Example: rest.Example{Data: string(s.media.Example)}, Do: s.createMedia,
		},
		{
			Method: http.MethodGet, Path: one, Returns: schema, Produces: sounds, Do: s.getMedia,
			Summary: "Read one of media: its document, or its sound with Accept: audio/*",
		},
		{
			Method: http.MethodPost, Path: one, Body: schema, Consumes: files(), Returns: schema, Do: s.postMedia,
			Summary: "Replace one of media, or its sound where the body is one; a text in tts that changed is spoken",
			Example: rest.Example{Data: string(s.media.Example)},
		},
		{
			Method: http.MethodDelete, Path: one, Returns: schema, Do: s.deleteMedia,
			Summary: "Delete one of media and its sound; one in the place of a prompt for good",
			Params:  append([]rest.Param{rest.Truth("hard_delete", "true to remove it for good.")}, rest.DeleteParams...),
		},
		{
			Method: http.MethodGet, Path: one + "/raw", Produces: sounds, Summary: "Read the sound of one of media",
			Do: s.getRaw, Params: []rest.Param{
				rest.Text("accept", "audio/wav or audio/mpeg, in the place of the header."),
				rest.Truth("inline", "true to have it played by browsers, and not saved."),
			},
		},
		{
			Method: http.MethodPost, Path: one + "/raw", Do: s.putSound, Consumes: append(files(), rest.TypeJSON),
			Returns: schema,
			Summary: "Upload the sound of one of media: a WAV or MP3 file, in base64 or in multipart too; " +
				`or {"data": {"url": …}} to have it fetched`,
			Example: rest.Example{Type: rest.TypeWAV, Body: "{wav}"},
		},
	}
	ops = append(ops, s.mediaIndexes(all)...)
	for i := range ops {
		ops[i].Group = "media"
	}
	return ops
}

// listMedia is a page of media, whose languages are kept in small letters.
func (s *Sounds) listMedia(r *rest.Request) (rest.Reply, error) {
	for _, name := range []string{"filter_language", "filter_not_language"} {
		for i, value := range r.Query[name] {
			r.Query[name][i] = resource.Lower(value)
		}
	}
	return rest.List(r, s.mediaOf(r))
}

// mediaOf is the media that the path of a request is about.
func (s *Sounds) mediaOf(r *rest.Request) resource.Collection {
	return s.cfg.In(s.media, s.mediaOwner(r))
}

// mediaOwner is the account of those media, "" for the whole server's.
func (*Sounds) mediaOwner(r *rest.Request) string {
	if r.Account == nil {
		return ""
	}
	return r.Account.ID
}

func (s *Sounds) mediaKey(r *rest.Request, id string) store.Key {
	return store.Key{Account: s.mediaOwner(r), Type: mediaType, ID: id}
}

func (s *Sounds) getMedia(r *rest.Request) (rest.Reply, error) {
	if r.Accept != rest.TypeJSON {
		return s.getRaw(r)
	}
	d, err := s.mediaDoc(r, r.Var("id"))
	return rest.Shown(r, s.mediaOf(r), d, err)
}

// getRaw is a sound as it is kept, or converted. That of a prompt that nobody
// replaced is spoken.
func (s *Sounds) getRaw(r *rest.Request) (rest.Reply, error) {
	d, err := s.mediaDoc(r, r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	if p, ok := s.ownPrompt(r, d.ID); ok && d.Revision == "" {
		return s.promptSound(r, p)
	}
	return s.sound(r, s.mediaKey(r, d.ID), soundWish{name: resource.Text(d.Public, "name")})
}

// createMedia makes a document, and its sound if that is spoken.
func (s *Sounds) createMedia(r *rest.Request) (rest.Reply, error) {
	id, err := mediaID(r.Data())
	if err != nil {
		return rest.Reply{}, err
	}
	if err := r.OwnWord(r.Data()); err != nil {
		return rest.Reply{}, err
	}
	c := s.mediaOf(r)
	d, err := s.withSpeech(r, nil, func() (resource.Doc, error) {
		if id == "" {
			return c.Create(r.Context(), r.Data())
		}
		return c.CreateAs(r.Context(), id, r.Data())
	})
	reply, err := rest.Shown(r, c, d, err)
	reply.Location = r.Place() + "/" + url.PathEscape(d.ID)
	return reply, err
}

// postMedia replaces a document, or its sound if the body is one.
func (s *Sounds) postMedia(r *rest.Request) (rest.Reply, error) {
	if r.File {
		return s.putSound(r)
	}
	c := s.mediaOf(r)
	old, err := c.Get(r.Context(), r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	d, err := s.withSpeech(r, &old, func() (resource.Doc, error) {
		return c.Replace(r.Context(), old.ID, r.Data(), r.IfMatch())
	})
	return rest.Shown(r, c, d, err)
}

// deleteMedia removes a document and its sound. The id of a prompt is needed
// again, so nothing of it stays.
func (s *Sounds) deleteMedia(r *rest.Request) (rest.Reply, error) {
	c, id := s.mediaOf(r), r.Var("id")
	old, err := c.Get(r.Context(), id)
	if err != nil {
		return rest.Reply{}, err
	}
	hard := isPrompt(old) || r.Param("hard_delete") == "true" || r.Hard()
	return s.cfg.Remove(r, c, old, hard)
}
