package accounts

import (
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// moveData is the data of POST move.
type moveData struct {
	To string `json:"to" jsonschema:"required,minLength=32,maxLength=32" jsonschema_description:"The account to be below of."`
}

func (h *Handler) familyOperations() []rest.Operation {
	const one = "accounts/{account_id}"
	spare := rest.Example{Vars: map[string]string{"account_id": "{spare_account_id}"}}
	moving := spare
	moving.Data = `{"to": "{child_account_id}"}`
	return []rest.Operation{
		{
			Method: http.MethodPost, Path: one + "/move", Group: "accounts", Do: h.moveAccount, Body: schema.Of(moveData{}),
			Summary: "Put an account, with all below it, below another one", Example: moving,
		},
		{
			Method: http.MethodPut, Path: one + "/reseller", Group: "accounts", Example: spare, Who: rest.Master,
			Summary: "Make an account the reseller of those below it",
			Do:      func(r *rest.Request) (rest.Reply, error) { return h.setReseller(r, true) },
		},
		{
			Method: http.MethodDelete, Path: one + "/reseller", Group: "accounts", Example: spare, Who: rest.Master,
			Summary: "Make an account no reseller any more",
			Do:      func(r *rest.Request) (rest.Reply, error) { return h.setReseller(r, false) },
		},
	}
}

// moveAccount changes the tree of an account and of all below it: theirs
// first, so that a move that was broken off is whole once it is done again.
func (h *Handler) moveAccount(r *rest.Request) (rest.Reply, error) {
	var in moveData
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	h.family.Lock()
	defer h.family.Unlock()
	to, err := h.cfg.People.Accounts().Get(r.Context(), in.To)
	switch {
	case err != nil && !store.Gone(err):
		return rest.Reply{}, err
	case err != nil || !r.Auth.Reaches(&to), r.Auth.Account.ID == r.Account.ID:
		return rest.Reply{}, rest.Forbidden()
	case to.ID == r.Account.ID || slices.Contains(identity.Tree(to), r.Account.ID):
		return rest.Reply{}, schema.Invalid("to", "invalid", "An account cannot be below itself",
			map[string]any{"cause": in.To})
	}
	below, err := h.cfg.People.Accounts().FindBy(r.Context(), identity.ByTree, r.Account.ID)
	if err != nil {
		return rest.Reply{}, err
	}
	above := append(identity.Tree(to), to.ID)
	for _, d := range below {
		its := identity.Tree(d)
		its = slices.Concat(above, its[slices.Index(its, r.Account.ID):])
		if _, err := h.cfg.People.Plant(r.Context(), d.ID, its); err != nil {
			return rest.Reply{}, err
		}
	}
	d, err := h.cfg.People.Plant(r.Context(), r.Account.ID, above)
	if err == nil {
		h.cfg.Logger.InfoContext(r.Context(), "account moved", "account", r.Account.ID, "to", to.ID, "below", len(below),
			"by", r.Auth.Account.ID, "user", r.Auth.UserID(), "request_id", r.ID)
	}
	return rest.Shown(r, h.cfg.People.Accounts(), d, err)
}

// setReseller is for the first account only, as in Kazoo.
func (h *Handler) setReseller(r *rest.Request, is bool) (rest.Reply, error) {
	d, err := h.cfg.People.SetReseller(r.Context(), r.Account.ID, is)
	return rest.Shown(r, h.cfg.People.Accounts(), d, err)
}

// deleteAccount hangs up an account's calls and leaves nothing of what it had.
// It is purged before it is gone, so that a deletion that was broken off can be
// done again; after it, as after every change of an account that is gone, the
// server does so, for what was written meanwhile.
func (h *Handler) deleteAccount(r *rest.Request) (rest.Reply, error) {
	if r.Auth.Account.ID == r.Account.ID && !r.Auth.Master() {
		return rest.Reply{}, rest.Forbidden() // its owner is the account above
	}
	d, err := h.dropAccount(r)
	if err == nil {
		h.cfg.Logger.InfoContext(r.Context(), "account deleted", "account", r.Account.ID, "by", r.Auth.Account.ID,
			"user", r.Auth.UserID(), "request_id", r.ID)
	}
	return rest.Shown(r, h.cfg.People.Accounts(), d, err)
}

// dropAccount purges and deletes an account that has none below it.
func (h *Handler) dropAccount(r *rest.Request) (d resource.Doc, err error) {
	h.family.Lock()
	defer h.family.Unlock()
	if err := identity.Removable(r.Context(), h.cfg.Docs, *r.Account); err != nil {
		return d, err
	}
	if r.Stale(r.Account.Revision) {
		return d, resource.ErrMismatch
	}
	if err := h.cfg.Purge(r.Context(), r.Account.ID); err != nil {
		return d, err
	}
	return h.cfg.People.Accounts().Delete(r.Context(), r.Account.ID, r.IfMatch(), false)
}
