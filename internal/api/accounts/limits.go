package accounts

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// limits are what an account may use. Kazoo has more, which are refused.
type limits struct {
	_       struct{} `jsonschema:"noextra"`
	Calls   *int     `json:"calls,omitempty" jsonschema:"minimum=0" jsonschema_description:"Calls at one time; more are refused with 486. None is as many as the server takes."`
	Prepay  bool     `json:"allow_prepay" jsonschema_description:"true: nothing is billed."`
	Account string   `json:"id,omitempty" jsonschema_description:"The account; not looked at."`
}

func (h *Handler) limitOperations() []rest.Operation {
	const path = "accounts/{account_id}/limits"
	body := schema.Of(limits{Prepay: true})
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: path, Group: "accounts", Summary: "Read what an account may use",
			Do: func(r *rest.Request) (rest.Reply, error) { return showLimits(*r.Account), nil },
		},
		{
			Method: http.MethodPost, Path: path, Group: "accounts", Do: h.postLimits, Body: body,
			Summary: "Say what an account below one's own may use: how many calls at one time",
			Example: rest.Example{Data: `{"calls": 2}`, Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
	}
}

func showLimits(d resource.Doc) rest.Reply {
	out := resource.Object{"allow_prepay": true}
	if n, ok := d.Private[documents.Limits]; ok {
		out["calls"] = n
	}
	out["id"] = d.ID
	return rest.Reply{Data: out, Revision: d.Revision}
}

// postLimits is for who is above: nobody sets their own.
func (h *Handler) postLimits(r *rest.Request) (rest.Reply, error) {
	if !r.Auth.Master() && r.Auth.Account.ID == r.Account.ID {
		return rest.Reply{}, rest.Forbidden()
	}
	var in limits
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	if !in.Prepay {
		return rest.Reply{}, schema.Invalid("allow_prepay", "enum", "Nothing is billed by this server",
			map[string]any{"target": []bool{true}, "value": false})
	}
	d, err := h.cfg.People.Accounts().Update(r.Context(), r.Account.ID, func(draft *resource.Draft) {
		delete(draft.Private, documents.Limits)
		if in.Calls != nil {
			draft.Private[documents.Limits] = *in.Calls
		}
	})
	if err != nil {
		return rest.Reply{}, err
	}
	return showLimits(d), nil
}
