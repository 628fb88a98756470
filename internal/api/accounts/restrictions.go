package accounts

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// restrictionsID is the id of the document that clients see.
const restrictionsID = "token_restrictions"

func (h *Handler) restrictionOperations() []rest.Operation {
	const path = "accounts/{account_id}/token_restrictions"
	body := schema.Of(identity.Restrictions{})
	return []rest.Operation{
		{
			Method: http.MethodPost, Path: path, Group: "accounts", Do: h.postRestrictions, Body: body,
			Summary: "Restrict what the account's tokens can be used for",
			Example: rest.Example{
				Data: `{"restrictions": {"cb_user_auth": {"_": {"callflows": [{"rules": {"#": ["GET"]}}]}}}}`,
				Vars: map[string]string{"account_id": "{child_account_id}"},
			},
		},
		{
			Method: http.MethodGet, Path: path, Group: "accounts", Do: h.getRestrictions,
			Summary: "Read how the account's tokens are restricted",
			Example: rest.Example{Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
		{
			Method: http.MethodDelete, Path: path, Group: "accounts", Do: h.deleteRestrictions,
			Summary: "Let the account's tokens be used for everything",
			Example: rest.Example{Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
	}
}

func showRestrictions(d resource.Doc) (rest.Reply, error) {
	kept := identity.RestrictionsOf(d)
	if kept == nil {
		return rest.Reply{}, rest.BadIdentifier(restrictionsID)
	}
	return rest.Reply{Data: resource.Object{"id": restrictionsID, "restrictions": kept}, Revision: d.Revision}, nil
}

func (h *Handler) getRestrictions(r *rest.Request) (rest.Reply, error) {
	return showRestrictions(*r.Account)
}

func (h *Handler) postRestrictions(r *rest.Request) (rest.Reply, error) {
	var in identity.Restrictions
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	if err := in.Faults().Err(); err != nil {
		return rest.Reply{}, err
	}
	d, err := h.cfg.People.Restrict(r.Context(), r.Account.ID, in)
	if err != nil {
		return rest.Reply{}, err
	}
	return showRestrictions(d)
}

func (h *Handler) deleteRestrictions(r *rest.Request) (rest.Reply, error) {
	was, err := showRestrictions(*r.Account)
	if err != nil {
		return rest.Reply{}, err
	}
	_, err = h.cfg.People.Unrestrict(r.Context(), r.Account.ID)
	return was, err
}
