package actions

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

var sendDTMF = flow.Define(flow.Def[sendData]{
	Name:    "send_dtmf",
	Summary: "Presses keys for the far end to hear.",
	Doc: "w waits half a second and W a second. The call is not answered for it. Keys that cannot be sent are told on " +
		"the timeline and take `error`, else `_`.",
	Branches: []string{flow.Error},
	Check:    sendData.check,
	Examples: []flow.Example{{Says: "An extension, after a second.", Data: `{"digits": "W1001#", "duration_ms": 200}`}},
	Run: func(ctx context.Context, s *flow.Session, d sendData) (flow.Next, error) {
		duration, _ := d.duration() // Check lets no other in
		if err := s.Leg.SendKeys(ctx, d.Digits, ms(duration)); err != nil {
			return flow.Next{}, err
		}
		s.Add(event.KeysSent{Digits: d.Digits})
		return flow.Next{}, nil
	},
})

type sendData struct {
	Digits     string `json:"digits" jsonschema:"required,minLength=1,maxLength=256,pattern=^[0-9A-DwW*#]*$" jsonschema_description:"The keys: 0-9 * # A-D, and w and W to wait."`
	DurationMS any    `json:"duration_ms" jsonschema:"oneof_type=integer;string,default=\"2000\"" jsonschema_description:"How long each is pressed, in milliseconds: 1 to 10000, as a number or a text."`
	flow.Skip
}

// longestKey is how long a key may be pressed, in milliseconds.
const longestKey = 10_000

// duration is how long each key is pressed, in milliseconds.
func (d sendData) duration() (int, error) {
	n, err := strconv.Atoi(fmt.Sprint(d.DurationMS))
	if number, ok := d.DurationMS.(float64); ok {
		n, err = int(number), nil
	}
	if err == nil && (n < 1 || n > longestKey) {
		err = strconv.ErrRange
	}
	return n, err
}

func (d sendData) check() schema.Faults {
	if _, err := d.duration(); err != nil {
		return schema.Faults{{
			Path: []string{"duration_ms"}, Rule: "error", Message: fmt.Sprintf("Value must be from 1 to %d", longestKey),
			Extra: map[string]any{"value": d.DurationMS},
		}}
	}
	return nil
}
