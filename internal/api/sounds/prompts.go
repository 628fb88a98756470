package sounds

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// noLanguage is what media without a language are listed under.
const noLanguage = "missing"

// mediaIndexes are the operations that count media by language and by prompt.
func (s *Sounds) mediaIndexes(all string) []rest.Operation {
	get := func(path, summary string, example rest.Example, do func(*rest.Request) (rest.Reply, error)) rest.Operation {
		return rest.Operation{Method: http.MethodGet, Path: all + path, Summary: summary, Example: example, Do: do}
	}
	of := func(key, missing string) func(*rest.Request) (rest.Reply, error) {
		return func(r *rest.Request) (rest.Reply, error) { return s.countMedia(r, key, missing) }
	}
	ids := func(key string) func(*rest.Request) (rest.Reply, error) {
		return func(r *rest.Request) (rest.Reply, error) { return s.mediaWith(r, key) }
	}
	return []rest.Operation{
		get("/languages", "Count media by language", rest.Example{}, of("language", noLanguage)),
		get("/languages/{language}", "List the ids of media in a language",
			rest.Example{Vars: map[string]string{"language": "en-us"}}, ids("language")),
		get("/prompts", "Count media by the prompt that they stand for", rest.Example{}, of("prompt_id", "")),
		get("/prompts/{prompt_id}", "List the ids of media that stand for a prompt",
			rest.Example{Vars: map[string]string{"prompt_id": "vm-goodbye"}}, ids("prompt_id")),
	}
}

// allMedia are the media that a request is about. Those of the whole server
// include the prompts that nobody replaced.
func (s *Sounds) allMedia(r *rest.Request) ([]resource.Doc, error) {
	page, err := s.mediaOf(r).List(r.Context(), resource.Query{All: true, Ascending: true})
	if err != nil || s.mediaOwner(r) != "" {
		return page.Docs, err
	}
	all := page.Docs
	for _, p := range prompts.All() {
		d := promptDoc(p)
		if !slices.ContainsFunc(page.Docs, func(o resource.Doc) bool { return o.ID == d.ID }) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b resource.Doc) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// countMedia is how many media have each value of a key.
func (s *Sounds) countMedia(r *rest.Request, key, missing string) (rest.Reply, error) {
	all, err := s.allMedia(r)
	if err != nil {
		return rest.Reply{}, err
	}
	count := map[string]int{}
	for _, d := range all {
		value := resource.Text(d.Public, key)
		if value == "" {
			value = missing
		}
		if value != "" {
			count[value]++
		}
	}
	rows := []any{}
	if len(count) > 0 {
		rows = append(rows, count)
	}
	return rest.Reply{Data: rows}, nil
}

// mediaWith are the ids of the media that have the value in the path.
func (s *Sounds) mediaWith(r *rest.Request, key string) (rest.Reply, error) {
	all, err := s.allMedia(r)
	if err != nil {
		return rest.Reply{}, err
	}
	want := r.Var(key)
	if key == "language" {
		want = resource.Lower(want)
	}
	ids := []string{}
	for _, d := range all {
		value := resource.Text(d.Public, key)
		if value == want || value == "" && key == "language" && want == noLanguage {
			ids = append(ids, d.ID)
		}
	}
	return rest.Reply{Data: ids}, nil
}

// promptDoc is a prompt that nobody replaced, as a document.
func promptDoc(p prompts.Prompt) resource.Doc {
	d := resource.Doc{
		Type: mediaType, ID: prompts.MediaID(prompts.Language, p.ID), Private: resource.Object{}, Public: resource.Object{
			"name": p.ID, "description": p.When, "prompt_id": p.ID, "language": prompts.Language, "media_source": "tts",
			"streamable": true, "tts": resource.Object{"text": p.Text, "voice": "female/en-US"},
		},
	}
	if p.Text == "" {
		d.Public["media_source"] = "upload"
		delete(d.Public, "tts")
	}
	return d
}

// mediaDoc is one of media, of the whole server's prompts too.
func (s *Sounds) mediaDoc(r *rest.Request, id string) (resource.Doc, error) {
	d, err := s.mediaOf(r).Get(r.Context(), id)
	if p, ok := s.ownPrompt(r, id); ok && errors.Is(err, store.ErrNotFound) {
		return promptDoc(p), nil
	}
	return d, err
}

// ownPrompt is the prompt of our own that has an id among the whole server's
// media.
func (s *Sounds) ownPrompt(r *rest.Request, id string) (prompts.Prompt, bool) {
	name, ok := strings.CutPrefix(id, prompts.Language+"/")
	if !ok || s.mediaOwner(r) != "" {
		return prompts.Prompt{}, false
	}
	return prompts.Index()(name)
}

// promptSound is a prompt of our own as WAV.
func (s *Sounds) promptSound(r *rest.Request, p prompts.Prompt) (rest.Reply, error) {
	if want := rest.Choose(r.Wanted(), []string{rest.TypeWAV, rest.TypeJSON}); want != rest.TypeWAV {
		return rest.Reply{}, errNoSound([]string{rest.TypeWAV})
	}
	ctx, cancel := context.WithTimeout(r.Context(), speechTime)
	defer cancel()
	var f *made
	var err error
	if p.Text != "" {
		f, err = s.speak(ctx, audio.Speech{Text: p.Text, Language: prompts.Language})
	} else {
		f, err = s.tone(ctx, p)
	}
	if err != nil {
		return rest.Reply{}, err
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(p.Text + p.Tone)) // a hash takes everything
	out := &file{
		ReadSeekCloser: f.Scratch, kind: rest.TypeWAV, name: fileName(p.ID, rest.TypeWAV),
		etag: fmt.Sprintf(`"%x"`, hash.Sum64()), modified: time.Time{},
	}
	return rest.Reply{Take: func(w http.ResponseWriter) { out.serve(w, r) }}, nil
}

func (s *Sounds) tone(ctx context.Context, p prompts.Prompt) (*made, error) {
	sound, err := audio.ToneStream(p.Tone)
	if err != nil {
		return nil, err
	}
	f, err := s.asWAV(ctx, sound)
	return &made{Scratch: f}, err
}
