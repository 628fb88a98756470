package actions

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

var afterBridge = flow.Define(flow.Def[afterBridgeData]{
	Name:    "after_bridge",
	Silent:  true,
	Summary: "Says what becomes of the other leg once a conversation is over.",
	Doc: "It sets the channel variable `Park-After-Pickup`, `Hangup-After-Pickup` or `Transfer-After-Pickup` of " +
		"the calls that this one dials from here on. For `park` and `hangup` the data is true or false, for `transfer` " +
		"the extension to go to. Anything else sets nothing, which is told on the timeline. Dialling itself is not " +
		"built yet.",
	Examples: []flow.Example{
		{Says: "The other leg is hung up.", Data: `{"action": "hangup", "data": true}`},
		{Says: "The other leg goes to the switchboard.", Data: `{"action": "transfer", "data": "100"}`},
	},
	Run: func(_ context.Context, s *flow.Session, d afterBridgeData) (flow.Next, error) {
		if name, value := d.variable(); name != "" {
			channel(s, name, value)
		} else {
			text := fmt.Sprintf("nothing is set: %q does not go with %v", d.Action, d.Data)
			s.Add(event.Warned{Code: "after_bridge.nothing", Message: text})
		}
		return flow.Next{}, nil
	},
})

type afterBridgeData struct {
	Action string `json:"action,omitempty" jsonschema:"enum=park,enum=transfer,enum=hangup" jsonschema_description:"What becomes of the other leg."`
	Data   any    `json:"data,omitempty" jsonschema:"oneof_type=boolean;string" jsonschema_description:"Whether it is parked or hung up, or where it is transferred to."`
	flow.Skip
}

// variable is the channel variable that the data sets, "" if none.
func (d afterBridgeData) variable() (name, value string) {
	value, isText := d.Data.(string)
	if yes, is := d.Data.(bool); is {
		value = strconv.FormatBool(yes)
	}
	flag := value == "true" || value == "false" // "true" is true to Kazoo
	switch {
	case d.Action == "park" && flag:
		return "Park-After-Pickup", value
	case d.Action == "hangup" && flag:
		return "Hangup-After-Pickup", value
	case d.Action == "transfer" && isText && value != "":
		return "Transfer-After-Pickup", value
	}
	return "", ""
}
