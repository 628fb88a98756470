package sounds

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// mediaType is the type of sounds that callflows play, of their documents and
// of their blobs.
const mediaType = documents.MediaType

// sound is what is held to the schema of a media document
// (spec/crossbar-api.md appendix A, media).
type sound struct {
	Name          string    `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Description   string    `json:"description,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"What it is, such as the name of the file."`
	Source        string    `json:"media_source" jsonschema:"required,enum=recording,enum=upload,enum=tts" jsonschema_description:"Where its sound comes from: tts is made here, of the text in tts."`
	Language      string    `json:"language" jsonschema_description:"What is spoken in it."`
	PromptID      string    `json:"prompt_id,omitempty" jsonschema_description:"The prompt in whose place it is heard, in its language. The document's id is then language/prompt_id."`
	Streamable    bool      `json:"streamable" jsonschema_description:"Whether it may be played as it comes."`
	SourceID      string    `json:"source_id,omitempty" jsonschema:"minLength=32,maxLength=32" jsonschema_description:"What made it."`
	SourceType    string    `json:"source_type,omitempty" jsonschema_description:"Of what kind that is, such as a module of callflows."`
	ContentType   string    `json:"content_type,omitempty" jsonschema:"enum=audio/mp3,enum=audio/mpeg,enum=audio/mpeg3,enum=audio/x-wav,enum=audio/wav,enum=audio/ogg,enum=video/x-flv,enum=video/h264,enum=video/mpeg,enum=video/quicktime,enum=video/mp4,enum=video/webm" jsonschema_description:"Of its sound; set with it."`
	ContentLength int       `json:"content_length,omitempty" jsonschema:"minimum=1,maximum=11534336" jsonschema_description:"Of its sound, in bytes; set with it."`
	TTS           soundText `json:"tts" jsonschema_description:"What is spoken."`
}

// soundText is what a sound is made of.
type soundText struct {
	Text  string     `json:"text,omitempty" jsonschema:"minLength=1" jsonschema_description:"What is said, 4096 characters at most."`
	Voice kazooVoice `json:"voice" jsonschema_description:"Who says it, and in which language."`
}

// What a media document keeps of its sound.
const (
	pvtKind   = "pvt_content_type"
	pvtSize   = "pvt_content_length"
	pvtSpoken = "pvt_spoken" // the voice and the text that the sound was made of
	pvtNotes  = "pvt_notes"  // what could not be as it was asked for
)

func mediaResource() resource.Resource {
	return resource.Define(resource.Def[sound]{
		Name: "media", Type: mediaType, Blob: mediaType, Summary: "Media: sounds that callflows play.", NoPatch: true,
		Default: sound{
			Source: "upload", Language: prompts.Language, Streamable: true, TTS: soundText{Voice: "female/en-US"},
		},
		Example: `{"name":"Greeting","media_source":"upload","streamable":true}`,
		List: append(resource.Fields("name", "media_source"), resource.FieldOr("language", ""),
			resource.Column{
				Name: "media_type", Value: func(d resource.Doc) any { return d.Private[pvtKind] },
				Is: schema.Literal(`{"type": "string", "description": "Of the sound."}`),
			},
			resource.Column{
				Name: "is_prompt", Value: func(d resource.Doc) any { return isPrompt(d) },
				Is: schema.Literal(`{"type": "boolean", "description": "Whether it stands in the place of a prompt."}`),
			}),
		Index:    []string{"language", "prompt_id"},
		ReadOnly: []string{"content_type", "content_length", "media_type"},
		Before: func(_ context.Context, d *resource.Draft) error {
			if l, ok := d.Doc["language"].(string); ok {
				d.Doc["language"] = resource.Lower(l)
			}
			return nil
		},
		Check: checkMedia,
		Show:  showMedia,
	})
}

// isPrompt says whether a document stands in the place of a prompt.
func isPrompt(d resource.Doc) bool { return resource.Text(d.Public, "prompt_id") != "" }

// promptName and languageName are what ids of media are made of.
var (
	promptName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)
	languageName = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$`)
)

// mediaID is the id that a new document must have, "" for any. What it cannot
// be made of is schema.Faults.
func mediaID(data resource.Object) (string, error) {
	id, ok := data["prompt_id"].(string)
	if !ok || id == "" {
		return "", nil
	}
	language := prompts.Language
	if l, ok := data["language"].(string); ok {
		language = resource.Lower(l)
	}
	var faults schema.Faults
	for _, part := range []struct {
		name, value string
		pattern     *regexp.Regexp
	}{{"prompt_id", id, promptName}, {"language", language, languageName}} {
		if !part.pattern.MatchString(part.value) {
			faults = append(faults, schema.Fault{
				Path: []string{part.name}, Rule: "pattern",
				Message: "Failed to match pattern '" + part.pattern.String() + "'",
				Extra:   map[string]any{"target": part.pattern.String(), "value": part.value},
			})
		}
	}
	return prompts.MediaID(language, id), faults.Err()
}

// checkMedia holds a document to its id: which prompt it replaces, and in which
// language, never changes. It also wants a text where one is to be spoken.
func checkMedia(_ context.Context, d *resource.Draft, v sound) error {
	if v.Source == "tts" && strings.TrimSpace(v.TTS.Text) == "" {
		return schema.Faults{schema.Required("tts", "text")}
	}
	want, err := mediaID(d.Doc)
	if err != nil {
		return err
	}
	was := d.Old != nil && isPrompt(*d.Old)
	if (want != "" || was) && want != d.ID {
		return schema.Invalid("prompt_id", "invalid",
			"The prompt and the language of media cannot be changed: create another", map[string]any{"cause": d.ID})
	}
	return nil
}

func showMedia(_ context.Context, _ store.Docs, d resource.Doc, out resource.Object) error {
	if kind, ok := d.Private[pvtKind]; ok {
		out["content_type"], out["content_length"] = kind, d.Private[pvtSize]
	}
	if notes, ok := d.Private[pvtNotes]; ok {
		aside := resource.Object{"notes": notes}
		if old, ok := out["_read_only"].(resource.Object); ok {
			maps.Copy(aside, old)
		}
		out["_read_only"] = aside
	}
	return nil
}
