package media

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/store"
)

// Speaker speaks the texts of prompts. voices.Voices is one.
type Speaker interface {
	// Say returns the sound, which may still be being made, and what happened
	// on the way.
	Say(ctx context.Context, text audio.Speech) (audio.Sound, []event.Fact, error)
}

// checked is how long a prompt's replacement is waited for to be whole, so
// that a broken one is not begun.
const checked = 250 * time.Millisecond

// wantedPrompt is a prompt that is looked for.
type wantedPrompt struct{ ref, account, id, language string }

// prompt finds prompt://OWNER/ID/LANGUAGE. Another account's is not looked
// for.
func (l *Library) prompt(ctx context.Context, account, ref, rest string) (audio.Sound, error) {
	owner, id, ok := strings.Cut(rest, "/")
	id, language, _ := strings.Cut(id, "/")
	if !ok || id == "" {
		return nil, fault(Malformed, ref, "a prompt is prompt://owner/id/language")
	}
	if owner != account {
		account = ""
	}
	return l.say(ctx, wantedPrompt{ref, account, id, language})
}

// system finds a prompt of the whole server: "id", or "language/id".
func (l *Library) system(ctx context.Context, ref, id string) (audio.Sound, error) {
	at := strings.LastIndexByte(id, '/')
	return l.say(ctx, wantedPrompt{ref: ref, id: id[at+1:], language: id[:max(at, 0)]})
}

// say finds a prompt: what the account put in its place, in its language, in
// the one that is a kind of, or in English; what the server's owner put there,
// in the same order; else the text, spoken, or the tone.
func (l *Library) say(ctx context.Context, p wantedPrompt) (audio.Sound, error) {
	owners := []string{p.account, ""}
	if p.account == "" {
		owners = owners[1:]
	}
	for _, owner := range owners {
		for _, language := range prompts.Languages(p.language) {
			sound, err := l.instead(ctx, owner, language, p)
			if sound != nil || err != nil {
				return sound, err
			}
		}
	}
	known, ok := l.prompts(p.id)
	switch {
	case !ok:
		return nil, fault(Unavailable, p.ref, "there is no prompt called %q, and no media in its place", p.id)
	case known.Tone != "":
		sound, err := l.made(known.Tone, audio.ToneStream)
		return called(sound, known.Name()), err
	case l.cfg.Speaker == nil:
		return nil, fault(Unavailable, p.ref, "the prompt %q has no media in its place, and no voice speaks it", p.id)
	}
	return l.spoken(ctx, p, known)
}

// instead is the sound that an owner has put in the place of a prompt, or nil.
// One that is broken is told of and left out.
func (l *Library) instead(ctx context.Context, owner, language string, p wantedPrompt) (audio.Sound, error) {
	key := store.Key{Account: owner, Type: Type, ID: prompts.MediaID(language, p.id)}
	sound, err := l.blob(ctx, key, key.ID)
	if clip, ok := sound.(*audio.Clip); ok {
		select {
		case <-clip.Done():
			err = clip.Err()
		case <-ctx.Done():
		case <-time.After(checked):
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case isKind(err, NotFound):
		return nil, nil //nolint:nilnil // nothing was put there
	case err != nil:
		text := fmt.Sprintf("what was put in the place of the prompt %s cannot be played: %v", p.id, err)
		event.Tell(ctx, event.Warned{Code: "prompt.broken", Message: text})
		return nil, nil //nolint:nilnil // as if it were not there
	}
	return called(sound, "prompt "+p.id+" ("+key.ID+")"), nil
}

// spoken has the text of a prompt spoken.
func (l *Library) spoken(ctx context.Context, p wantedPrompt, known prompts.Prompt) (audio.Sound, error) {
	speech := audio.Speech{Text: known.Text, Language: p.language}
	if p.language == "" || !prompts.English(p.language) {
		speech.Language = prompts.Language
	}
	if p.language != "" && !prompts.English(p.language) {
		event.Tell(ctx, event.Warned{
			Code:    "prompt.language",
			Message: fmt.Sprintf("prompts have no text in %q here: they are spoken in %s", p.language, prompts.Language),
		})
	}
	sound, facts, err := l.cfg.Speaker.Say(ctx, speech)
	for _, f := range facts {
		event.Tell(ctx, f)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, explained(p.ref, err)
	}
	return called(sound, known.Name()), nil
}

// called is a sound under another name, nil if it is.
func called(sound audio.Sound, name string) audio.Sound {
	if sound == nil {
		return nil
	}
	return audio.Named(sound, name)
}

// MakePrompts begins to have the texts of all prompts spoken, one after the
// other, so that the first call that hears one does not wait, and returns. done
// is told how many are made, and the first error, unless the library is closed
// before.
func (l *Library) MakePrompts(done func(made int, err error)) {
	l.work.Go(func() {
		made, err := l.makePrompts(l.ctx)
		if l.ctx.Err() == nil {
			done(made, err)
		}
	})
}

func (l *Library) makePrompts(ctx context.Context) (made int, first error) {
	for _, p := range prompts.All() {
		if p.Text == "" || ctx.Err() != nil {
			continue
		}
		sound, _, err := l.cfg.Speaker.Say(ctx, audio.Speech{Text: p.Text, Language: prompts.Language})
		if clip, ok := sound.(*audio.Clip); ok {
			select {
			case <-clip.Done():
				err = clip.Err()
			case <-ctx.Done():
			}
		}
		if err == nil {
			made++
		} else if first == nil {
			first = fmt.Errorf("media: prompt %s: %w", p.ID, err)
		}
	}
	return made, first
}
