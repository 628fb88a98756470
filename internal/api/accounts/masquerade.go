package accounts

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/schema"
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

// impersonate is the data of PUT users/{id}/user_auth.
type impersonate struct {
	Action string `json:"action" jsonschema:"required,enum=impersonate_user" jsonschema_description:"impersonate_user."`
}

func (h *Handler) masqueradeOperations() []rest.Operation {
	return []rest.Operation{{
		Method: http.MethodPut, Path: "accounts/{account_id}/users/{id}/user_auth", Group: "auth", Who: rest.Master,
		Summary: "Get a token of a user of another account, as an admin of the first account",
		Body:    schema.Of(impersonate{}), Do: h.putImpersonation,
		Example: rest.Example{
			Data: `{"action": "impersonate_user"}`, Vars: map[string]string{"account_id": "{child_account_id}", "id": "grace"},
		},
	}}
}

func (h *Handler) putImpersonation(r *rest.Request) (rest.Reply, error) {
	var in impersonate
	if r.Auth.Account.ID == r.Account.ID {
		return rest.Reply{}, rest.Forbidden()
	}
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	if _, err := h.cfg.People.Users(r.Account.ID).Get(r.Context(), r.Var("id")); err != nil {
		return rest.Reply{}, err
	}
	id, err := h.cfg.People.Acting(r.Context(), r.Auth, r.Account.ID, r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	id.Method = identity.UserAuth
	return h.letIn(r, id)
}
