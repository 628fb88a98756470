package actions

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// Limits of what is played in a row: how much, and how much of it is made at a
// time.
const (
	maxPrompts = 100
	promptsNow = 8
)

// ready is something that can be heard.
type ready struct {
	sound audio.Sound
	keys  string // those that end all of what is played
	over  func() // what to tell when it was heard to its end; nil is nothing
	err   error
}

// maker makes one of the things to be heard.
type maker func(ctx context.Context) ready

// prompter has things made, several at a time, and plays them in their order:
// the next ones are made while one is heard.
type prompter struct {
	s      *flow.Session
	code   string // of what cannot be heard, on timelines
	all    []chan ready
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// newPrompter begins to have all of it made. Close it.
func newPrompter(ctx context.Context, s *flow.Session, code string, all []maker) *prompter {
	ctx, cancel := context.WithCancel(ctx)
	p := &prompter{s: s, code: code, cancel: cancel}
	for range all {
		p.all = append(p.all, make(chan ready, 1))
	}
	p.work.Go(func() {
		slots := make(chan struct{}, promptsNow)
		for i, one := range all {
			slots <- struct{}{}
			p.work.Go(func() {
				p.all[i] <- one.make(ctx)
				<-slots
			})
		}
	})
	return p
}

// make is not begun once nobody wants it any more.
func (m maker) make(ctx context.Context) ready {
	if ctx.Err() != nil {
		return ready{err: context.Cause(ctx)}
	}
	return m(ctx)
}

// close ends the making of what was not made, and waits for that.
func (p *prompter) close() {
	p.cancel()
	p.work.Wait()
}

// play plays all of it, until one of its keys is pressed. What cannot be heard
// is left out, told and counted.
func (p *prompter) play(ctx context.Context) (left int, err error) {
	for i, coming := range p.all {
		var r ready
		select {
		case r = <-coming:
		case <-ctx.Done():
			return left, context.Cause(ctx)
		}
		cut := ""
		if r.err == nil && r.sound != nil {
			cut, r.err = p.s.Play(ctx, r.sound, r.keys)
		}
		switch {
		case ctx.Err() != nil:
			return left, context.Cause(ctx)
		case errors.Is(r.err, call.ErrHungup):
			return left, r.err
		case r.err != nil:
			text := fmt.Sprintf("prompt %d is left out: %v", i+1, r.err)
			p.s.Add(event.Warned{Code: p.code, Message: text})
			left++
		case cut != "":
			return left, nil
		case r.over != nil:
			r.over()
		}
	}
	return left, nil
}
