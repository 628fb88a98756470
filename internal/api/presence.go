package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Presence is what the lamps of phones show; a *presence.Board is one.
type Presence interface {
	List(account string) []presence.Status
	Get(account, id string) (presence.Status, error)
	Subscribers(account, id string) ([]presence.Subscriber, error)
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
	// As Kazoo lists subscriptions.
	Dialog   map[string]subscriber `json:"dialog,omitempty" jsonschema_description:"In lists: the phones that are told by the event dialog, by their Call-IDs."`
	Presence map[string]subscriber `json:"presence,omitempty" jsonschema_description:"In lists: the phones that are told by the event presence, by their Call-IDs."`
}

// subscriber is a phone that watches a lamp.
type subscriber struct {
	From    string `json:"from" jsonschema_description:"Who subscribed: user@host."`
	Since   int64  `json:"timestamp" jsonschema_description:"Since when, in Gregorian seconds."`
	Expires int64  `json:"expires" jsonschema_description:"Seconds until it ends, unless it is renewed."`
}

// lamps is a page of lamps, as Kazoo has them: by their extensions.
type lamps struct {
	Subscriptions map[string]lamp `json:"subscriptions" jsonschema_description:"The lamps, by their extensions."`
}

func lampOf(s presence.Status) lamp {
	l := lamp{
		ID: s.User, PresenceID: s.ID(), State: s.State, Manual: s.Manual, Calls: s.Calls, Subscriptions: s.Watchers,
	}
	if !s.Since.IsZero() {
		l.Since = gregorian.Seconds(s.Since)
	}
	return l
}

// lampChange is the data of a change by hand, as Kazoo's clients send it.
type lampChange struct {
	Action string         `json:"action" jsonschema:"enum=set,enum=reset" jsonschema_description:"reset forgets what was set by hand."`
	Reset  bool           `json:"reset,omitempty" jsonschema_description:"true is the action reset, as older clients of Kazoo say it."`
	State  presence.State `json:"state,omitempty" jsonschema:"enum=terminated,enum=early,enum=confirmed" jsonschema_description:"The state to set: idle (which is a reset, too), ringing or busy."`
}

func (s *Server) presenceOperations() []rest.Operation {
	if s.cfg.Presence == nil {
		return nil
	}
	const all = "accounts/{account_id}/presence"
	const one = all + "/{extension}"
	shape, change := schema.Of(lamp{}), schema.Of(lampChange{Action: "set"})
	lobby := map[string]string{"extension": "lobby"}
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: all, Returns: schema.Of(lamps{}), Own: rest.EveryUser, Do: s.listLamps,
			Summary: "List the extensions that are not idle, or that phones watch", Params: presenceParams,
		},
		{
			Method: http.MethodGet, Path: one, Returns: shape, Own: rest.EveryUser, Do: s.getLamp,
			Summary: "Read what lamps show of an extension; one that nobody has heard of is idle",
			Example: rest.Example{Vars: lobby},
		},
		{
			Method: http.MethodPost, Path: one, Body: change, Returns: shape, Do: s.setLamp,
			Summary: "Set the state of an extension by hand, or reset it",
			Example: rest.Example{Vars: lobby, Data: `{"action": "reset"}`},
		},
		{
			Method: http.MethodPut, Path: one, Body: change, Returns: shape, Do: s.setLamp,
			Summary: "Set the state of an extension by hand, or reset it",
			Example: rest.Example{Vars: lobby, Data: `{"state": "confirmed"}`},
		},
	}
	ops = append(ops, s.lampsOfOperations(change)...)
	for i := range ops {
		ops[i].Group = "presence"
	}
	return ops
}

// presenceParams are those that a list of lamps takes.
var presenceParams = []rest.Param{
	rest.Whole("page_size", "How many rows a page has; 50 by default."),
	rest.Text("start_key", "The next_start_key of the page before, or an extension to begin with."),
	rest.Truth("paginate", "false for everything at once."),
	rest.Truth("ascending", "false for descending order."),
}

// listLamps is a page of lamps, by extension.
func (s *Server) listLamps(r *rest.Request) (rest.Reply, error) {
	q, err := resource.ParseQuery(r.Query, r.Param)
	if err != nil {
		return rest.Reply{}, err
	}
	all := s.cfg.Presence.List(r.Account.ID)
	q.Ascending = r.Param("ascending") != "false"
	if !q.Ascending {
		slices.Reverse(all)
	}
	rows, next := lamps{Subscriptions: map[string]lamp{}}, ""
	for _, one := range all {
		if q.Start != "" && (q.Ascending && one.User < q.Start || !q.Ascending && one.User > q.Start) {
			continue
		}
		if len(rows.Subscriptions) == q.Size() {
			next = one.User
			break
		}
		rows.Subscriptions[one.User] = s.watched(one)
	}
	reply := rest.Listed(nil, q, next)
	reply.Data = rows
	if reply.List.Size >= 0 {
		reply.List.Size = len(rows.Subscriptions)
	}
	return reply, nil
}

// watched is a lamp with who watches it.
func (s *Server) watched(of presence.Status) lamp {
	l := lampOf(of)
	all, _ := s.cfg.Presence.Subscribers(of.Account, of.User) // none, where the account has gone meanwhile
	for _, one := range all {
		by := &l.Dialog
		if one.Event == "presence" {
			by = &l.Presence
		}
		if *by == nil {
			*by = map[string]subscriber{}
		}
		(*by)[one.CallID] = subscriber{
			From: one.From, Since: gregorian.Seconds(one.Since), Expires: max(0, int64(one.Until.Sub(s.now()).Seconds())),
		}
	}
	return l
}

func (s *Server) getLamp(r *rest.Request) (rest.Reply, error) {
	status, err := s.cfg.Presence.Get(r.Account.ID, r.Var("extension"))
	return shownLamp(r, status, err)
}

// shownLamp is a lamp as an answer.
func shownLamp(r *rest.Request, status presence.Status, err error) (rest.Reply, error) {
	switch {
	case errors.Is(err, presence.ErrBad), errors.Is(err, presence.ErrUnknown):
		return rest.Reply{}, rest.BadIdentifier(r.Var("extension"))
	case errors.Is(err, presence.ErrFull):
		return rest.Reply{}, schema.Invalid("state", "maxItems", err.Error(), nil)
	case err != nil:
		return rest.Reply{}, err
	}
	return rest.Reply{Data: lampOf(status)}, nil
}

func (s *Server) setLamp(r *rest.Request) (rest.Reply, error) {
	state, err := wanted(r)
	if err != nil {
		return rest.Reply{}, err
	}
	status, err := s.light(r, r.Var("extension"), state)
	return shownLamp(r, status, err)
}

// wanted is the state that a request wants a lamp to have.
func wanted(r *rest.Request) (presence.State, error) {
	var change lampChange
	if err := r.Decode(&change); err != nil {
		return "", err
	}
	switch {
	case change.Reset, change.Action == "reset":
		return presence.Idle, nil
	case change.State == "":
		return "", schema.Faults{schema.Required("state")}
	}
	return change.State, nil
}

// light sets a lamp by hand.
func (s *Server) light(r *rest.Request, id string, state presence.State) (presence.Status, error) {
	status, err := s.cfg.Presence.Set(r.Context(), r.Account.ID, id, state)
	if err == nil {
		s.log.InfoContext(r.Context(), "presence set by request", "presence_id", status.ID(), "state", state,
			"by", r.Auth.Account.ID, "user", r.Auth.UserID(), "request_id", r.ID)
	}
	return status, err
}
