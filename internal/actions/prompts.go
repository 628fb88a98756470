package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// prompt is a node within another: what it says, plays or waits.
type prompt struct {
	_      struct{}        `jsonschema:"noextra"`
	Module string          `json:"module" jsonschema:"required,enum=say,enum=tts,enum=play,enum=sleep" jsonschema_description:"say, tts, play or sleep."`
	Data   json.RawMessage `json:"data,omitempty" jsonschema_description:"Its data, as of the action itself. Terminators do not count: every key ends it."`
}

// Limits of prompts: how many, and how many of them are made at a time.
const (
	maxPrompts = 100
	promptsNow = 8
)

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

// ready is a prompt that can be heard.
type ready struct {
	sound audio.Sound
	over  func() // what to tell when it was heard to its end; nil is nothing
	err   error
}

// prompter makes prompts, several at a time, and plays them in their order:
// the next ones are made while one is heard.
type prompter struct {
	s      *flow.Session
	all    []chan ready
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// prompter begins to make prompts. Close it.
func (g gatherer) prompter(ctx context.Context, s *flow.Session, all []prompt) *prompter {
	ctx, cancel := context.WithCancel(ctx)
	p := &prompter{s: s, cancel: cancel}
	for range all {
		p.all = append(p.all, make(chan ready, 1))
	}
	p.work.Go(func() {
		slots := make(chan struct{}, promptsNow)
		for i, one := range all {
			slots <- struct{}{}
			p.work.Go(func() {
				p.all[i] <- g.make(ctx, s, one)
				<-slots
			})
		}
	})
	return p
}

// close ends the making of what was not made, and waits for that.
func (p *prompter) close() {
	p.cancel()
	p.work.Wait()
}

// make has one prompt made.
func (g gatherer) make(ctx context.Context, s *flow.Session, p prompt) (r ready) {
	if ctx.Err() != nil {
		return ready{err: context.Cause(ctx)}
	}
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

// play plays all of them. One that cannot be is left out, and that is told.
func (p *prompter) play(ctx context.Context) error {
	for i, coming := range p.all {
		var r ready
		select {
		case r = <-coming:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if r.err == nil && r.sound != nil {
			_, r.err = p.s.Play(ctx, r.sound, "")
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case r.err != nil:
			text := fmt.Sprintf("prompt %d is left out: %v", i+1, r.err)
			p.s.Add(event.Warned{Code: "gather.prompt", Message: text})
		case r.over != nil:
			r.over()
		}
	}
	return nil
}
