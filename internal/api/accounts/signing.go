package accounts

import (
	"context"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
)

func showSigningKeys(account resource.Doc) resource.Object {
	out := resource.Object{}
	names := []string{"signing_key", "second_signing_key"}
	for i, k := range identity.KeptSigningKeys(account) {
		if i < len(names) {
			out[names[i]] = k
		}
	}
	return out
}

func (h *Handler) signingOperations() []rest.Operation {
	const path = "accounts/{account_id}/signing_key"
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: path, Group: "accounts", Do: h.getSigningKeys,
			Summary: "Read the keys that requests to web servers are signed with",
		},
		{
			Method: http.MethodPut, Path: path, Group: "accounts", Do: h.putSigningKey,
			Summary: "Make a new signing key; the old one is the second, and signs until it is removed",
		},
		{
			Method: http.MethodDelete, Path: path, Group: "accounts", Do: h.deleteSigningKey,
			Summary: "Remove the second signing key: the new one signs from now on",
		},
	}
}

func (h *Handler) getSigningKeys(r *rest.Request) (rest.Reply, error) {
	return rest.Reply{Data: showSigningKeys(*r.Account)}, nil
}

func (h *Handler) putSigningKey(r *rest.Request) (rest.Reply, error) {
	return h.changeSigningKeys(r, h.cfg.People.AddSigningKey)
}

func (h *Handler) deleteSigningKey(r *rest.Request) (rest.Reply, error) {
	return h.changeSigningKeys(r, h.cfg.People.DropSigningKey)
}

func (h *Handler) changeSigningKeys(
	r *rest.Request, change func(ctx context.Context, account string) (resource.Doc, error),
) (rest.Reply, error) {
	d, err := change(r.Context(), r.Account.ID)
	if err != nil {
		return rest.Reply{}, err
	}
	h.cfg.Logger.InfoContext(r.Context(), "signing keys changed", "account", d.ID, "method", r.Method,
		"by", r.Auth.Account.ID, "user", r.Auth.UserID(), "request_id", r.ID)
	return rest.Reply{Data: showSigningKeys(d)}, nil
}
