package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

var sendDTMF = flow.Define(flow.Def[sendData]{
	Name:    "send_dtmf",
	Summary: "Presses keys for the far end to hear.",
	Doc: "w waits half a second and W a second. The call is not answered for it. Keys that cannot be sent are told on " +
		"the timeline and take `error`, else `_`.",
	Default:  sendData{DurationMS: 2000},
	Branches: []string{flow.Error},
	Examples: []flow.Example{{Says: "An extension, after a second.", Data: `{"digits": "W1001#", "duration_ms": 200}`}},
	Run: func(ctx context.Context, s *flow.Session, d sendData) (flow.Next, error) {
		if err := s.Leg.SendKeys(ctx, d.Digits, ms(d.DurationMS)); err != nil {
			return flow.Next{}, err
		}
		s.Add(event.KeysSent{Digits: d.Digits})
		return flow.Next{}, nil
	},
})

type sendData struct {
	Digits     string `json:"digits" jsonschema:"required,minLength=1,maxLength=256,pattern=^[0-9A-DwW*#]*$" jsonschema_description:"The keys: 0-9 * # A-D, and w and W to wait."`
	DurationMS int    `json:"duration_ms" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"How long each is pressed, in milliseconds."`
	flow.Skip
}
