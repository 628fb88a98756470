package api

import (
	"errors"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/calls"
	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// ofUserOperations are what belongs to one user.
func (s *Server) ofUserOperations() []rest.Operation {
	const one = "accounts/{account_id}/users/{user_id}/"
	record := calls.RecordSchema()
	ops := []rest.Operation{
		{
			Path: one + "devices", Summary: "List the devices of a user, and those that the user has taken over",
			Params: rest.ListParams, Produces: []string{rest.TypeCSV}, Returns: documents.Devices.RowSchema(hotdesked),
			Many: true,
			Do:   s.listUserDevices,
		},
		{
			Path: one + "groups", Summary: "List the groups that a user is in", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV},
			Returns:  documents.Groups.RowSchema(), Many: true, Do: s.ofUser(documents.Groups.Resource, documents.ByEndpoint),
		},
		{
			Path: one + "vmboxes", Summary: "List the mailboxes of a user", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV},
			Returns:  documents.Mailboxes.RowSchema(), Many: true, Do: s.ofUser(documents.Mailboxes.Resource, "owner_id"),
		},
		{
			Path: one + "recordings", Summary: "List the recordings of a user", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV},
			Returns:  s.sounds.Recordings().RowSchema(), Many: true, Do: s.withOwner(s.listRecordings),
		},
		{
			Path: one + "cdrs", Summary: "List the records of a user's calls that are over", Params: calls.JournalParams,
			Produces: []string{rest.TypeCSV}, Do: s.withOwner(s.calls.ListCDRs), Returns: record, Many: true,
		},
		{
			Path: one + "cdrs/interaction", Summary: "List the records of a user's calls that are over: each call has one",
			Params: calls.JournalParams, Produces: []string{rest.TypeCSV}, Do: s.withOwner(s.calls.ListCDRs), Returns: record,
			Many: true,
		},
		{
			Path: one + "channels", Summary: "List the running calls of a user's devices: none, as no device can register yet",
			Do: s.withOwner(rest.EmptyList),
		},
		{
			Path: one + "hotdesks", Summary: "List the devices that a user has taken over", Do: s.listHotdesks,
		},
		{
			Path: one + "vcard", Summary: "Read a user as a vCard", Produces: []string{rest.TypeVCard},
			Do: func(r *rest.Request) (rest.Reply, error) {
				u, err := s.user(r)
				return vcardOf(u.Public, "first_name", "last_name", "", "caller_id.external.number"), err
			},
		},
	}
	for i := range ops {
		ops[i].Group, ops[i].Method, ops[i].Own = "users", http.MethodGet, themselves
	}
	return append(ops, rest.Operation{
		Method: http.MethodGet, Path: "accounts/{account_id}/devices/{id}/hotdesks", Group: "devices",
		Summary: "List the users who have taken a device over", Do: s.listTakers,
	})
}

// themselves lets in the user whom the path names.
func themselves(r *rest.Request) (bool, error) { return r.Var("user_id") == r.Auth.UserID(), nil }

// user is the user in the path.
func (s *Server) user(r *rest.Request) (resource.Doc, error) {
	d, err := s.people.Users(r.Account.ID).Get(r.Context(), r.Var("user_id"))
	return d, rest.Missing(err, r.Var("user_id"))
}

// ofUser lists the documents that the store's index finds by the user's id.
func (s *Server) ofUser(res resource.Resource, index string) func(*rest.Request) (rest.Reply, error) {
	return func(r *rest.Request) (rest.Reply, error) {
		u, err := s.user(r)
		if err != nil {
			return rest.Reply{}, err
		}
		q, err := resource.ParseQuery(r.Query, r.Param)
		if err != nil {
			return rest.Reply{}, err
		}
		q.Where = map[string]string{index: u.ID}
		return rest.Page(r, s.in(res, r.Account.ID), q)
	}
}

// withOwner has a list show only what has the user in the path as its owner.
func (s *Server) withOwner(list func(*rest.Request) (rest.Reply, error)) func(*rest.Request) (rest.Reply, error) {
	return func(r *rest.Request) (rest.Reply, error) {
		u, err := s.user(r)
		if err != nil {
			return rest.Reply{}, err
		}
		r.Query.Add("filter_owner_id", u.ID)
		return list(r)
	}
}

func (s *Server) listRecordings(r *rest.Request) (rest.Reply, error) {
	q, err := resource.ParseQuery(r.Query, r.Param)
	if err != nil {
		return rest.Reply{}, err
	}
	return rest.Page(r, s.in(s.sounds.Recordings(), r.Account.ID), q)
}

// hotdesked is what the list of a user's devices has besides.
var hotdesked = resource.Column{
	Name: "hotdesked",
	Is:   schema.Literal(`{"type": "boolean", "description": "Whether the user has only taken it over."}`),
}

// listUserDevices are a user's own devices, and with hotdesked those that the
// user has taken over.
func (s *Server) listUserDevices(r *rest.Request) (rest.Reply, error) {
	reply, err := s.ofUser(documents.Devices.Resource, "owner_id")(r)
	if err != nil {
		return reply, err
	}
	rows, _ := reply.Data.([]any)
	c := s.in(documents.Devices.Resource, r.Account.ID)
	taken, err := c.FindBy(r.Context(), documents.ByHotdesk, r.Var("user_id"))
	if err != nil || reply.List.Next != "" { // these come at the end
		return reply, err
	}
	for _, row := range rows {
		row.(resource.Object)[hotdesked.Name] = false
	}
	for _, d := range taken {
		row := c.Row(d)
		row[hotdesked.Name] = true
		rows = append(rows, row)
	}
	reply.Data = rows
	if reply.List.Size >= 0 {
		reply.List.Size = len(rows)
	}
	return reply, nil
}

func (s *Server) listHotdesks(r *rest.Request) (rest.Reply, error) {
	u, err := s.user(r)
	if err != nil {
		return rest.Reply{}, err
	}
	taken, err := s.in(documents.Devices.Resource, r.Account.ID).FindBy(r.Context(), documents.ByHotdesk, u.ID)
	rows := make([]any, len(taken))
	for i, d := range taken {
		rows[i] = resource.Object{"device_id": d.ID, "device_name": d.Public["name"]}
	}
	return rest.Reply{Data: rows, List: &rest.ListInfo{Size: len(rows)}}, err
}

func (s *Server) listTakers(r *rest.Request) (rest.Reply, error) {
	d, err := s.in(documents.Devices.Resource, r.Account.ID).Get(r.Context(), r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	rows := []any{}
	for _, ref := range documents.Takers(d) {
		u, err := s.people.Users(r.Account.ID).Get(r.Context(), ref)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return rest.Reply{}, err
		}
		rows = append(rows, resource.Object{
			"user_id": u.ID, "first_name": u.Public["first_name"], "last_name": u.Public["last_name"],
		})
	}
	return rest.Reply{Data: rows, List: &rest.ListInfo{Size: len(rows)}}, nil
}
