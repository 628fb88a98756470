package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// prompt is a node within another: what it says, plays or waits.
type prompt struct {
	_      struct{}        `jsonschema:"noextra"`
	Module string          `json:"module" jsonschema:"required,enum=say,enum=tts,enum=play,enum=sleep" jsonschema_description:"say, tts, play or sleep."`
	Data   json.RawMessage `json:"data,omitempty" jsonschema_description:"Its data, as of the action itself. Terminators do not count: every key ends it."`
}

// The schemas that prompts are held to, which are those of the actions.
var (
	saySchema   = schema.Of(sayDefault())
	playSchema  = schema.Of(playDefault())
	sleepSchema = schema.Of(sleepDefault())
)

// decode is raw as a D, with the defaults of its schema.
func decode[D any](s *schema.Schema, raw json.RawMessage) (data D, faults schema.Faults) {
	full, faults := s.Check(raw)
	if len(faults) > 0 {
		return data, faults
	}
	if err := s.Decode(full, &data); err != nil {
		return data, schema.Faults{{Rule: "type", Message: fmt.Sprintf("Value did not match type(s): %v", err)}}
	}
	return data, nil
}

// check is what is wrong with a prompt's data.
func (p prompt) check() (faults schema.Faults) {
	switch p.Module {
	case "play":
		_, faults = decode[playData](playSchema, p.Data)
	case "sleep":
		_, faults = decode[sleepData](sleepSchema, p.Data)
	default:
		_, faults = decode[sayData](saySchema, p.Data)
	}
	return faults
}

func checkPrompts(all []prompt) (faults schema.Faults) {
	if len(all) > maxPrompts {
		return schema.Faults{{
			Path: []string{"prompts"}, Rule: "error",
			Message: fmt.Sprintf("there must not be more than %d prompts", maxPrompts),
		}}
	}
	for i, p := range all {
		faults = append(faults, p.check().Under("prompts", strconv.Itoa(i), "data")...)
	}
	return faults
}

// prompter begins to make prompts. Close it.
func (g gatherer) prompter(ctx context.Context, s *flow.Session, all []prompt) *prompter {
	makers := make([]maker, len(all))
	for i, one := range all {
		makers[i] = func(ctx context.Context) ready { return g.make(ctx, s, one) }
	}
	return newPrompter(ctx, s, "gather.prompt", makers)
}

// make has one prompt made.
func (g gatherer) make(ctx context.Context, s *flow.Session, p prompt) (r ready) {
	switch p.Module {
	case "play":
		var d playData
		if d, r.err = decodeOr[playData](playSchema, p.Data); r.err == nil {
			r.sound, r.err = d.sound(ctx, s, g.media)
		}
	case "sleep":
		var d sleepData
		d, r.err = decodeOr[sleepData](sleepSchema, p.Data)
		r.sound = audio.Silence(d.time())
	default:
		var d sayData
		if d, r.err = decodeOr[sayData](saySchema, p.Data); r.err == nil {
			r.over = func() { d.warn(s) }
			r.sound, r.err = d.sound(ctx, s, g.voice)
		}
	}
	return r
}

func decodeOr[D any](s *schema.Schema, raw json.RawMessage) (D, error) {
	data, faults := decode[D](s, raw)
	return data, faults.Err()
}
