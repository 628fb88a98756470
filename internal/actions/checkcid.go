package actions

import (
	"context"
	"fmt"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

var checkCID = flow.Define(flow.Def[checkCIDData]{
	Name:    "check_cid",
	Silent:  true,
	Summary: "Branches by the caller's number.",
	Doc: "A number that the regular expression matches takes `match`, any other `nomatch`, each else `_`. In " +
		"absolute mode a number that matches takes the child that is named like it, else `_`. With a name, a number and " +
		"a `user_id`, all three, the caller of a number that matches becomes that one, and the call that user's, before " +
		"the child runs. Regular expressions are RE2's; one that cannot be read is a fault of the callflow.",
	Default:  checkCIDData{Regex: ".*"},
	Branches: []string{branchMatch, branchNoMatch, flow.Error},
	Check: func(d checkCIDData) schema.Faults {
		_, faults := schema.Regexp(d.Regex, "regex")
		return faults
	},
	Examples: []flow.Example{
		{Says: "Calls from California.", Data: `{"regex": "^\\+1(415|510|650)"}`},
		{Says: "Children by number.", Data: `{"use_absolute_mode": true}`},
		{
			Says: "The boss's mobile phone is the boss.",
			Data: `{"regex": "^\\+14155550100$", "user_id": "2b1f0e9d8c7b6a594837261504f3e2d1",
				"caller_id": {"external": {"name": "Ada", "number": "+14155550111"}}}`,
		},
	},
	Run: func(_ context.Context, s *flow.Session, d checkCIDData) (flow.Next, error) {
		number := s.KnownCaller().Number
		re, faults := schema.Regexp(d.Regex, "regex")
		if len(faults) > 0 {
			return flow.Next{}, faults // Check lets none through
		}
		if !re.MatchString(number) {
			decided(s, branchNoMatch, fmt.Sprintf("%q is not matched by %s", number, d.Regex))
			return flow.Attempt(flow.Next{}, branchNoMatch), nil
		}
		d.identify(s)
		child := branchMatch
		if d.Absolute {
			child = number
		}
		decided(s, child, fmt.Sprintf("%q is matched by %s", number, d.Regex))
		return flow.Attempt(flow.Next{}, child), nil
	},
})

// The children of those who look for a caller.
const (
	branchMatch   = "match"
	branchNoMatch = "nomatch"
)

type checkCIDData struct {
	Regex    string       `json:"regex" jsonschema_description:"A regular expression of the caller's number."`
	Absolute bool         `json:"use_absolute_mode" jsonschema:"default=false" jsonschema_description:"Take the child that is named like the number, instead of match."`
	CallerID checkCIDName `json:"caller_id,omitzero" jsonschema_description:"Who the caller is."`
	UserID   string       `json:"user_id,omitempty" jsonschema_description:"Whose call it is: the id of a user."`
	flow.Skip
}

type checkCIDName struct {
	External struct {
		Name   string `json:"name,omitempty" jsonschema_description:"The caller's name."`
		Number string `json:"number,omitempty" jsonschema_description:"The caller's number."`
	} `json:"external,omitzero" jsonschema_description:"As calls from outside show it."`
}

// identify makes the caller who the data says it is, if it says all of that.
func (d checkCIDData) identify(s *flow.Session) {
	who := d.CallerID.External
	if who.Name == "" || who.Number == "" || d.UserID == "" {
		return
	}
	s.SetCaller(flow.Party{Name: who.Name, Number: who.Number})
	s.Channel[flow.OwnerID] = d.UserID
	s.Add(event.Set{Name: flow.OwnerID, Value: d.UserID})
}

// decided tells which child is wanted, and why.
func decided(s *flow.Session, child string, why ...string) {
	s.Add(event.Decided{Branch: child, Why: why})
}
