package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
)

var flushDTMF = flow.Define(flow.Def[flushData]{
	Name:    "flush_dtmf",
	Silent:  true,
	Summary: "Forgets keys that were pressed.",
	Doc:     "For the default collection, keys that nothing has collected yet are forgotten too.",
	Default: flushData{CollectionName: flow.Default},
	Examples: []flow.Example{
		{Says: "Forget what was typed ahead.", Data: `{}`},
		{Says: "Forget a PIN.", Data: `{"collection_name": "pin"}`},
	},
	Run: func(_ context.Context, s *flow.Session, d flushData) (flow.Next, error) {
		s.DeleteCollection(d.CollectionName)
		return flow.Next{}, nil
	},
})

type flushData struct {
	CollectionName string `json:"collection_name" jsonschema_description:"Which collection to forget."`
	flow.Skip
}
