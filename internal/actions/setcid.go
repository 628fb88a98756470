package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var setCID = flow.Define(flow.Def[setCIDData]{
	Name:    "set_cid",
	Silent:  true,
	Summary: "Shows another caller.",
	Doc: "The name and the number take the place of the caller's for webhooks from here on and for calls that " +
		"this one dials, without what `prepend_cid` puts in front. An empty one shows the caller's own again. What lists " +
		"and `check_cid` look at, and the call's record, stay as they are.",
	Examples: []flow.Example{
		{Says: "The company's number.", Data: `{"caller_id_name": "Acme", "caller_id_number": "+14155550100"}`},
		{Says: "The caller again.", Data: `{}`},
	},
	Run: func(_ context.Context, s *flow.Session, d setCIDData) (flow.Next, error) {
		s.RewriteCaller(flow.Party{Name: d.Name, Number: d.Number})
		return flow.Next{}, nil
	},
})

type setCIDData struct {
	Name   string `json:"caller_id_name" jsonschema:"default=" jsonschema_description:"The name to show; the caller's own if empty."`
	Number string `json:"caller_id_number" jsonschema:"default=" jsonschema_description:"The number to show; the caller's own if empty."`
	flow.Skip
}
