package actions

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
)

const disaDoc = "" +
	"Takes the call first. With a `pin` the caller is asked for it, `retries` times at most; then the flow stops. " +
	"What is typed is not on the timeline, and no web server is told. After a dial tone (or a ringing tone) the " +
	"caller types a number, which `#` ends. It is looked up as if it had been dialled, the account's `no_match` " +
	"callflow included, and its callflow runs, then `_`. Web servers are told the new number as `Request`.\n\n" +
	"A number that nothing answers is told and uses up one of the `retries`, and so does no number at all. Once they " +
	"are used up `_` is taken. Calls that go on from there show the account's own number " +
	"(`caller_id.external` of the account), unless `use_account_caller_id` is false. With " +
	"`enforce_call_restriction` a number of a class that the account denies (`call_restriction`) is refused, and the " +
	"call hung up.\n\n" +
	"Have a PIN of many digits: whoever knows it makes calls in your name."

func disa(accounts Accounts, flows Finder, media Media) flow.Action {
	return flow.Define(flow.Def[disaData]{
		Name:     "disa",
		Summary:  "Lets a caller from outside dial as if from inside.",
		Doc:      disaDoc,
		Default:  disaData{Retries: 3, MaxDigits: 15, Audio: "dialtone"},
		Needs:    flow.Answer,
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "With a PIN.", Data: `{"pin": "730514"}`},
			{Says: "Only what the account may call, and with the caller's own number.", Data: `{"pin": "730514",
				"enforce_call_restriction": true, "use_account_caller_id": false}`},
			{Says: "Extensions, after two rings.", Data: `{"preconnect_audio": "ringing", "ring_repeat_count": 2,
				"max_digits": 4}`},
		},
		Run: func(ctx context.Context, s *flow.Session, data disaData) (flow.Next, error) {
			c := disaCall{announcer{media}, s, accounts, flows, data}
			knows, err := c.knowsPIN(ctx)
			switch {
			case err != nil:
				return flow.Next{}, err
			case !knows:
				return flow.Stop, c.prompt(ctx, s, "disa-retries_exceeded")
			}
			return c.dial(ctx)
		},
	})
}

type disaData struct {
	PIN               string `json:"pin" jsonschema:"default=" jsonschema_description:"What the caller must type first; nothing if empty."`
	Retries           int    `json:"retries" jsonschema_description:"How often the caller may try, the PIN and the number each."`
	Interdigit        int    `json:"interdigit,omitempty" jsonschema_description:"How long to wait for each further key, in milliseconds; 2000 if not given."`
	MaxDigits         int    `json:"max_digits" jsonschema_description:"How many keys of a number are enough."`
	Audio             string `json:"preconnect_audio" jsonschema:"enum=dialtone,enum=ringing" jsonschema_description:"What the caller hears before the number: a dial tone of ten seconds, or ringing."`
	Rings             int    `json:"ring_repeat_count" jsonschema:"default=1" jsonschema_description:"How often it rings, six seconds each."`
	AccountCallerID   *bool  `json:"use_account_caller_id,omitempty" jsonschema_description:"Show the account's own number in calls that go on from here; true if not given."`
	EnforceRestricted bool   `json:"enforce_call_restriction" jsonschema:"default=false" jsonschema_description:"Refuse numbers that the account may not call."`
	flow.Skip
}

// leastPIN is how many keys of a PIN are taken at least.
const leastPIN = 10

// disaCall is one caller who dials on.
type disaCall struct {
	announcer
	s        *flow.Session
	accounts Accounts
	flows    Finder
	data     disaData
}

// knowsPIN asks for the PIN as often as it may be tried.
func (c disaCall) knowsPIN(ctx context.Context) (known bool, err error) {
	if c.data.PIN == "" {
		return true, nil
	}
	stop := c.s.Hush()
	defer func() { stop(known) }()
	for range c.data.Retries {
		keys, err := c.ask(ctx, "pin", max(leastPIN, len(c.data.PIN)), func(ctx context.Context) error {
			return c.prompt(ctx, c.s, "disa-enter_pin")
		})
		if err != nil {
			return false, err
		}
		if subtle.ConstantTimeCompare([]byte(keys), []byte(c.data.PIN)) == 1 {
			return true, nil
		}
		if err := c.prompt(ctx, c.s, "disa-invalid_pin"); err != nil {
			return false, err
		}
	}
	return false, nil
}

// ask gathers keys, at most as many, after a prompt.
func (c disaCall) ask(ctx context.Context, name string, most int, prompt func(context.Context) error) (string, error) {
	got, err := c.s.Gather(ctx, flow.Gather{Name: name, Collect: call.Collect{
		Max: max(most, 1), Terminators: "#", First: collectTimeout,
		Between: pauseOr(c.data.Interdigit, interdigit*time.Millisecond), Prompt: prompt,
	}})
	return got.Keys, err
}

// dial asks for a number, as often as it may be tried, and goes there.
func (c disaCall) dial(ctx context.Context) (flow.Next, error) {
	for range c.data.Retries {
		number, err := c.ask(ctx, "disa", c.data.MaxDigits, func(ctx context.Context) error {
			_, err := c.s.Play(ctx, c.data.tone(), "")
			return audible(ctx, c.s, err)
		})
		if err != nil {
			return flow.Next{}, err
		}
		if number == "" {
			continue
		}
		found, err := seek(ctx, c.s, c.flows, number, true)
		switch {
		case err != nil:
			return flow.Next{}, err
		case found != nil:
			return c.connect(ctx, found)
		}
		if err := c.prompt(ctx, c.s, "disa-invalid_extension"); err != nil {
			return flow.Next{}, err
		}
	}
	return flow.Next{}, nil
}

// tone is what is heard before the number.
func (d disaData) tone() audio.Sound {
	if d.Audio == "ringing" {
		return audio.Named(audio.Ringback(max(d.Rings, 1)), "ringing")
	}
	return audio.Named(audio.Loop(audio.Tone(time.Second, 350, 440), 10), "dial tone")
}

// connect goes on with what was dialled, as the account.
func (c disaCall) connect(ctx context.Context, found *sought) (flow.Next, error) {
	doc, err := account(ctx, c.s, c.accounts)
	if err != nil {
		return flow.Next{}, err
	}
	redirect(c.s, found.Number)
	channel(c.s, "Retain-CID", "true")
	if c.data.AccountCallerID == nil || *c.data.AccountCallerID {
		asAccount(c.s, doc)
	}
	if c.data.EnforceRestricted && forbidden(doc, found.Number) {
		return c.unauthorised(ctx, c.s, found.Number)
	}
	return found.enter(c.s), nil
}

// asAccount makes the account's own external identity the caller's, as far as
// it has one.
func asAccount(s *flow.Session, account resource.Object) {
	p := s.KnownCaller()
	if number := resource.Text(account, "caller_id.external.number"); number != "" {
		p = flow.Party{Number: number, Name: resource.Text(account, "caller_id.external.name")}
	}
	s.SetCaller(p)
}
