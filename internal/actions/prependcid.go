package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var prependCID = flow.Define(flow.Def[prependCIDData]{
	Name:    "prepend_cid",
	Silent:  true,
	Summary: "Shows something in front of the caller's name and number.",
	Doc: "Webhooks from here on and calls that this one dials are told of it: `Sales Ada`. A prefix goes in " +
		"front of those that are there already (`current`) or takes their place (`original`); `reset` takes all of them " +
		"away. What `set_cid` shows has no prefix.",
	Default: prependCIDData{Action: "prepend", ApplyTo: "current"},
	Examples: []flow.Example{
		{Says: "Which line was called.", Data: `{"caller_id_name_prefix": "Sales "}`},
		{Says: "Nothing in front any more.", Data: `{"action": "reset"}`},
	},
	Run: func(_ context.Context, s *flow.Session, d prependCIDData) (flow.Next, error) {
		p := flow.Party{Name: d.NamePrefix, Number: d.NumberPrefix}
		switch {
		case d.Action == "reset":
			p = flow.Party{}
		case d.ApplyTo == "current":
			there := s.CallerPrefix()
			p = flow.Party{Name: p.Name + there.Name, Number: p.Number + there.Number}
		}
		s.SetCallerPrefix(p)
		return flow.Next{}, nil
	},
})

type prependCIDData struct {
	Action       string `json:"action" jsonschema:"enum=reset,enum=prepend" jsonschema_description:"Puts prefixes in front, or takes all of them away."`
	ApplyTo      string `json:"apply_to" jsonschema:"enum=original,enum=current" jsonschema_description:"In front of what is shown now, or of the caller's own name and number."`
	NamePrefix   string `json:"caller_id_name_prefix" jsonschema:"default=" jsonschema_description:"In front of the name."`
	NumberPrefix string `json:"caller_id_number_prefix" jsonschema:"default=" jsonschema_description:"In front of the number."`
	flow.Skip
}
