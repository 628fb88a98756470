package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

// alertInfo is the channel variable of the header Alert-Info.
const alertInfo = "Alert-Info"

var setAlertInfo = flow.Define(flow.Def[alertInfoData]{
	Name:    "set_alert_info",
	Silent:  true,
	Summary: "Chooses how the phones ring that this call dials.",
	Doc: "It is what the header `Alert-Info` of those calls says; a phone that knows it rings in that way. It is " +
		"kept as the channel variable `Alert-Info`, for calls that are dialled from here on. Dialling itself is not " +
		"built yet.",
	Examples: []flow.Example{
		{Says: "Another sound for calls from outside.", Data: `{"alert_info": "<http://example.com/outside.wav>"}`},
	},
	Run: func(_ context.Context, s *flow.Session, d alertInfoData) (flow.Next, error) {
		channel(s, alertInfo, d.AlertInfo)
		return flow.Next{}, nil
	},
})

type alertInfoData struct {
	AlertInfo string `json:"alert_info" jsonschema:"required,pattern=^[^\\r\\n]*$" jsonschema_description:"The value of the header Alert-Info."`
	flow.Skip
}
