package actions

import (
	"context"
	"fmt"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

func cidListMatch(lists Lists) flow.Action {
	return flow.Define(flow.Def[cidListData]{
		Name:    "cidlistmatch",
		Silent:  true,
		Summary: "Branches by whether the caller's number is in a list.",
		Doc: "It is in it if it begins with the `number` or the `prefix` of an entry, or if an entry's `pattern` " +
			"or `regexp` (RE2) matches it. Numbers are compared without their `+`. Then `match` is taken, else `nomatch`, " +
			"and `_` where there is no such child. Only entries that are documents of their own count, not those within " +
			"the list's document. A list that is not there is told on the timeline and has nobody in it; so is a pattern " +
			"that cannot be read.",
		Branches: []string{branchMatch, branchNoMatch, flow.Error},
		Examples: []flow.Example{
			{Says: "Customers go to their own desk.", Data: `{"id": "7d3a1b5c9e8f4a2d8b6c0e1f2a3b4c5d"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d cidListData) (flow.Next, error) {
			list, err := listOf(ctx, s, lists, d.ID)
			if err != nil {
				return flow.Next{}, err
			}
			number := s.KnownCaller().Number
			if _, begin, ok := list.Begins(number, false); ok {
				decided(s, branchMatch, fmt.Sprintf("%q begins with %s, which is in the list", number, begin))
				return flow.Take(branchMatch), nil
			}
			if _, pattern, ok := list.Matches(number, false); ok {
				decided(s, branchMatch, fmt.Sprintf("%q is matched by %s, which is in the list", number, pattern))
				return flow.Take(branchMatch), nil
			}
			decided(s, branchNoMatch, fmt.Sprintf("%q is not in the list", number))
			return flow.Take(branchNoMatch), nil
		},
	})
}

type cidListData struct {
	ID string `json:"id,omitempty" jsonschema_description:"The id of the list."`
	flow.Skip
}

// listOf is a list of the account. What is wrong with it is told.
func listOf(ctx context.Context, s *flow.Session, lists Lists, id string) (*documents.NumberList, error) {
	list, err := lists.List(ctx, s.Account, id)
	if err != nil {
		return nil, flow.Fail("list.unreadable", err)
	}
	if list.Missing {
		s.Add(event.Warned{Code: "list.missing", Message: fmt.Sprintf("there is no list %q", id)})
	}
	for _, why := range list.Broken {
		s.Add(event.Warned{Code: "list.pattern", Message: "a pattern of the list is left out: " + why})
	}
	return list, nil
}
