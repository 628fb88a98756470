package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/prompts"
)

// announced is the sound of prompts by their ids, one behind the other, as the
// account has them in the call's language. One that is not there is told on
// the timeline and left out; a sound of none is silence of no length.
func announced(ctx context.Context, s *flow.Session, media Media, ids ...string) (audio.Sound, error) {
	all := []audio.Sound{}
	for _, id := range ids {
		sound, err := media.Sound(ctx, s.Account, prompts.Reference(s.Account, id, s.Language))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			s.Add(event.Warned{Code: "prompt.missing", Message: err.Error()})
			continue
		}
		all = append(all, sound)
	}
	if len(all) == 0 {
		return audio.Silence(0), nil
	}
	return audio.Sequence(all...), nil
}

// announce plays prompts, see announced. One of the keys in terminators cuts
// them short and is returned. A prompt that breaks while it plays is told on
// the timeline by the session, and is no error: the error is that of ctx.
func announce(ctx context.Context, s *flow.Session, media Media, terminators string, ids ...string) (string, error) {
	sound, err := announced(ctx, s, media, ids...)
	if err != nil {
		return "", err
	}
	cut, err := s.Play(ctx, sound, terminators)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		s.Add(event.Warned{Code: "prompt.broken", Message: err.Error()})
	}
	return cut, nil
}
