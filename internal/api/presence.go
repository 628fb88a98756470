package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Presence is what the lamps of phones show; a *presence.Board is one.
type Presence interface {
	List(account string) []presence.Status
	Get(account, id string) (presence.Status, error)
	Set(ctx context.Context, account, id string, state presence.State) (presence.Status, error)
}

// lamp is one presence id as the API shows it.
type lamp struct {
	ID            string         `json:"id" jsonschema_description:"The extension."`
	PresenceID    string         `json:"presence_id" jsonschema_description:"The extension with the account's realm."`
	State         presence.State `json:"state" jsonschema:"enum=terminated,enum=early,enum=confirmed" jsonschema_description:"What lamps show: idle, ringing or busy."`
	Manual        presence.State `json:"manual_state,omitempty" jsonschema:"enum=early,enum=confirmed" jsonschema_description:"What was set by hand; missing if nothing was."`
	Since         int64          `json:"since,omitempty" jsonschema_description:"When the state began, in Gregorian seconds."`
	Calls         int            `json:"calls" jsonschema_description:"Live calls of the extension."`
	Subscriptions int            `json:"subscriptions" jsonschema_description:"Phones that are told of it."`
}

func lampOf(s presence.Status) lamp {
	l := lamp{
		ID: s.User, PresenceID: s.ID(), State: s.State, Manual: s.Manual, Calls: s.Calls, Subscriptions: s.Watchers,
	}
	if !s.Since.IsZero() {
		l.Since = resource.Gregorian(s.Since)
	}
	return l
}

// lampChange is the data of a change by hand, as Kazoo's clients send it.
type lampChange struct {
	Action string         `json:"action" jsonschema:"enum=set,enum=reset" jsonschema_description:"reset forgets what was set by hand."`
	State  presence.State `json:"state,omitempty" jsonschema:"enum=terminated,enum=early,enum=confirmed" jsonschema_description:"The state to set: idle (which is a reset, too), ringing or busy."`
}

func (s *Server) presenceOperations() []Operation {
	if s.cfg.Presence == nil {
		return nil
	}
	const all = "accounts/{account_id}/presence"
	const one = all + "/{extension}"
	shape, change := schema.Of(lamp{}), schema.Of(lampChange{Action: "set"})
	lobby := map[string]string{"extension": "lobby"}
	ops := []Operation{
		{
			Method: http.MethodGet, Path: all, Returns: shape, Many: true, Own: everyUser, Do: s.listLamps,
			Summary: "List the extensions that are not idle, or that phones watch", Params: presenceParams,
		},
		{
			Method: http.MethodGet, Path: one, Returns: shape, Own: everyUser, Do: s.getLamp,
			Summary: "Read what lamps show of an extension; one that nobody has heard of is idle",
			Example: Example{Vars: lobby},
		},
		{
			Method: http.MethodPost, Path: one, Body: change, Returns: shape, Do: s.setLamp,
			Summary: "Set the state of an extension by hand, or reset it",
			Example: Example{Vars: lobby, Data: `{"action": "reset"}`},
		},
		{
			Method: http.MethodPut, Path: one, Body: change, Returns: shape, Do: s.setLamp,
			Summary: "Set the state of an extension by hand, or reset it",
			Example: Example{Vars: lobby, Data: `{"state": "confirmed"}`},
		},
	}
	for i := range ops {
		ops[i].Group = "presence"
	}
	return ops
}

// presenceParams are those that a list of lamps takes.
var presenceParams = []Param{
	{"page_size", "How many rows a page has; 50 by default."},
	{"start_key", "The next_start_key of the page before, or an extension to begin with."},
	{"paginate", "false for everything at once."},
	{"ascending", "false for descending order."},
}

// listLamps is a page of lamps, by extension.
func (s *Server) listLamps(r *Request) (Reply, error) {
	q, err := resource.ParseQuery(r.query, r.Param)
	if err != nil {
		return Reply{}, err
	}
	all := s.cfg.Presence.List(r.Account.ID)
	q.Ascending = r.Param("ascending") != "false"
	if !q.Ascending {
		slices.Reverse(all)
	}
	rows, next := []any{}, ""
	for _, one := range all {
		if q.Start != "" && (q.Ascending && one.User < q.Start || !q.Ascending && one.User > q.Start) {
			continue
		}
		if len(rows) == q.Size() {
			next = one.User
			break
		}
		rows = append(rows, lampOf(one))
	}
	return listed(rows, q, next), nil
}

func (s *Server) getLamp(r *Request) (Reply, error) {
	status, err := s.cfg.Presence.Get(r.Account.ID, r.Var("extension"))
	return shownLamp(r, status, err)
}

// shownLamp is a lamp as an answer.
func shownLamp(r *Request, status presence.Status, err error) (Reply, error) {
	switch {
	case errors.Is(err, presence.ErrBad), errors.Is(err, presence.ErrUnknown):
		return Reply{}, errBadIdentifier(r.Var("extension"))
	case errors.Is(err, presence.ErrFull):
		return Reply{}, errInvalid("state", "maxItems", err.Error(), nil)
	case err != nil:
		return Reply{}, err
	}
	return Reply{Data: lampOf(status)}, nil
}

func (s *Server) setLamp(r *Request) (Reply, error) {
	var change lampChange
	if err := bodyOf(r, &change); err != nil {
		return Reply{}, err
	}
	switch {
	case change.Action == "reset":
		change.State = presence.Idle
	case change.State == "":
		return Reply{}, errInvalid("state", "required", "Field is required but missing", nil)
	}
	status, err := s.cfg.Presence.Set(r.Context(), r.Account.ID, r.Var("extension"), change.State)
	if err == nil {
		s.log.InfoContext(r.Context(), "presence set by request", "presence_id", status.ID(), "state", change.State,
			"by", r.Auth.Account.ID, "user", r.Auth.UserID(), "request_id", r.ID)
	}
	return shownLamp(r, status, err)
}
