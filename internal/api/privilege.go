package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/api/sounds"
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

// own is how users are let in to the documents of a resource: to the list, and
// to one of them; nil where they are not.
func (s *Server) own(res resource.Resource) (rows, one func(*rest.Request) (bool, error)) {
	owner := "owner_id"
	switch {
	case res.Name == s.people.Users("").Name:
		owner = "id"
	case res.Name == s.callflowsDef.Name, !slices.Contains(res.Schema.Fields(), owner):
		return nil, nil
	}
	return rest.OwnRows(owner), func(r *rest.Request) (bool, error) {
		id := r.Var("id")
		if res.Blob != "" {
			id, _ = sounds.SplitFormat(id)
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
func leavesReserved(r *rest.Request, old resource.Object) bool {
	if r.Method != http.MethodPost && r.Method != http.MethodPatch {
		return true
	}
	data := r.Data()
	if r.Method == http.MethodPatch {
		data = resource.Merge(old, data)
	}
	for _, k := range reserved {
		had, there := old[k]
		if v, told := data[k]; told && !resource.Equal(v, had) || !told && there && r.Method == http.MethodPatch {
			return false
		}
		if there {
			data[k] = had
		}
	}
	return true
}
