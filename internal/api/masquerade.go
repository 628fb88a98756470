package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Admins may act as an account below theirs, or as a user of one: by "as" when
// they log in, and those of the first account by impersonate_user. The token
// says who is really there, and ends when either of both could no longer log
// in (spec/crossbar-api.md sections 2.2 and 2.3).

// actAs is whom somebody who logs in wants to be.
type actAs struct {
	Account string `json:"account_id,omitempty" jsonschema:"minLength=32,maxLength=32" jsonschema_description:"An account below one's own."`
	Owner   string `json:"owner_id,omitempty" jsonschema_description:"A user of it; none is the account itself."`
}

// acting is by in the place of another.
func (s *Server) acting(ctx context.Context, by *Identity, as actAs) (*Identity, error) {
	id, err := s.member(ctx, as.Account, as.Owner)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, errForbidden() // as what is out of reach
	case err != nil:
		return nil, err
	case !by.mayBe(id):
		return nil, errForbidden()
	case !id.mayLogIn():
		return nil, locked("disabled")
	}
	id.By, id.Method = by, by.Method
	return id, nil
}

// mayBe says whether somebody may act as another.
func (id *Identity) mayBe(other *Identity) bool {
	return id.Admin() && id.By == nil && id.reaches(&other.Account)
}

// mayLogIn says whether both account and user are enabled.
func (id *Identity) mayLogIn() bool {
	return enabled(id.Account) && (id.User == nil || enabled(*id.User))
}

// member is a user of an account; "" is the account itself.
func (s *Server) member(ctx context.Context, account, owner string) (*Identity, error) {
	doc, err := s.accounts().Get(ctx, account)
	if err != nil {
		return nil, err
	}
	id := &Identity{Account: doc}
	if owner != "" {
		user, err := s.users(account).Get(ctx, owner)
		if err != nil {
			return nil, err
		}
		id.User = &user
	}
	return id, nil
}

// impersonate is the data of PUT users/{id}/user_auth.
type impersonate struct {
	Action string `json:"action" jsonschema:"required,enum=impersonate_user" jsonschema_description:"impersonate_user."`
}

func (s *Server) masqueradeOperations() []Operation {
	return []Operation{{
		Method: http.MethodPut, Path: "accounts/{account_id}/users/{id}/user_auth", Group: "auth", Who: Master,
		Summary: "Get a token of a user of another account, as an admin of the first account",
		Body:    schema.Of(impersonate{}), Do: s.putImpersonation,
		Example: Example{
			Data: `{"action": "impersonate_user"}`, Vars: map[string]string{"account_id": "{child_account_id}", "id": "grace"},
		},
	}}
}

func (s *Server) putImpersonation(r *Request) (Reply, error) {
	var in impersonate
	if r.Auth.Account.ID == r.Account.ID {
		return Reply{}, errForbidden()
	}
	if err := bodyOf(r, &in); err != nil {
		return Reply{}, err
	}
	if _, err := s.users(r.Account.ID).Get(r.Context(), r.Var("id")); err != nil {
		return Reply{}, err
	}
	id, err := s.acting(r.Context(), r.Auth, actAs{Account: r.Account.ID, Owner: r.Var("id")})
	if err != nil {
		return Reply{}, err
	}
	id.Method = byUser
	return s.letIn(r, id)
}

// really is the id of the user, or else the account, who acts as another; ""
// where nobody does.
func (id *Identity) really() string {
	if id.By == nil {
		return ""
	}
	return cmp.Or(id.By.UserID(), id.By.Account.ID)
}
