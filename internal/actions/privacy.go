package actions

import (
	"context"
	"strconv"

	"github.com/pivotvoice/pivot/internal/flow"
)

func privacy(flows Finder) flow.Action {
	return flow.Define(flow.Def[privacyData]{
		Name:    "privacy",
		Silent:  true,
		Summary: "Hides the caller's name or number in the calls that this one dials.",
		Doc: "It sets the channel variables `Privacy-Hide-Name` and `Privacy-Hide-Number` (`true` or `false`), " +
			"`Privacy-Method` (`kazoo`) and `Privacy-Strategy`, which go on to the calls that this one dials; web servers " +
			"are told them in `Custom-Channel-Vars`. They still see who calls: they are the account's own.\n\n" +
			"In a callflow with a pattern, such as `^\\*67([0-9]*)$`, the number that was captured is looked up, the " +
			"account's `no_match` callflow included, and its callflow runs, then `_`. If nothing answers the number, the " +
			"flow stops. The call is not taken.",
		Default:  privacyData{Mode: "full", Strategy: "overwrite"},
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "Nobody is to know who calls.", Data: `{}`},
			{Says: "The number only, and what the phone's own setting hides.", Data: `{"mode": "number",
				"endpoint_strategy": "merge"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d privacyData) (flow.Next, error) {
			number := s.Captured[""]
			if number == "" {
				d.set(s)
				return flow.Next{}, nil
			}
			found, err := seek(ctx, s, flows, number, true)
			switch {
			case err != nil:
				return flow.Next{}, err
			case found == nil:
				return flow.Stop, nil
			}
			d.set(s)
			redirect(s, found.Number)
			return found.enter(s), nil
		},
	})
}

type privacyData struct {
	Mode     string `json:"mode" jsonschema:"enum=full,enum=name,enum=number,enum=yes" jsonschema_description:"What to hide: name, number, or both (full, or yes)."`
	Strategy string `json:"endpoint_strategy" jsonschema:"enum=overwrite,enum=merge" jsonschema_description:"Whether this takes the place of what the caller's phone hides (overwrite), or hides it too (merge)."`
	flow.Skip
}

// set sets the flags of section 5.8.
func (d privacyData) set(s *flow.Session) {
	channel(s, "Privacy-Hide-Name", strconv.FormatBool(d.Mode != "number"))
	channel(s, "Privacy-Hide-Number", strconv.FormatBool(d.Mode != "name"))
	channel(s, "Privacy-Method", "kazoo")
	channel(s, "Privacy-Strategy", d.Strategy)
}
