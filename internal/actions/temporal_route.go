package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/temporal"
)

func temporalRoute(docs documents.Library, media Media, by clocks) flow.Action {
	o := openings{docs, announcer{media}, by}
	return flow.Define(flow.Def[temporalData]{
		Name:    "temporal_route",
		Summary: "Branches by the time, or switches opening hours on and off.",
		Doc: "Asks temporal rules in order and takes the child with the id of the first one that holds, else `_`. In " +
			"order are: `rules`; then the names of the other children; then the rules of `rule_set`, whose child is called " +
			"`rule_set`. The id of a set of rules may stand for a rule: its rules are asked, and the child has the set's " +
			"id. A rule that is switched on (`enabled`: true) holds at any time, one that is switched off never; neither " +
			"changes the order. Rules that are not there are told on the timeline and left out. What every rule said is on " +
			"the timeline.\n\nTimes are those of `timezone`, else of the account's `timezone`, else of the server. Windows " +
			"are by the clock on the wall, both ends in them; a window that stops before it starts goes on until that time " +
			"of the next day, and belongs to the day on which it began. A day of the month that a month does not have is " +
			"left out there, and so is a fifth weekday. Of several weekdays with an ordinal each counts by itself: the " +
			"first Monday and the first Tuesday.\n\nWith `action` the `rules` are switched instead, those of sets too, a " +
			"prompt says so, and `_` is taken. The call is not answered for that, but for `menu`, whose keys many phones " +
			"do not send before: 1 switches on, 2 off, and 3 leaves the rules to the time again. The menu ends after three " +
			"rounds without any of these (Kazoo asks for ever). If no rule could be switched, that is told, and `error`, " +
			"else `_`, is taken.",
		Branches: []string{ruleSetBranch, flow.Error},
		Examples: []flow.Example{
			{
				Says: "Holidays before opening hours; the children have the ids of the rules, and `_` is for when it is closed.",
				Data: `{"rules": ["4f6b0a1c2d3e4f5061728394a5b6c7d8", "9a8b7c6d5e4f30211203f4e5d6c7b8a9"]}`,
			},
			{
				Says: "A set of rules, by the clock of another place.",
				Data: `{"rule_set": "4f6b0a1c2d3e4f5061728394a5b6c7d8", "timezone": "America/New_York"}`,
			},
			{Says: "A feature code that closes.", Data: `{"action": "disable", "rules": ["9a8b7c6d5e4f30211203f4e5d6c7b8a9"]}`},
			{
				Says: "A feature code that asks what to do.",
				Data: `{"action": "menu", "rules": ["9a8b7c6d5e4f30211203f4e5d6c7b8a9"]}`,
			},
		},
		Run: func(ctx context.Context, s *flow.Session, d temporalData) (flow.Next, error) {
			if d.Action != "" {
				return flow.Next{}, o.act(ctx, s, d)
			}
			return o.decide(ctx, s, d)
		},
	})
}

// ruleSetBranch is the child for the rules of rule_set.
const ruleSetBranch = "rule_set"

type temporalData struct {
	Rules             []string `json:"rules" jsonschema:"default=[]" jsonschema_description:"The ids of temporal rules, or of sets of them, in the order in which they are asked."`
	RuleSet           string   `json:"rule_set,omitempty" jsonschema_description:"The id of a set of rules that is asked last."`
	Timezone          string   `json:"timezone,omitempty" jsonschema_description:"By whose clocks: Europe/Berlin. The account's if not given, or inherit."`
	Action            string   `json:"action,omitempty" jsonschema:"enum=menu,enum=enable,enum=disable,enum=reset" jsonschema_description:"Switches the rules instead of asking them."`
	InterdigitTimeout int      `json:"interdigit_timeout,omitempty" jsonschema_description:"How long menu would wait for further keys, in milliseconds; 2000 if not given. One key is enough for it."`
	flow.Skip
}

// openings asks and switches the temporal rules of an account.
type openings struct {
	docs documents.Library
	hear announcer
	clocks
}

// foundRule is a rule and its id.
type foundRule = documents.One[documents.TemporalRule]

// candidate is what may hold: a rule or a set by its id, and its child.
type candidate struct {
	child, id string
	set       bool // it must be a set
}

// candidates are in the order in which they are asked, each of them once.
func (d temporalData) candidates(children []string) (all []candidate) {
	for _, id := range slices.Concat(d.Rules, slices.DeleteFunc(slices.Clone(children), func(name string) bool {
		return name == ruleSetBranch || name == flow.Error
	})) {
		if c := (candidate{child: id, id: id}); !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	if d.RuleSet != "" {
		all = append(all, candidate{child: ruleSetBranch, id: d.RuleSet, set: true})
	}
	return all
}

// maxAsked is how many answers of rules a timeline keeps.
const maxAsked = 50

// decide takes the child of the first rule that holds.
func (o openings) decide(ctx context.Context, s *flow.Session, d temporalData) (flow.Next, error) {
	zone, whose := o.zone(ctx, s, d.Timezone)
	now := time.Now()
	said := []string{fmt.Sprintf("it is %s by %s (%s)", now.In(zone).Format("Monday 2006-01-02 15:04:05"), zone, whose)}
	for _, c := range d.candidates(s.Branches()) {
		rules, err := o.load(ctx, s, c)
		if err != nil {
			return flow.Next{}, err
		}
		for _, r := range rules {
			holds, why := rule(r.Value).At(now, zone)
			if len(said) <= maxAsked || holds {
				said = append(said, fmt.Sprintf("%q %s", r.Value.Name, why))
			}
			if holds {
				s.Add(event.Decided{Branch: c.child, Why: said})
				return flow.Take(c.child), nil
			}
		}
	}
	s.Add(event.Decided{Why: append(said, "no rule holds")})
	return flow.Next{}, nil
}

// load reads the rules of a candidate. Those that are not there, or that no
// rule can be read from, are told and left out; the error is a store's.
func (o openings) load(ctx context.Context, s *flow.Session, c candidate) ([]foundRule, error) {
	if !c.set {
		r, err := documents.TemporalRules.Get(ctx, o.docs, s.Account, c.id)
		if err == nil {
			return []foundRule{{ID: c.id, Value: r}}, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, leaveOut(s, "rule", c.id, err)
		}
	}
	set, err := documents.TemporalRuleSets.Get(ctx, o.docs, s.Account, c.id)
	if err != nil {
		return nil, leaveOut(s, "rule or set of rules", c.id, err)
	}
	var all []foundRule
	for _, id := range set.Rules {
		r, err := documents.TemporalRules.Get(ctx, o.docs, s.Account, id)
		if err == nil {
			all = append(all, foundRule{ID: id, Value: r})
		} else if err := leaveOut(s, fmt.Sprintf("rule of the set %q", set.Name), id, err); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// leaveOut tells that a rule is not there or not one. Any other error is
// returned.
func leaveOut(s *flow.Session, what, id string, err error) error {
	_, broken := errors.AsType[schema.Faults](err)
	_, unfit := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case errors.Is(err, store.ErrNotFound):
		text := fmt.Sprintf("the temporal %s %s is left out: there is none", what, id)
		s.Add(event.Warned{Code: "rule.missing", Message: text})
	case broken, unfit:
		s.Add(event.Warned{Code: "rule.invalid", Message: fmt.Sprintf("the temporal %s %s is left out: %v", what, id, err)})
	default:
		return flow.Fail("rule.unread", fmt.Errorf("read the temporal %s %s: %w", what, id, err))
	}
	return nil
}

// rule is a document as the rules of time know it.
func rule(d documents.TemporalRule) temporal.Rule {
	r := temporal.Rule{
		Cycle: d.Cycle, Interval: d.Interval, Start: gregorian.Time(d.StartDate), Days: d.Days,
		Ordinal: d.Ordinal, Month: time.Month(d.Month), To: temporal.Day, Enabled: d.Enabled,
	}
	if d.EndDate > 0 {
		r.End = gregorian.Time(d.EndDate)
	}
	for _, name := range d.Weekdays {
		if day, ok := temporal.Weekday(name); ok { // the schema has no other
			r.Weekdays = append(r.Weekdays, day)
		}
	}
	if d.Start != nil {
		r.From = *d.Start
	}
	if d.Stop != nil {
		r.To = *d.Stop
	}
	return r
}
