package api

import (
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// restrictionsID is the id of the document that clients see.
const restrictionsID = "token_restrictions"

func (s *Server) restrictionOperations() []Operation {
	const path = "accounts/{account_id}/token_restrictions"
	body := schema.Of(identity.Restrictions{})
	return []Operation{
		{
			Method: http.MethodPost, Path: path, Group: "accounts", Do: s.postRestrictions, Body: body,
			Summary: "Restrict what the account's tokens can be used for",
			Example: Example{
				Data: `{"restrictions": {"cb_user_auth": {"_": {"callflows": [{"rules": {"#": ["GET"]}}]}}}}`,
				Vars: map[string]string{"account_id": "{child_account_id}"},
			},
		},
		{
			Method: http.MethodGet, Path: path, Group: "accounts", Do: s.getRestrictions,
			Summary: "Read how the account's tokens are restricted",
			Example: Example{Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
		{
			Method: http.MethodDelete, Path: path, Group: "accounts", Do: s.deleteRestrictions,
			Summary: "Let the account's tokens be used for everything",
			Example: Example{Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
	}
}

func showRestrictions(d resource.Doc) (Reply, error) {
	kept := identity.RestrictionsOf(d)
	if kept == nil {
		return Reply{}, errBadIdentifier(restrictionsID)
	}
	return Reply{Data: resource.Object{"id": restrictionsID, "restrictions": kept}, Revision: d.Revision}, nil
}

func (s *Server) getRestrictions(r *Request) (Reply, error) { return showRestrictions(*r.Account) }

func (s *Server) postRestrictions(r *Request) (Reply, error) {
	var in identity.Restrictions
	if err := bodyOf(r, &in); err != nil {
		return Reply{}, err
	}
	if err := in.Faults().Err(); err != nil {
		return Reply{}, err
	}
	d, err := s.people.Restrict(r.Context(), r.Account.ID, in)
	if err != nil {
		return Reply{}, err
	}
	return showRestrictions(d)
}

func (s *Server) deleteRestrictions(r *Request) (Reply, error) {
	was, err := showRestrictions(*r.Account)
	if err != nil {
		return Reply{}, err
	}
	_, err = s.people.Unrestrict(r.Context(), r.Account.ID)
	return was, err
}

// restricted says whether the restrictions of the token's account refuse a
// request.
func (s *Server) restricted(r *Request) bool {
	endpoint, args := s.endpoint(r.op, r.path)
	return r.Auth.Restricted(r.Account, endpoint, args, r.method)
}

// endpoint is the last part of a path that is an endpoint of accounts, or else
// its first part, and what comes after it.
func (s *Server) endpoint(op *Operation, path []string) (name string, args []string) {
	parts, of := strings.Split(op.Path, "/"), s.root.fixed["accounts"].any.fixed
	at := 0
	for i, part := range parts {
		if of[part] != nil && i > 1 {
			at = i
		}
	}
	return parts[at], path[at+1:]
}
