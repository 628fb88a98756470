package actions

import (
	"cmp"
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

const dynamicCIDDoc = "" +
	"For a callflow with a pattern, such as `^\\*212([0-9]*)$`: the caller dials a code, then the number. What is " +
	"played is heard as early media; the call is taken only to tell that a number is refused.\n\n" +
	"`manual` asks for the number to show: `min_digits` to `max_digits` keys that match `whitelist_regex`. A tone says " +
	"that it is taken; with anything else the caller id stays as it is, which the caller is told. `static` shows " +
	"`caller_id` without asking. Either goes on with `_`, and to the number that was captured, if there is one.\n\n" +
	"`list` and `lists` look at the first digits of what was captured: they choose an entry of the list `id`, whose " +
	"`name` and `number` are shown, and the digits behind them are the number to call. Entries are the list's entry " +
	"documents (`capture_group_key`, of `capture_group_length` digits, 2 if not given) and those in `entries` of the " +
	"list itself (by key, of `length` digits). With `idx_name` the key is the pattern's group of that name instead, " +
	"and what was captured is all of the number. Then the callflow of the number runs, then `_`: the account's " +
	"`no_match` callflow, and any other only with `permit_custom_callflow`. No digits behind the key take `_` at once. " +
	"A number of a class that the account denies (`call_restriction`) is refused, unless `enforce_call_restriction` is " +
	"false: the call is taken, the caller is told, and it is hung up. Without anything captured they do as `manual`; " +
	"where the list or the entry is missing, or nothing answers the number, the caller is told and the flow stops."

func dynamicCID(docs documents.Library, flows Finder, media Media) flow.Action {
	return flow.Define(flow.Def[dynamicCIDData]{
		Name:     "dynamic_cid",
		Summary:  "Chooses the number that this call shows to others.",
		Doc:      dynamicCIDDoc,
		Default:  dynamicCIDData{Enforce: true},
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "The caller types the number to show.", Data: `{"min_digits": 10, "max_digits": 11}`},
			{Says: "Always the same.", Data: `{"action": "static",
				"caller_id": {"name": "Acme", "number": "+14155550100"}}`},
			{Says: "Two digits of the number dialled choose it from a list.", Data: `{"action": "lists",
				"id": "7d3a1b5c9e8f4a2d8b6c0e1f2a3b4c5d", "permit_custom_callflow": true}`},
		},
		Run: func(ctx context.Context, s *flow.Session, data dynamicCIDData) (flow.Next, error) {
			c := cidChoice{announcer{media}, s, docs, flows, data}
			number := s.Captured[""]
			switch {
			case data.Action == "static":
				c.show(c.static())
				c.on(number)
				return flow.Next{}, nil
			case number != "" && (data.Action == "list" || data.Action == "lists"):
				return c.fromList(ctx, number)
			}
			if err := c.manual(ctx); err != nil {
				return flow.Next{}, err
			}
			c.on(number)
			return flow.Next{}, nil
		},
	})
}

type dynamicCIDData struct {
	Action            string   `json:"action,omitempty" jsonschema:"enum=list,enum=lists,enum=manual,enum=static" jsonschema_description:"How it is chosen; manual if not given."`
	ID                string   `json:"id,omitempty" jsonschema_description:"The list, for list and lists."`
	IndexName         string   `json:"idx_name,omitempty" jsonschema_description:"The named group of the callflow's pattern that is the key of an entry."`
	CallerID          cidParty `json:"caller_id,omitzero" jsonschema_description:"What static shows; what is not given stays."`
	MediaID           string   `json:"media_id,omitempty" jsonschema_description:"What manual asks with, as in play; the prompt dynamic-cid-enter_cid if not given."`
	MinDigits         int      `json:"min_digits,omitempty" jsonschema_description:"How many keys are too few; 10 if not given."`
	MaxDigits         int      `json:"max_digits,omitempty" jsonschema_description:"How many keys are enough; 10 if not given."`
	Whitelist         string   `json:"whitelist_regex,omitempty" jsonschema_description:"A regular expression of the numbers that may be shown; \\d+ if not given."`
	InterdigitTimeout int      `json:"interdigit_timeout,omitempty" jsonschema_description:"How long to wait for each further key, in milliseconds; 2000 if not given."`
	Enforce           bool     `json:"enforce_call_restriction" jsonschema_description:"Refuse numbers that the account may not call."`
	PermitCustom      bool     `json:"permit_custom_callflow" jsonschema:"default=false" jsonschema_description:"Run any callflow that answers the number, not only the one for everything else."`
	flow.Skip
}

type cidParty struct {
	Name   string `json:"name,omitempty" jsonschema_description:"The name to show."`
	Number string `json:"number,omitempty" jsonschema_description:"The number to show."`
}

// cidDigits is how many keys a number has where the data does not say.
const cidDigits = 10

// cidChoice is one caller who chooses.
type cidChoice struct {
	announcer
	s     *flow.Session
	docs  documents.Library
	flows Finder
	data  dynamicCIDData
}

func (c cidChoice) show(p cidParty) { c.s.SetCaller(flow.Party{Name: p.Name, Number: p.Number}) }

// static is what the data says, and the rest as it was.
func (c cidChoice) static() cidParty {
	now := c.s.KnownCaller()
	return cidParty{
		Name: cmp.Or(c.data.CallerID.Name, now.Name), Number: cmp.Or(c.data.CallerID.Number, now.Number),
	}
}

// on makes the number that was dialled behind the code, if any was, the one
// that the call is on its way to.
func (c cidChoice) on(number string) {
	if number != "" {
		redirect(c.s, number)
	}
}

// manual asks for a number, and shows it if it may be shown.
func (c cidChoice) manual(ctx context.Context) error {
	if err := earlyMedia(ctx, c.s); err != nil {
		return err
	}
	got, err := c.s.Gather(ctx, flow.Gather{Name: "caller_id", Collect: call.Collect{
		Max: c.most(), Terminators: "#", First: collectTimeout,
		Between: pauseOr(c.data.InterdigitTimeout, interdigit*time.Millisecond), Prompt: c.question,
	}})
	switch {
	case err != nil:
		return err
	case !c.takes(got.Keys):
		return c.prompt(ctx, c.s, "dynamic-cid-invalid_using_default")
	}
	c.show(cidParty{Name: c.s.KnownCaller().Name, Number: got.Keys})
	accepted := audio.Sequence(audio.Tone(250*time.Millisecond, 440), audio.Silence(50*time.Millisecond))
	_, err = c.s.Play(ctx, audio.Named(accepted, "accepted"), "")
	return audible(ctx, c.s, err)
}

// question is a tenth of a second of nothing, for phones that open their ears
// late, and what asks for a number.
func (c cidChoice) question(ctx context.Context) error {
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	_, err := c.play(ctx, c.s, "", cmp.Or(c.data.MediaID, promptRef(c.s, "dynamic-cid-enter_cid")))
	return err
}

// most is how many keys are enough: never fewer than are needed.
func (c cidChoice) most() int { return max(c.least(), cmp.Or(max(c.data.MaxDigits, 0), cidDigits)) }

func (c cidChoice) least() int { return cmp.Or(max(c.data.MinDigits, 0), cidDigits) }

// takes says whether a number may be shown.
func (c cidChoice) takes(number string) bool {
	return len(number) >= c.least() && fits(c.s, "whitelist_regex", cmp.Or(c.data.Whitelist, `\d+`), number)
}

// fromList shows what an entry of the list says and calls the rest.
func (c cidChoice) fromList(ctx context.Context, dialled string) (flow.Next, error) {
	entries, err := c.entries(ctx)
	if err != nil {
		return flow.Next{}, err
	}
	shown, number, ok := c.choose(entries, dialled)
	if !ok {
		c.s.Add(event.Warned{
			Code: "dynamic_cid.no_entry",
			Message: "the list " + event.Clip(c.data.ID, event.Short) + " has no entry for " +
				event.Clip(dialled, event.Short),
		})
		return c.sorry(ctx, "fault-can_not_be_completed_as_dialed")
	}
	c.show(shown)
	if number == "" {
		return flow.Next{}, nil
	}
	return c.call(ctx, number)
}

// choose is the entry that is chosen, and the number that is left to call.
func (c cidChoice) choose(entries []cidEntry, dialled string) (cidParty, string, bool) {
	for _, e := range entries {
		key, number := c.s.Captured[c.data.IndexName], dialled
		if c.data.IndexName == "" {
			if len(dialled) < e.length {
				continue
			}
			key, number = dialled[:e.length], dialled[e.length:]
		}
		if key == e.key && key != "" {
			return e.cidParty, number, true
		}
	}
	return cidParty{}, "", false
}

// call runs the callflow of a number.
func (c cidChoice) call(ctx context.Context, number string) (flow.Next, error) {
	if c.data.Enforce {
		doc, err := account(ctx, c.s, c.docs)
		if err != nil {
			return flow.Next{}, err
		}
		if forbidden(doc, number) {
			return c.unauthorised(ctx, c.s, number)
		}
	}
	found, err := seek(ctx, c.s, c.flows, number, true)
	switch {
	case err != nil:
		return flow.Next{}, err
	case found == nil || !found.NoMatch && !c.data.PermitCustom:
		return c.sorry(ctx, "disa-invalid_extension")
	}
	redirect(c.s, found.Number)
	return found.enter(c.s), nil
}

// sorry tells the caller that it leads nowhere, and stops the flow.
func (c cidChoice) sorry(ctx context.Context, prompt string) (flow.Next, error) {
	if err := earlyMedia(ctx, c.s); err != nil {
		return flow.Next{}, err
	}
	return flow.Stop, c.prompt(ctx, c.s, prompt)
}
