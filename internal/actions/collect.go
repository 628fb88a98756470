package actions

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
)

var collectDTMF = flow.Define(flow.Def[collectData]{
	Name:    "collect_dtmf",
	Summary: "Gathers keys of the caller.",
	Doc: "Takes the call first. Keys pressed during earlier playback are used first; if they are enough, nothing is " +
		"waited for. What was pressed goes to the next webhook as `Digits`, or `Digits[name]` if the collection has a " +
		"name. Takes `_` whether or not anything was pressed.",
	Default: collectData{MaxDigits: 1, Timeout: 5000, Terminator: "#"},
	Needs:   flow.Answer,
	Examples: []flow.Example{
		{Says: "One key.", Data: `{}`},
		{Says: "A PIN of four digits.", Data: `{"collection_name": "pin", "max_digits": 4, "timeout": 10000}`},
		{Says: "A number that ends with the star or the hash key.", Data: `{"max_digits": 15, "terminators": ["*", "#"]}`},
	},
	Run: func(ctx context.Context, s *flow.Session, d collectData) (flow.Next, error) {
		_, err := s.Collect(ctx, d.CollectionName, call.Collect{
			Max: d.MaxDigits, Terminators: d.terminators(),
			First: ms(d.Timeout), Between: ms(cmp.Or(d.InterdigitTimeout, interdigit)),
		})
		return flow.Next{}, err
	},
})

type collectData struct {
	CollectionName    string   `json:"collection_name,omitempty" jsonschema_description:"Under which name to keep what was pressed; \"default\" if not given."`
	MaxDigits         int      `json:"max_digits" jsonschema:"minimum=1" jsonschema_description:"How many keys are enough."`
	Timeout           int      `json:"timeout" jsonschema:"minimum=1,maximum=86400000" jsonschema_description:"How long to wait for the first key, in milliseconds."`
	InterdigitTimeout int      `json:"interdigit_timeout,omitempty" jsonschema:"minimum=1,maximum=86400000" jsonschema_description:"How long to wait for each further key, in milliseconds; 2000 if not given."`
	Terminator        string   `json:"terminator" jsonschema:"enum=1,enum=2,enum=3,enum=4,enum=5,enum=6,enum=7,enum=8,enum=9,enum=0,enum=#,enum=*" jsonschema_description:"The key that ends it and is not kept."`
	Terminators       []string `json:"terminators,omitempty" jsonschema:"uniqueItems=true,enum=1,enum=2,enum=3,enum=4,enum=5,enum=6,enum=7,enum=8,enum=9,enum=0,enum=#,enum=*" jsonschema_description:"The keys that end it, instead of terminator; none if empty."`
	flow.Skip
}

func (d collectData) terminators() string {
	if d.Terminators != nil {
		return strings.Join(d.Terminators, "")
	}
	return d.Terminator
}

// interdigit is the pause between keys, in milliseconds, where the data does
// not say; Kazoo's schema has no default for it.
const interdigit = 2000

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
