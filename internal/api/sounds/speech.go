package sounds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Speaker speaks texts. voices.Voices is one.
type Speaker interface {
	// Say returns the sound, which may still be being made, and what happened
	// on the way.
	Say(ctx context.Context, text audio.Speech) (audio.Sound, []event.Fact, error)
}

// speechTime is how long the sound of a text may take to be made.
const speechTime = 30 * time.Second

// made is the sound of a text, in a file.
type made struct {
	rest.Scratch
	of    string // the voice and the text
	notes []any  // what is not as it was asked for
}

// withSpeech saves a document; if its text is to be spoken, and was not yet,
// that is done first: a text that cannot be spoken is not kept. old is nil for
// a new document.
func (s *Sounds) withSpeech(
	r *rest.Request, old *resource.Doc, save func() (resource.Doc, error),
) (resource.Doc, error) {
	m, err := s.speech(r, old)
	if err != nil {
		return resource.Doc{}, err
	}
	if m == nil {
		return save()
	}
	defer func() { _ = m.Close() }() // its sound is kept elsewhere
	d, err := save()
	if err != nil {
		return d, err
	}
	size, err := s.keepBlob(r.Context(), s.mediaKey(r, d.ID), rest.TypeWAV, m.Scratch)
	if err != nil {
		return d, err
	}
	id := d.ID
	d, err = s.mediaOf(r).Update(r.Context(), id, func(draft *resource.Draft) {
		draft.Private[pvtKind], draft.Private[pvtSize], draft.Private[pvtSpoken] = rest.TypeWAV, size, m.of
		delete(draft.Private, pvtNotes)
		if len(m.notes) > 0 {
			draft.Private[pvtNotes] = m.notes
		}
	})
	return d, s.unlessGone(r, id, err)
}

// speech is the sound of the text in a request's data, nil if there is none to
// be made.
func (s *Sounds) speech(r *rest.Request, old *resource.Doc) (*made, error) {
	want, err := s.wantedSpeech(r)
	if err != nil || want == nil {
		return nil, err
	}
	of := want.Voice + "\n" + want.Text
	if old != nil && old.Private[pvtSpoken] == of {
		return nil, nil //nolint:nilnil // it was made before
	}
	m, err := s.speak(r.Context(), *want)
	if err == nil {
		m.of = of
	}
	return m, err
}

// wantedSpeech is what the data of a request wants to be spoken, nil for
// nothing. What its schema says is wrong with the data comes before anything
// is spoken.
func (s *Sounds) wantedSpeech(r *rest.Request) (*audio.Speech, error) {
	if r.Data()["media_source"] != "tts" {
		return nil, nil //nolint:nilnil // it is to be uploaded
	}
	data := maps.Clone(r.Data())
	for _, key := range s.media.ReadOnly {
		delete(data, key)
	}
	full, faults, err := s.media.Validate(data)
	if err == nil {
		err = faults.Err()
	}
	if err != nil {
		return nil, err
	}
	speech := audio.Speech{Text: resource.Text(full, "tts.text"), Voice: resource.Text(full, "tts.voice")}
	if strings.TrimSpace(speech.Text) == "" {
		return nil, schema.Faults{schema.Required("tts", "text")}
	}
	return &speech, nil
}

// errNotSpoken is a text that cannot be spoken.
func errNotSpoken(why error) error {
	return schema.Invalid("tts.text", "invalid", "The text cannot be spoken: "+why.Error(), nil)
}

// speak makes a WAV file of a text.
func (s *Sounds) speak(ctx context.Context, speech audio.Speech) (*made, error) {
	if s.cfg.Speaker == nil {
		return nil, errNotSpoken(errors.New("nobody speaks here"))
	}
	select { // one text may take a second of a processor
	case s.encoders <- struct{}{}:
		defer func() { <-s.encoders }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, speechTime, fmt.Errorf("it took longer than %v", speechTime))
	defer cancel()
	sound, facts, err := s.cfg.Speaker.Say(ctx, speech)
	if err != nil {
		return nil, errNotSpoken(err)
	}
	m := &made{}
	for _, f := range facts {
		if w, ok := f.(event.Warned); ok {
			m.notes = append(m.notes, w.Message)
		}
	}
	if m.Scratch, err = s.asWAV(ctx, sound); err != nil {
		return nil, errNotSpoken(err)
	}
	return m, nil
}

// asWAV writes a sound to a file, which is then at its start.
func (s *Sounds) asWAV(ctx context.Context, sound audio.Sound) (rest.Scratch, error) {
	linear, err := audio.Linear(ctx, sound)
	if err != nil {
		return rest.Scratch{}, err
	}
	f, err := rest.NewScratch("sound")
	if err != nil {
		return f, err
	}
	if err = writeWAV(f, bounded{ctx, linear}, 1); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return f, errors.Join(err, f.Close())
	}
	return f, nil
}
