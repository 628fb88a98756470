package actions

import (
	"context"
	"errors"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/prompts"
)

// promptRef names a prompt, such as "menu-exit", in the call's language, as
// Media and media ids of callflows know it. The account may have one of its
// own (spec/callflow-modules.md section 2.4).
func promptRef(s *flow.Session, id string) string {
	return prompts.Reference(s.Account, id, s.Language)
}

// announcer lets callers hear prompts and media. What cannot be heard is told
// on the timeline and left out: a menu without its greeting is still a menu.
type announcer struct{ media Media }

// prompt plays prompts by their ids, one after the other. The error is that
// the call, or the step, is over.
func (a announcer) prompt(ctx context.Context, s *flow.Session, ids ...string) error {
	_, err := a.promptTo(ctx, s, "", ids...)
	return err
}

// promptTo is prompt that one of the keys in terminators ends; it is returned.
func (a announcer) promptTo(ctx context.Context, s *flow.Session, terminators string, ids ...string) (string, error) {
	for _, id := range ids {
		if cut, err := a.play(ctx, s, terminators, promptRef(s, id)); err != nil || cut != "" {
			return cut, err
		}
	}
	return "", nil
}

// play plays media by what names it, until it is over or one of the keys in
// terminators ends it; see audible for the error.
func (a announcer) play(ctx context.Context, s *flow.Session, terminators, ref string) (cut string, err error) {
	sound := a.sound(ctx, s, ref)
	if sound == nil {
		return "", nil
	}
	cut, err = s.Play(ctx, sound, terminators)
	return cut, audible(ctx, s, err)
}

// sound is what ref names; nil, which is told, where there is none.
func (a announcer) sound(ctx context.Context, s *flow.Session, ref string) audio.Sound {
	sound, err := a.media.Sound(ctx, s.Account, ref)
	if err != nil {
		if ctx.Err() == nil {
			s.Add(event.Warned{Code: "prompt.missing", Message: "not played: " + err.Error()})
		}
		return nil
	}
	return sound
}

// audible is err if it says that the call, or the step, is over; that a sound
// broke is told instead.
func audible(ctx context.Context, s *flow.Session, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, call.ErrHungup):
		return err
	}
	s.Add(event.Warned{Code: "prompt.broken", Message: "not played to its end: " + err.Error()})
	return nil
}
