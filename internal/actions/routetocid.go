package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
)

func routeToCID(docs documents.Library) flow.Action {
	return flow.Define(flow.Def[routeToCIDData]{
		Name:    "route_to_cid",
		Silent:  true,
		Summary: "Finds the users and devices who call out with the number that was dialled.",
		Doc: "Those are looked for whose `caller_id` has the number, as it was dialled or in E.164, in one of " +
			"`cid_types`; with no types at all, in any. If there are none, `_` is taken. Ringing them all at once is what " +
			"is to follow, for which phones must register; that is not built yet. Until then the timeline says who was " +
			"found, and `error`, else `_`, is taken: the keys about ringing do not matter yet.",
		Default:  routeToCIDData{CIDTypes: []string{"internal"}},
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "Whose number inside it is.", Data: `{}`},
			{Says: "Users by any number of theirs.", Data: `{"cid_types": [], "endpoint_types": ["user"]}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d routeToCIDData) (flow.Next, error) {
			found, err := d.find(ctx, docs, s.Account, s.Request)
			if err != nil {
				return flow.Next{}, flow.Fail("endpoints.unreadable", err)
			}
			if len(found) == 0 {
				decided(s, "", fmt.Sprintf("nobody has %q %s", s.Request, d.types()))
				return flow.Next{}, nil
			}
			decided(s, flow.Error, found...)
			err = fmt.Errorf("%d were found, and none of them is registered: phones cannot be rung yet", len(found))
			return flow.Next{}, flow.Fail("endpoints.unregistered", err)
		},
	})
}

type routeToCIDData struct {
	CIDTypes      []string `json:"cid_types" jsonschema_description:"Which numbers count: internal, external …; all if empty."`
	EndpointTypes []string `json:"endpoint_types" jsonschema:"default=[]" jsonschema_description:"Who is looked for: user, device; both if empty."`
	Timeout       int      `json:"timeout" jsonschema:"default=0" jsonschema_description:"How long they ring, in seconds; 20 if 0."`
	Delay         int      `json:"delay" jsonschema:"default=0" jsonschema_description:"How long to wait before they ring, in seconds."`
	CanCallSelf   bool     `json:"can_call_self,omitempty" jsonschema_description:"Whether the caller's own phones ring too."`
	CanTextSelf   bool     `json:"can_text_self,omitempty" jsonschema_description:"Whether the sender's own phones get a text too."`
	StaticInvite  string   `json:"static_invite,omitempty" jsonschema_description:"The user part of requests to them."`
	SuppressCLID  bool     `json:"suppress_clid,omitempty" jsonschema_description:"Whether they are not told who calls."`
	flow.Skip
}

// types is which numbers count, in words.
func (d routeToCIDData) types() string {
	if len(d.CIDTypes) == 0 {
		return "in its caller_id"
	}
	return "as its caller_id " + strings.Join(d.CIDTypes, " or ")
}

func (d routeToCIDData) wants(kind string) bool {
	return len(d.EndpointTypes) == 0 || slices.Contains(d.EndpointTypes, kind)
}

// find tells who has the number.
func (d routeToCIDData) find(ctx context.Context, docs documents.Library, account, number string) ([]string, error) {
	var found []string
	for _, where := range d.where(number) {
		if d.wants(documents.Users.Type) {
			users, err := documents.Users.Where(ctx, docs, account, where)
			if err != nil {
				return nil, err
			}
			for _, u := range users {
				who := u.Value.FirstName + " " + u.Value.LastName
				found = append(found, fmt.Sprintf("the user %s (%s) has %q", who, u.ID, number))
			}
		}
		if d.wants(documents.Devices.Type) {
			devices, err := documents.Devices.Where(ctx, docs, account, where)
			if err != nil {
				return nil, err
			}
			for _, one := range devices {
				found = append(found, fmt.Sprintf("the device %s (%s) has %q", one.Value.Name, one.ID, number))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// where is what the index is asked: each form of the number with each type.
func (d routeToCIDData) where(number string) (all []map[string]string) {
	forms := []string{number}
	if e164 := route.Normalise(number); e164 != number {
		forms = append(forms, e164)
	}
	for _, form := range forms {
		if len(d.CIDTypes) == 0 {
			all = append(all, map[string]string{documents.ByCallerID: form})
		}
		for _, kind := range d.CIDTypes {
			all = append(all, map[string]string{documents.ByCallerID: kind + " " + form})
		}
	}
	return all
}
