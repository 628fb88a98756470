package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
)

func branchBNumber(flows Finder) flow.Action {
	return flow.Define(flow.Def[branchBNumberData]{
		Name:    "branch_bnumber",
		Silent:  true,
		Summary: "Goes on by the number that the callflow's pattern captured.",
		Doc: "The number is what the pattern of this callflow captured, in E.164 where it is a public one. Without " +
			"`hunt` the child of that name is taken, else `_`. With `hunt` the callflow that answers the number runs, " +
			"and then `_`: if `hunt_allow` matches it (or is not given) and `hunt_deny` does not. The account's " +
			"`no_match` callflow only counts for callers from inside the account. Nothing captured, nothing allowed " +
			"and nothing found take `_`. The call is not taken.\n\n" +
			"An expression that cannot be read is told on the timeline: as `hunt_allow` it allows nothing, as " +
			"`hunt_deny` it denies nothing.",
		Examples: []flow.Example{
			{Says: "A child for each number.", Data: `{}`},
			{Says: "Extensions of three digits, but not the director's.", Data: `{"hunt": true,
				"hunt_allow": "^[0-9]{3}$", "hunt_deny": "^100$"}`},
		},
		Branches: []string{flow.Error},
		Run: func(ctx context.Context, s *flow.Session, d branchBNumberData) (flow.Next, error) {
			number := route.Normalise(s.Captured[""])
			rules := hunting{d.HuntAllow, d.HuntDeny}
			switch {
			case number == "":
				return flow.Next{}, nil
			case !d.Hunt:
				return flow.Take(number), nil
			case !rules.lets(s, number):
				return flow.Next{}, nil
			}
			found, err := seek(ctx, s, flows, number, s.Onnet())
			if found == nil {
				return flow.Next{}, err
			}
			return found.enter(s), nil
		},
	})
}

type branchBNumberData struct {
	Hunt      bool   `json:"hunt" jsonschema:"default=false" jsonschema_description:"Run the callflow that answers the number, instead of a child."`
	HuntAllow string `json:"hunt_allow,omitempty" jsonschema_description:"A regular expression of the numbers that may be hunted for; all if not given."`
	HuntDeny  string `json:"hunt_deny,omitempty" jsonschema_description:"A regular expression of the numbers that may not; none if not given."`
	flow.Skip
}
