package flow

import (
	"cmp"
	"context"
	"maps"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// Default is the collection of keys that nobody gave a name.
const Default = "default"

// Session is a call as its actions see it. Its fields and methods are used by
// the one goroutine that runs the flow, unless said otherwise.
type Session struct {
	Leg      call.Leg
	Account  string // the account the call belongs to
	Language string // of prompts and speech, "en-us"
	Base     string // the URL the running program came from; "" if it was stored
	// Request is the number that the call is on its way to: the one that was
	// dialled until an action, such as disa, takes another.
	Request string
	Vars    map[string]string // what set_variables has set: Kazoo's custom application variables
	// Channel are what set_variable has set: Kazoo's custom channel variables.
	Channel map[string]string
	// KVS is the call's store of keys and values, which kvs_set fills.
	KVS map[string]string
	// Outcome is what became of the caller; actions fill it in.
	Outcome Outcome
	// Exported are the names in Vars and Channel that go on to the legs that
	// this call dials.
	Exported map[string]bool
	// Captured are the capture groups of the pattern that matched the number:
	// "" is the whole of Kazoo's capture_group, the others are named.
	Captured map[string]string

	engine      *Engine
	heard       int // steps so far that were not Silent
	log         event.Log
	node        *Node // that runs
	answered    bool
	answering   []func() // what to do then
	typed       typeAhead
	collections map[string]string
	carried     bool // a webhook carried the default collection
	told        map[string]string
	values      map[any]any
	held        []func()               // what to give back at the end
	atEnd       []func(why call.Cause) // what the end is told to
	callers     callers

	mu      sync.Mutex
	warned  map[event.Warned]bool // what explain has said
	hushed  bool                  // no key is told
	step    string
	cancel  context.CancelCauseFunc // of the running step
	pending *interruption
	over    bool // too late to interrupt
}

// Party is one end of a call, as people are told of it.
type Party struct{ Name, Number string }

func (e *Engine) newSession(leg call.Leg, start Start) *Session {
	i := leg.Info()
	s := &Session{
		engine: e, Leg: leg, Account: start.Account, Language: start.Language,
		callers: callers{known: Party{Name: i.CallerName, Number: i.CallerNumber}}, Request: i.Request,
		Vars: map[string]string{}, Channel: map[string]string{}, Exported: map[string]bool{},
		KVS:      map[string]string{},
		Captured: maps.Clone(start.Captured), log: e.log,
		// A call by us is run once its far end has answered.
		answered:    i.Direction == call.Outbound,
		collections: map[string]string{}, values: map[any]any{}, warned: map[event.Warned]bool{},
	}
	if s.Language == "" {
		s.Language = "en-us"
	}
	return s
}

// longestMessage is how many characters of a message a timeline keeps: there
// may be data of a callflow in it.
const longestMessage = 1000

// Add puts a fact in the call's log, under the running step. Safe from any
// goroutine.
func (s *Session) Add(what event.Fact) {
	switch f := what.(type) {
	case event.Warned:
		f.Message = event.Clip(f.Message, longestMessage)
		what = f
	case event.Failed:
		f.Message = event.Clip(f.Message, longestMessage)
		what = f
	}
	s.mu.Lock()
	step := s.step
	s.mu.Unlock()
	s.log.Add(event.Event{At: time.Now(), Call: s.Leg.Info().ID, Step: step, What: what})
}

// explain is Add for what comes from beneath an action. A warning is said once
// in a call, however often its reason comes up. Safe from any goroutine.
func (s *Session) explain(what event.Fact) {
	if w, ok := what.(event.Warned); ok {
		s.mu.Lock()
		again := s.warned[w]
		s.warned[w] = true
		s.mu.Unlock()
		if again {
			return
		}
	}
	s.Add(what)
}

// Later is Add for what comes back after the step is over, or the call: its
// facts are put under the step that runs now. Safe from any goroutine.
func (s *Session) Later() func(event.Fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, id, step := s.log, s.Leg.Info().ID, s.step
	return func(what event.Fact) { log.Add(event.Event{At: time.Now(), Call: id, Step: step, What: what}) }
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
	for _, do := range s.answering {
		do()
	}
	s.answering = nil
	return nil
}

// OnAnswer has do done as soon as the call is answered: now, if it was.
func (s *Session) OnAnswer(do func()) {
	if s.answered {
		do()
		return
	}
	s.answering = append(s.answering, do)
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

// Collect gathers keys into the collection called name ("" is Default), the
// type-ahead first; what c says of Ahead is ignored. Keys that were typed
// ahead and not needed stay for the next. If it fails nothing is stored.
func (s *Session) Collect(ctx context.Context, name string, c call.Collect) (call.Digits, error) {
	if name == "" {
		name = Default
	}
	keys, stop := s.typed.listen(true)
	defer stop()
	c.Ahead = s.typed.take()
	got, err := c.From(ctx, asker{s, keys})
	if err != nil {
		s.typed.unread(got.Keys)
		return call.Digits{}, err
	}
	s.typed.unread(got.Rest)
	s.SetCollection(name, got.Keys)
	s.Add(event.Collected{Name: name, Digits: s.discreet(got.Keys), By: got.By})
	return got, nil
}

// Gather is a wish for keys that are kept nowhere: whoever gathers them tells
// a web server, or looks at them.
type Gather struct {
	call.Collect
	Name  string // what it is called on the timeline; "" is "gather"
	Fresh bool   // what was typed ahead is forgotten first
	Deaf  bool   // no key counts; those that are pressed stay type-ahead
	// Secret are keys that the timeline must not have, such as a PIN. No single
	// key is told then, and what was gathered is unless it is these.
	Secret string
}

// Gather gathers keys like Collect, but into no collection.
func (s *Session) Gather(ctx context.Context, g Gather) (call.Digits, error) {
	if g.Fresh {
		s.typed.take()
	}
	if g.Deaf {
		return g.From(ctx, asker{s: s})
	}
	if g.Secret != "" {
		defer s.Hush()(true)
	}
	keys, stop := s.typed.listen(true)
	defer stop()
	g.Ahead = s.typed.take()
	got, err := g.From(ctx, asker{s, keys})
	if err != nil {
		s.typed.unread(got.Keys)
		return call.Digits{}, err
	}
	s.typed.unread(got.Rest)
	told := s.discreet(got.Keys)
	if g.Secret != "" && got.Keys != g.Secret {
		told = got.Keys
	}
	s.Add(event.Collected{Name: cmp.Or(g.Name, "gather"), Digits: told, By: got.By})
	return got, nil
}

// asker is the session as a collection needs it: its prompts are on the
// timeline, its keys are those that listen took.
type asker struct {
	s    *Session
	keys <-chan call.Key
}

func (a asker) Play(ctx context.Context, sound audio.Sound) error {
	_, err := a.s.Play(ctx, sound, "")
	return err
}

func (a asker) Keys() (<-chan call.Key, func()) { return a.keys, func() {} }

// Record records the leg into to. The keys pressed meanwhile are no
// type-ahead.
func (s *Session) Record(ctx context.Context, r call.Record, to audio.Sink) (call.Recording, error) {
	return r.From(ctx, recorder{s.Leg, s}, to)
}

// recorder is the session as a recording needs it.
type recorder struct {
	call.Leg
	s *Session
}

// Keys takes the keys from the type-ahead.
func (r recorder) Keys() (<-chan call.Key, func()) { return r.s.typed.listen(false) }

// Collection is what was collected under name, "" if nothing. The collection
// Default is, until something is collected into it, the type-ahead.
func (s *Session) Collection(name string) string {
	if got := s.collections[name]; got != "" || name != Default {
		return got
	}
	return s.typed.peek()
}

// SetCollection keeps digits under name.
func (s *Session) SetCollection(name, digits string) { s.collections[name] = digits }

// DeleteCollection forgets what was collected under name; for Default the
// type-ahead too.
func (s *Session) DeleteCollection(name string) {
	delete(s.collections, name)
	if name == Default {
		s.typed.take()
	}
}

// Collections is a copy of all that was collected and is not empty, for a
// webhook to carry; call Sent once it was sent.
func (s *Session) Collections() map[string]string {
	out := map[string]string{}
	for k, v := range s.collections {
		if v != "" {
			out[k] = v
		}
	}
	s.carried = out[Default] != ""
	if ahead := s.typed.report(!s.carried); ahead != "" {
		out[Default] = ahead
	}
	return out
}

// Sent says that the last Collections reached a web server: the default
// collection that it carried is used up, so that no key is reported twice.
// Named collections stay, and so do keys pressed since.
func (s *Session) Sent() {
	if s.carried {
		delete(s.collections, Default)
		s.carried = false
	}
	s.typed.drop()
	s.told = nil
}

// Value is what SetValue kept under key for this call, nil if nothing: the
// place for a dialect's or an action's own state (key is a private type).
func (s *Session) Value(key any) any { return s.values[key] }

// SetValue keeps v for the rest of the call.
func (s *Session) SetValue(key, v any) { s.values[key] = v }

// Heard is how many steps so far took some of the caller's time: those of
// actions that are not Silent.
func (s *Session) Heard() int { return s.heard }

// enter makes step the one that facts belong to.
func (s *Session) enter(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step = step
}

// begin gives a step a context that Interrupt can end. The function it
// returns ends the step and says whether it was interrupted.
func (s *Session) begin(ctx context.Context) (context.Context, func() *interruption) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
	if s.pending != nil {
		cancel(s.pending)
	}
	return ctx, func() *interruption {
		s.mu.Lock()
		defer s.mu.Unlock()
		cancel(nil)
		i := s.pending
		s.cancel, s.pending = nil, nil
		return i
	}
}

// interrupt takes the flow to next and reports whether it still runs.
func (s *Session) interrupt(next Next) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.pending = &interruption{next}
	if s.cancel != nil {
		s.cancel(s.pending)
	}
	return true
}

// close ends the flow for interruptions, unless one came in at the last
// moment.
func (s *Session) close() *interruption {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.pending
	s.pending, s.over = nil, i == nil
	return i
}
