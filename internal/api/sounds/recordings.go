package sounds

import (
	"context"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Where the sounds of recordings are, and their documents.
const (
	recordingBlob = "recording"
	recordingType = "call_recording"
)

// recording is spec/crossbar-api.md appendix A, call_recordings.
type recording struct {
	CallID       string         `json:"call_id,omitempty" jsonschema_description:"The call that was recorded."`
	CalleeName   string         `json:"callee_id_name,omitempty" jsonschema_description:"The name of who was called."`
	CalleeNumber string         `json:"callee_id_number,omitempty" jsonschema_description:"The number of who was called."`
	CallerName   string         `json:"caller_id_name,omitempty" jsonschema_description:"The name of who called."`
	CallerNumber string         `json:"caller_id_number,omitempty" jsonschema_description:"The number of who called."`
	CDRID        string         `json:"cdr_id,omitempty" jsonschema_description:"The record of the call."`
	ContentType  string         `json:"content_type,omitempty" jsonschema_description:"Of the sound as it is kept."`
	ChannelVars  map[string]any `json:"custom_channel_vars,omitempty" jsonschema_description:"What Kazoo keeps of the call."`
	Description  string         `json:"description,omitempty" jsonschema_description:"What it is."`
	Direction    string         `json:"direction,omitempty" jsonschema_description:"Of the call: inbound or outbound."`
	Duration     int            `json:"duration,omitempty" jsonschema:"minimum=0" jsonschema_description:"In seconds."`
	DurationMS   int            `json:"duration_ms,omitempty" jsonschema:"minimum=0" jsonschema_description:"In milliseconds."`
	From         string         `json:"from,omitempty" jsonschema_description:"Who called, as user@host."`
	Interaction  string         `json:"interaction_id,omitempty" jsonschema_description:"What Kazoo knows the call by."`
	MediaSource  string         `json:"media_source,omitempty" jsonschema_description:"What of the call was recorded."`
	MediaType    string         `json:"media_type,omitempty" jsonschema_description:"wav or mp3, as it is kept."`
	Name         string         `json:"name,omitempty" jsonschema_description:"The name of its file."`
	Origin       string         `json:"origin,omitempty" jsonschema_description:"What made it."`
	OwnerID      string         `json:"owner_id,omitempty" jsonschema_description:"The user whose it is."`
	Request      string         `json:"request,omitempty" jsonschema_description:"Whom the request was for, as user@host."`
	SourceType   string         `json:"source_type,omitempty" jsonschema_description:"What kind of thing made it."`
	Start        int            `json:"start,omitempty" jsonschema_description:"When it began, in Gregorian seconds."`
	To           string         `json:"to,omitempty" jsonschema_description:"Who was called, as user@host."`
	URL          string         `json:"url,omitempty" jsonschema_description:"Where it is sent."`
}

// recordingsResource declares recordings; kinds are the media types that one
// can be given as, of the one it is kept as.
func recordingsResource(kinds func(kept string) []string) resource.Resource {
	readOnly := func(d resource.Doc) any {
		return resource.Object{"content_types": kinds(resource.Text(d.Public, "content_type"))}
	}
	def := resource.Def[recording]{
		Name: "recordings", As: "call_recordings", Type: recordingType, Blob: recordingBlob, Fixed: true,
		Summary: "Recordings of calls.",
		Example: `{"name":"a call","call_id":"c","content_type":"audio/wav","media_type":"wav","duration":2,
			"duration_ms":2000,"start":63900000000,"from":"+12025551234@a.example","to":"2600@a.example"}`,
		Index:     []string{"call_id"}, // which package recordings says to the store, too
		ByCreated: true,
		Show: func(_ context.Context, _ store.Docs, d resource.Doc, out resource.Object) error {
			out["_read_only"] = readOnly(d)
			return nil
		},
	}
	r := resource.Define(def)
	r.Columns = append(resource.Fields(r.Schema.Fields()...), resource.Column{
		Name: "_read_only", Value: readOnly, Is: schema.Literal(`{"type": "object",
			"description": "What is known besides.", "properties": {"content_types":
			{"type": "array", "items": {"type": "string"}, "description": "What the sound can be had as."}}}`),
	})
	return r
}

func (s *Sounds) recordingOperations() []rest.Operation {
	if s.cfg.Blobs == nil {
		return nil
	}
	_, its := s.cfg.Own(s.recordings)
	return []rest.Operation{{
		Method: http.MethodGet, Path: "accounts/{account_id}/recordings/{id}", Group: "recordings",
		Who: rest.Linked, Link: s.linked, Own: its, Produces: []string{rest.TypeWAV, rest.TypeMP3}, Do: s.getRecording,
		Summary: "Read a recording: its document, or its sound with Accept: audio/* or .wav or .mp3 after the id",
		Params: []rest.Param{
			rest.Text("accept", "audio/wav or audio/mpeg, in the place of the header."),
			rest.Truth("inline", "true to have it played by browsers, and not saved."),
			rest.Text("token", "The signature of a link that a web server was given."),
		},
	}}
}

// getRecording is a recording's document, or its sound: that is what a link
// is for, what an ending of the id asks for, and what Accept may.
func (s *Sounds) getRecording(r *rest.Request) (rest.Reply, error) {
	id, kind := SplitFormat(r.Var("id"))
	c := s.cfg.In(s.recordings, r.Account.ID)
	d, err := c.Get(r.Context(), id)
	if err != nil {
		return rest.Reply{}, err
	}
	if kind == "" && r.Link {
		_, kind = SplitFormat(r.Query.Get("token"))
	}
	if kind == "" && !r.Link && r.Accept == rest.TypeJSON {
		return rest.Shown(r, c, d, nil)
	}
	key := store.Key{Account: r.Account.ID, Type: recordingBlob, ID: id}
	return s.sound(r, key, soundWish{kind: kind, name: resource.Text(d.Public, "name")})
}
