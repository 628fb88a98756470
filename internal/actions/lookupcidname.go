package actions

import (
	"context"
	"fmt"
	"slices"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
)

func lookupCIDName(lists Lists) flow.Action {
	return flow.Define(flow.Def[lookupData]{
		Name:    "lookupcidname",
		Silent:  true,
		Summary: "Looks the caller's name up in lists.",
		Doc: "Of all entries whose `number` or `prefix` the caller's number begins with, that with the longest one " +
			"gives the name; of the same length that of the list which is named first. Where there is none, the first " +
			"entry does whose `pattern` or `regexp` (RE2) matches. Numbers are compared without their `+`. The name is the " +
			"entry's `displayname`, else `name`, else `cid_name`, else the first and last name; entries without any are " +
			"passed over. The name is the caller's from here on: webhooks and calls that this one dials are told it. " +
			"Always takes `_`, but `error` first if a list cannot be read.",
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{
				Says: "Customers first, then suppliers.",
				Data: `{"lists": ["7d3a1b5c9e8f4a2d8b6c0e1f2a3b4c5d", "9c8b7a69584736251403f2e1d0c9b8a7"]}`,
			},
		},
		Run: func(ctx context.Context, s *flow.Session, d lookupData) (flow.Next, error) {
			var all []*documents.NumberList
			for i, id := range d.Lists {
				if slices.Contains(d.Lists[:i], id) {
					continue
				}
				list, err := listOf(ctx, s, lists, id)
				if err != nil {
					return flow.Next{}, err
				}
				all = append(all, list)
			}
			number := s.KnownCaller().Number
			name, why := lookup(all, number)
			if name == "" {
				decided(s, "", fmt.Sprintf("%q has no name in these lists", number))
				return flow.Next{}, nil
			}
			decided(s, "", fmt.Sprintf("%q %s, which is %q", number, why, name))
			s.SetCaller(flow.Party{Name: name, Number: number})
			return flow.Next{}, nil
		},
	})
}

type lookupData struct {
	Lists []string `json:"lists" jsonschema:"required,default=[]" jsonschema_description:"The ids of the lists."`
	flow.Skip
}

// lookup is the name of a number in lists, and why that one; "" is that they
// have none.
func lookup(all []*documents.NumberList, number string) (name, why string) {
	longest := ""
	for _, list := range all {
		if e, begin, ok := list.Begins(number, true); ok && len(begin) > len(longest) {
			name, longest = e.Shown(), begin
		}
	}
	if longest != "" {
		return name, "begins with " + longest
	}
	for _, list := range all {
		if e, pattern, ok := list.Matches(number, true); ok {
			return e.Shown(), "is matched by " + pattern
		}
	}
	return "", ""
}
