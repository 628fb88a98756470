package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// An account's API key and its users with priv_level admin may do whatever
// their account may. Other users may read and change what is their own, and
// see themselves: their user document, what has them as its owner_id, and
// lists of these. An operation says by Own that it is such; what does not is
// for admins.

// reserved are the keys of what is somebody's own that only admins change:
// whose it is, and what is granted or denied.
var reserved = []string{"owner_id", "priv_level", "enabled", "feature_level", "call_restriction"}

// everyUser lets in every user: the operation tells nobody anything, or only
// who they are.
func everyUser(*Request) (bool, error) { return true, nil }

// ownRows cuts a list down to the rows that have the user at a dotted path.
func ownRows(path string) func(*Request) (bool, error) {
	return func(r *Request) (bool, error) {
		r.query.Add("filter_"+path, r.Auth.UserID())
		return true, nil
	}
}

// own is how users are let in to the documents of a resource: to the list, and
// to one of them; nil where they are not.
func (s *Server) own(res resource.Resource) (rows, one func(*Request) (bool, error)) {
	owner := "owner_id"
	switch {
	case res.Name == s.people.Users("").Name:
		owner = "id"
	case res.Name == s.callflowsDef.Name, !slices.Contains(res.Schema.Fields(), owner):
		return nil, nil
	}
	return ownRows(owner), func(r *Request) (bool, error) {
		id := r.Var("id")
		if res.Blob != "" {
			id, _ = splitFormat(id)
		}
		d, err := s.in(res, r.Account.ID).Get(r.Context(), id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil // as what is somebody else's
		}
		return err == nil && d.Full()[owner] == r.Auth.UserID() && leavesReserved(r, d.Public), err
	}
}

// leavesReserved says whether a change leaves reserved keys as they are. A
// replacement that does not speak of them keeps them.
func leavesReserved(r *Request, old resource.Object) bool {
	if r.method != http.MethodPost && r.method != http.MethodPatch {
		return true
	}
	data := r.Data()
	if r.method == http.MethodPatch {
		data = resource.Merge(old, data)
	}
	for _, k := range reserved {
		had, there := old[k]
		if v, told := data[k]; told && !resource.Equal(v, had) || !told && there && r.method == http.MethodPatch {
			return false
		}
		if there {
			data[k] = had
		}
	}
	return true
}

// mayUser says whether a user who is no admin may do what is asked.
func (r *Request) mayUser() error {
	if r.op.Own == nil || r.Account != nil && r.Account.ID != r.Auth.Account.ID {
		return errForbidden()
	}
	ok, err := r.op.Own(r)
	if err == nil && !ok {
		return errForbidden()
	}
	return err
}
