package flow

import (
	"context"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// Session is a call as its actions see it. Its fields and methods are used by
// the one goroutine that runs the flow, unless said otherwise.
type Session struct {
	Leg      call.Leg
	Account  string            // the account the call belongs to
	Language string            // of prompts and speech, "en-us"
	Base     string            // the URL the running program came from; "" if it was stored
	Vars     map[string]string // what set_variables has set
	// Captured are the capture groups of the pattern that matched the number:
	// "" is the whole of Kazoo's capture_group, the others are named.
	Captured map[string]string

	log         event.Log
	step        string
	answered    bool
	typed       typeAhead
	collections map[string]string
	values      map[any]any

	mu      sync.Mutex
	cancel  context.CancelCauseFunc // of the running step
	pending *interruption
}

// Add puts a fact in the call's log, under the running step.
func (s *Session) Add(what event.Fact) {
	s.log.Add(event.Event{At: time.Now(), Call: s.Leg.Info().ID, Step: s.step, What: what})
}

// Answer answers the call, once.
func (s *Session) Answer(ctx context.Context) error {
	if s.answered {
		return nil
	}
	if err := s.Leg.Answer(ctx); err != nil {
		return err
	}
	s.answered = true
	return nil
}

// Answered says whether the call was answered.
func (s *Session) Answered() bool { return s.answered }

// Play plays sound and puts both ends of it on the timeline. One of the keys
// in terminators cuts it short and is returned; every key pressed meanwhile,
// that one too, is kept as type-ahead.
func (s *Session) Play(ctx context.Context, sound audio.Sound, terminators string) (cut string, err error) {
	s.Add(event.Playing{Sound: sound.String()})
	began := time.Now()
	cut, err = s.typed.during(ctx, terminators, func(ctx context.Context) error { return s.Leg.Play(ctx, sound) })
	f := event.Played{Sound: sound.String(), Cut: cut, Took: event.Millis(time.Since(began))}
	if err != nil {
		f.Err = err.Error()
	}
	s.Add(f)
	return cut, err
}

// Collection is what was collected under name, "" if nothing. The collection
// "default" is, until something is collected into it, the type-ahead.
func (s *Session) Collection(name string) string { return s.collections[name] }

// SetCollection keeps digits under name.
func (s *Session) SetCollection(name, digits string) { s.collections[name] = digits }

// DeleteCollection forgets what was collected under name; for "default" the
// type-ahead too.
func (s *Session) DeleteCollection(name string) { delete(s.collections, name) }

// Collections is a copy of all that was collected and is not empty.
func (s *Session) Collections() map[string]string {
	out := map[string]string{}
	for k, v := range s.collections {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// Value is what SetValue kept under key for this call, nil if nothing: the
// place for a dialect's or an action's own state (key is a private type).
func (s *Session) Value(key any) any { return s.values[key] }

// SetValue keeps v for the rest of the call.
func (s *Session) SetValue(key, v any) { s.values[key] = v }

// typeAhead keeps the keys that were pressed while nobody collected.
type typeAhead struct{}

func (*typeAhead) during(ctx context.Context, _ string, do func(context.Context) error) (string, error) {
	return "", do(ctx)
}
