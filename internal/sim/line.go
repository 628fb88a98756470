package sim

import (
	"context"
	"errors"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// Line is a way to a real server.
type Line interface {
	// Dial calls c.To, which the server answers with c.Program, and returns
	// once it was answered, or refused: with a leg that is over then. What
	// happens at the server goes to log, until its Ended.
	Dial(ctx context.Context, c Call, log event.Log) (call.Leg, error)
}

// lastFacts is how long the server may take to tell that a call is over.
const lastFacts = 10 * time.Second

// Over takes the call over a line, in real time.
func (c Call) Over(ctx context.Context, line Line) (Result, error) {
	s := newScene(c.Tell)
	began := time.Now()
	leg, err := line.Dial(ctx, c, s)
	if err != nil {
		return Result{}, err
	}
	limit := c.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	live, cancel := call.Context(ctx, leg)
	defer cancel()
	r := &running{}
	p := &person{
		hands: handset{live, leg}, scene: s, ended: live.Done(), limit: timer.C, settle: func() { calm(s) },
		steps: c.Steps, said: c.Did, speech: &r.speech, since: began,
	}
	r.result.Undone = p.live()
	r.result.Done = p.done
	if err := ctx.Err(); err != nil {
		_ = leg.Hangup(context.WithoutCancel(ctx), call.Normal) // ctx is why it failed
		return r.result, context.Cause(ctx)
	}
	if !s.wait(lastFacts) {
		err = errors.New("the server did not say that the call is over")
	}
	r.keep(s, began)
	return r.result, err
}

// wait waits until the scene is over.
func (s *scene) wait(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for !s.isOver() {
		select {
		case <-s.changed:
		case <-timer.C:
			return false
		}
	}
	return true
}

func (s *scene) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// handset is the hands of a person on a real line.
type handset struct {
	ctx context.Context //nolint:containedctx // ends with the call, as does all that a person does on it
	leg call.Leg
}

// Press implements hands. A key that cannot be pressed is one of a call that
// is over, which the person sees for themselves.
func (h handset) Press(keys string) {
	for _, k := range keys {
		_ = h.leg.SendKeys(h.ctx, string(k), 100*time.Millisecond)
		_ = h.leg.SendKeys(h.ctx, "w", 100*time.Millisecond)
	}
}

// Say implements hands.
func (h handset) Say(text string) { _ = h.leg.Play(h.ctx, voiceOf(text)) }

// Drop implements hands.
func (h handset) Drop() { _ = h.leg.Hangup(context.WithoutCancel(h.ctx), call.Normal) }
