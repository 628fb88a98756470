package actions

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// refer is TwiML's Refer (spec/twiml.md section 2.4).
var refer = flow.Define(flow.Def[referData]{
	Name:    "refer",
	Summary: "Asks the caller's phone to call somebody else instead (SIP REFER).",
	Doc: "Takes the call first. The next webhook is told `ReferCallStatus` (`in-progress`, `busy`, `no-answer`, " +
		"`canceled` or `failed`), `ReferSipResponseCode` (how the phone answered) and, if the phone told of its new call, " +
		"`NotifySipResponseCode`. The call itself goes on: `_` is taken whatever the answer. A kind of call that cannot be " +
		"transferred takes `error`, else `_`.",
	Branches: []string{flow.Error},
	Needs:    flow.Answer,
	Examples: []flow.Example{
		{Says: "To a colleague.", Data: `{"target": "sip:alice@example.com"}`},
		{Says: "With a header for their system.", Data: `{"target": "sip:alice@example.com", "headers": {"X-Ticket": "42"}}`},
	},
	Check: referData.check,
	Run:   func(ctx context.Context, s *flow.Session, d referData) (flow.Next, error) { return d.run(ctx, s) },
})

type referData struct {
	Target  string            `json:"target" jsonschema:"required,minLength=1,maxLength=255" jsonschema_description:"Whom to call: a SIP or tel URI; sip: may be left out."`
	Headers map[string]string `json:"headers,omitempty" jsonschema_description:"Headers for the new call: X-… or User-to-User."`
	flow.Skip
}

var (
	// referTarget is a URI that fits between angle brackets in a header.
	referTarget = regexp.MustCompile(`^(?:sip:|sips:|tel:)?[A-Za-z0-9_.!~*'()&=+$,;?/:@%\[\]-]+$`)
	referHeader = regexp.MustCompile(`(?i)^(?:X-[A-Za-z0-9-]+|User-to-User)$`)
	referValue  = regexp.MustCompile(`^[^\x00-\x1f\x7f]*$`)
)

// maxHeaders bounds the headers of a transfer, in bytes (spec/twiml.md section
// 2.4, Dial Sip).
const maxHeaders = 1024

func (d referData) check() schema.Faults {
	var all schema.Faults
	fault := func(message string, value any, path ...string) {
		all = append(all, schema.Fault{Path: path, Rule: "error", Message: message, Extra: map[string]any{"value": value}})
	}
	if !referTarget.MatchString(d.Target) {
		fault("invalid SIP URI", d.Target, "target")
	}
	size := 0
	for name, text := range d.Headers {
		size += len(name) + len(text)
		if !referHeader.MatchString(name) || !referValue.MatchString(text) {
			fault("only headers X-… and User-to-User of printable text can be sent", text, "headers", name)
		}
	}
	if size > maxHeaders {
		fault("the headers must not be more than 1024 bytes", size, "headers")
	}
	return all
}

// referTime is how long the far end may take to tell what became of it.
const referTime = time.Minute

func (d referData) run(ctx context.Context, s *flow.Session) (flow.Next, error) {
	leg, ok := s.Leg.(call.Transferrer)
	if !ok {
		s.Tell(map[string]string{"ReferCallStatus": "failed"})
		return flow.Next{}, flow.Fail("refer.unsupported", errors.New("this kind of call cannot be transferred"))
	}
	to := d.Target
	if scheme, _, found := strings.Cut(to, ":"); !found || scheme != "sip" && scheme != "sips" && scheme != "tel" {
		to = "sip:" + to
	}
	limited, cancel := context.WithTimeout(ctx, referTime)
	defer cancel()
	got, err := leg.Refer(limited, to, d.Headers)
	f := event.Referred{Target: to, Status: got.Status, Notified: got.Notified}
	if err != nil {
		f.Err = err.Error()
	}
	s.Add(f)
	if ctx.Err() != nil {
		return flow.Next{}, context.Cause(ctx)
	}
	if s.Outcome.Moved = referStatus(got) == "in-progress"; s.Outcome.Moved {
		runningOf(s).moved()
	}
	s.Tell(transferred(got))
	return flow.Next{}, nil
}

// transferred is what the next webhook is told of a transfer.
func transferred(got call.ReferResult) map[string]string {
	told := map[string]string{"ReferCallStatus": referStatus(got)}
	if got.Status != 0 {
		told["ReferSipResponseCode"] = strconv.Itoa(got.Status)
	}
	if got.Notified != 0 {
		told["NotifySipResponseCode"] = strconv.Itoa(got.Notified)
	}
	return told
}

func referStatus(got call.ReferResult) string {
	status := got.Status
	if got.Notified >= 200 {
		status = got.Notified
	}
	switch {
	case status >= 200 && status < 300:
		return "in-progress"
	case status == 486 || status == 600:
		return "busy"
	case status == 487:
		return "canceled"
	case status == 408 || status == 480:
		return "no-answer"
	}
	return "failed"
}
