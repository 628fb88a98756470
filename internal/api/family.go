package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// pvtReseller is the private key of an account that those below it belong to.
const pvtReseller = "pvt_reseller"

// moveData is the data of POST move.
type moveData struct {
	To string `json:"to" jsonschema:"required,minLength=32,maxLength=32" jsonschema_description:"The account to be below of."`
}

func (s *Server) familyOperations() []Operation {
	const one = "accounts/{account_id}"
	spare := Example{Vars: map[string]string{"account_id": "{spare_account_id}"}}
	moving := spare
	moving.Data = `{"to": "{child_account_id}"}`
	return []Operation{
		{
			Method: http.MethodPost, Path: one + "/move", Group: "accounts", Do: s.moveAccount, Body: schema.Of(moveData{}),
			Summary: "Put an account, with all below it, below another one", Example: moving,
		},
		{
			Method: http.MethodPut, Path: one + "/reseller", Group: "accounts", Example: spare, Who: Master,
			Summary: "Make an account the reseller of those below it",
			Do:      func(r *Request) (Reply, error) { return s.setReseller(r, true) },
		},
		{
			Method: http.MethodDelete, Path: one + "/reseller", Group: "accounts", Example: spare, Who: Master,
			Summary: "Make an account no reseller any more",
			Do:      func(r *Request) (Reply, error) { return s.setReseller(r, false) },
		},
	}
}

// moveAccount changes the tree of an account and of all below it: theirs
// first, so that a move that was broken off is whole once it is done again.
func (s *Server) moveAccount(r *Request) (Reply, error) {
	var in moveData
	if err := bodyOf(r, &in); err != nil {
		return Reply{}, err
	}
	s.family.Lock()
	defer s.family.Unlock()
	to, err := s.accounts().Get(r.Context(), in.To)
	switch {
	case err != nil && !gone(err):
		return Reply{}, err
	case err != nil || !r.Auth.reaches(&to), r.Auth.Account.ID == r.Account.ID:
		return Reply{}, errForbidden()
	case to.ID == r.Account.ID || slices.Contains(tree(to), r.Account.ID):
		return Reply{}, errInvalid("to", "invalid", "An account cannot be below itself", map[string]any{"cause": in.To})
	}
	below, err := s.accounts().FindBy(r.Context(), indexTree, r.Account.ID)
	if err != nil {
		return Reply{}, err
	}
	above := append(tree(to), to.ID)
	for _, d := range below {
		its := tree(d)
		its = slices.Concat(above, its[slices.Index(its, r.Account.ID):])
		if _, err := s.plantAccount(r.Context(), d.ID, its); err != nil {
			return Reply{}, err
		}
	}
	d, err := s.plantAccount(r.Context(), r.Account.ID, above)
	if err == nil {
		s.log.InfoContext(r.Context(), "account moved", "account", r.Account.ID, "to", to.ID, "below", len(below),
			"by", r.Auth.Account.ID, "user", r.Auth.UserID(), "request_id", r.ID)
	}
	return s.shown(r, s.accounts(), d, err)
}

// plantAccount puts an account below others.
func (s *Server) plantAccount(ctx context.Context, id string, above []string) (resource.Doc, error) {
	return s.accounts().Update(ctx, id, func(d *resource.Draft) { d.Private[pvtTree] = texts(above) })
}

// texts are strings as a JSON array has them.
func texts(all []string) []any {
	out := make([]any, len(all))
	for i, t := range all {
		out[i] = t
	}
	return out
}

// setReseller is for the first account only, as in Kazoo.
func (s *Server) setReseller(r *Request, is bool) (Reply, error) {
	d, err := s.accounts().Update(r.Context(), r.Account.ID, func(d *resource.Draft) { d.Private[pvtReseller] = is })
	return s.shown(r, s.accounts(), d, err)
}

func isReseller(d resource.Doc) bool { return isMaster(d) || d.Private[pvtReseller] == true }

// resellerOf is the id of the nearest account above one that is a reseller, or
// of the topmost.
func resellerOf(ctx context.Context, accounts resource.Collection, d resource.Doc) (string, error) {
	above := tree(d)
	for _, id := range slices.Backward(above) {
		a, err := accounts.Get(ctx, id)
		if err != nil && !gone(err) {
			return "", err
		}
		if err == nil && isReseller(a) {
			return id, nil
		}
	}
	return append(above, d.ID)[0], nil
}

// deleteAccount hangs up an account's calls and leaves nothing of what it had.
// It is purged before it is gone, so that a deletion that was broken off can be
// done again, and after, for what was written meanwhile.
func (s *Server) deleteAccount(r *Request) (Reply, error) {
	ctx := r.Context()
	if r.Auth.Account.ID == r.Account.ID && !r.Auth.Master() {
		return Reply{}, errForbidden() // its owner is the account above
	}
	d, err := s.dropAccount(r)
	if err == nil {
		s.log.InfoContext(ctx, "account deleted", "account", r.Account.ID, "by", r.Auth.Account.ID,
			"user", r.Auth.UserID(), "request_id", r.ID)
		err = s.purge(ctx, r.Account.ID)
	}
	return s.shown(r, s.accounts(), d, err)
}

// dropAccount purges and deletes an account that has none below it.
func (s *Server) dropAccount(r *Request) (d resource.Doc, err error) {
	s.family.Lock()
	defer s.family.Unlock()
	if err := removingAccount(r.Context(), s.docs, *r.Account); err != nil {
		return d, err
	}
	if r.stale(r.Account.Revision) {
		return d, resource.ErrMismatch
	}
	if err := s.purge(r.Context(), r.Account.ID); err != nil {
		return d, err
	}
	return s.accounts().Delete(r.Context(), r.Account.ID, r.ifMatch(), false)
}

// purge ends an account's calls, gives its numbers back and removes all that
// it has.
func (s *Server) purge(ctx context.Context, account string) error {
	if s.cfg.Interrupter != nil {
		why := call.Normal
		why.Text = "the account was deleted"
		for _, c := range s.cfg.Calls.Live(account) {
			s.cfg.Interrupter.Interrupt(c.CallID, flow.OverWith(why))
		}
	}
	numbers, err := s.in(s.numbersDef, account).Where(ctx, nil)
	if err != nil {
		return err
	}
	all := store.Store{Docs: s.docs, Journal: s.cfg.Journal, Blobs: s.cfg.Blobs}
	if s.cfg.Blobs == nil {
		all.Blobs = store.Memory().Blobs // there are none
	}
	if err := all.PurgeAccount(ctx, account); err != nil {
		return err
	}
	for _, n := range numbers {
		if err := s.disclaim(ctx, account, n.ID); err != nil {
			return err
		}
	}
	return nil
}
