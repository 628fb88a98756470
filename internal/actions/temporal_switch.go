package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
)

// turn is a way to switch rules.
type turn struct {
	to     any    // the rules' new "enabled"; nil takes it away
	what   string // as a timeline tells it
	prompt string // that says so
}

// turns are the actions but for menu.
var turns = map[string]turn{
	"enable":  {true, "enabled is true", "temporal-marked_enabled"},
	"disable": {false, "enabled is false", "temporal-marked_disabled"},
	"reset":   {nil, "enabled is not set", "temporal-marker_reset"},
}

// menuRounds is how often menu asks without getting a choice.
const menuRounds = 3

// act switches the rules, or asks how.
func (o openings) act(ctx context.Context, s *flow.Session, d temporalData) error {
	action := d.Action
	if action == "menu" {
		var err error
		if action, err = o.menu(ctx, s, d); err != nil || action == "" {
			return err
		}
	}
	t := turns[action]
	if err := o.turn(ctx, s, d.Rules, t); err != nil {
		return err
	}
	if !s.Answered() {
		if err := earlyMedia(ctx, s); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			s.Add(event.Warned{Code: "prompt.missing", Message: "not said: " + err.Error()})
			return nil
		}
	}
	return o.hear.prompt(ctx, s, t.prompt)
}

// menu asks which way to switch; "" is that nobody said so.
func (o openings) menu(ctx context.Context, s *flow.Session, d temporalData) (string, error) {
	if err := s.Answer(ctx); err != nil {
		return "", flow.Fail("answer.failed", err)
	}
	for range menuRounds {
		got, err := s.Gather(ctx, flow.Gather{Collect: call.Collect{
			Max: 1, First: collectTimeout, Between: pauseOr(d.InterdigitTimeout, interdigit*time.Millisecond),
			Prompt: func(ctx context.Context) error { return o.hear.prompt(ctx, s, "temporal-menu") },
		}})
		if err != nil {
			return "", err
		}
		if action := map[string]string{"1": "enable", "2": "disable", "3": "reset"}[got.Keys]; action != "" {
			return action, nil
		}
	}
	text := fmt.Sprintf("nothing was switched: no choice in %d rounds", menuRounds)
	s.Add(event.Warned{Code: "menu.no_choice", Message: text})
	return "", nil
}

// turn switches every rule, each of them once. Once it has begun it goes to
// its end, whether the caller is there or not.
func (o openings) turn(ctx context.Context, s *flow.Session, ids []string, t turn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), switchWithin)
	defer cancel()
	done := map[string]bool{}
	for _, c := range (temporalData{Rules: ids}).candidates(nil) {
		rules, err := o.load(ctx, s, c)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if done[r.ID] {
				continue
			}
			change := resource.Object{"enabled": t.to}
			if err := documents.TemporalRules.Patch(ctx, o.docs, s.Account, r.ID, change); err != nil {
				return flow.Fail("rule.unwritten", fmt.Errorf("switch the temporal rule %q: %w", r.Value.Name, err))
			}
			done[r.ID] = true
			s.Add(event.Changed{Type: documents.TemporalRules.Type, ID: r.ID, Name: r.Value.Name, What: t.what})
		}
	}
	if len(done) == 0 {
		return flow.Fail("rule.missing", errors.New("there is no temporal rule to switch"))
	}
	return nil
}

// switchWithin is how long the store may take to switch rules.
const switchWithin = 10 * time.Second
