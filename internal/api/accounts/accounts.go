package accounts

import (
	"maps"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

func (h *Handler) accountOperations() []rest.Operation {
	const one = "accounts/{account_id}"
	body := h.cfg.People.Accounts().Schema
	ops := []rest.Operation{
		{
			Method: http.MethodPut, Path: "accounts", Summary: "Create an account below one's own", Body: body,
			Who:     rest.AnyToken,
			Example: rest.Example{Data: `{"name": "Acme", "realm": "acme.example.com", "timezone": "Europe/Berlin"}`},
			Do:      func(r *rest.Request) (rest.Reply, error) { return h.createAccount(r, r.Auth.Account) },
		},
		{
			Method: http.MethodPut, Path: one, Summary: "Create an account below another", Body: body,
			Example: rest.Example{Data: `{"name": "Acme's shop"}`, Vars: map[string]string{"account_id": "{child_account_id}"}},
			Do:      func(r *rest.Request) (rest.Reply, error) { return h.createAccount(r, *r.Account) },
		},
		{
			Method: http.MethodGet, Path: one, Summary: "Read an account", Do: h.getAccount, Own: rest.EveryUser,
			Params: []rest.Param{
				rest.Truth("include_api_key", "true to have its API key in the answer."),
				rest.Truth("include_signing_key", "true to have its signing keys in the answer."),
			},
		},
		{
			Method: http.MethodPost, Path: one, Summary: "Replace an account's settings", Body: body, Do: h.replaceAccount,
			Example: rest.Example{Data: `{"name": "{account_name}", "realm": "{realm}", "timezone": "Europe/Berlin"}`},
		},
		{
			Method: http.MethodPatch, Path: one, Summary: "Change some of an account's settings", Body: body,
			Do: h.patchAccount, Example: rest.Example{Data: `{"timezone": "America/New_York"}`},
		},
		{
			Method: http.MethodDelete, Path: one, Summary: "Delete an account", Do: h.deleteAccount,
			Example: rest.Example{Vars: map[string]string{"account_id": "{spare_account_id}"}},
		},
		{Method: http.MethodGet, Path: one + "/api_key", Summary: "Read an account's API key", Do: h.getAPIKey},
		{
			Method: http.MethodPut, Path: one + "/api_key", Summary: "Make a new API key; the old one and its tokens end",
			Do: h.putAPIKey,
		},
	}
	for i := range ops {
		if ops[i].Path == "accounts" || ops[i].Path == one {
			ops[i].Returns = body
		}
	}
	ops = append(ops, h.relatives(one)...)
	for i := range ops {
		ops[i].Group = "accounts"
	}
	return ops
}

// relatives are the lists of accounts that are near one.
func (h *Handler) relatives(one string) []rest.Operation {
	accounts := h.cfg.People.Accounts()
	rows := accounts.RowSchema()
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: one + "/children", Summary: "List the accounts right below", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV}, Returns: accounts.RowSchema(childCount), Many: true, Do: h.listChildren,
		},
		{
			Method: http.MethodGet, Path: one + "/descendants", Summary: "List all accounts below", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV}, Returns: accounts.RowSchema(accountTree), Many: true, Do: h.listDescendants,
		},
		{
			Method: http.MethodGet, Path: one + "/siblings", Summary: "List the accounts beside", Params: rest.ListParams,
			Produces: []string{rest.TypeCSV}, Returns: rows, Many: true, Do: h.listSiblings,
		},
		{
			Method: http.MethodGet, Path: one + "/parents", Summary: "List the accounts above", Returns: rows, Many: true,
			Do: h.listParents,
		},
		{
			Method: http.MethodGet, Path: one + "/tree", Summary: "List the accounts above", Returns: rows, Many: true,
			Do: h.listParents,
		},
	}
}

func (h *Handler) createAccount(r *rest.Request, parent resource.Doc) (rest.Reply, error) {
	h.family.Lock()
	defer h.family.Unlock()
	now, err := h.cfg.People.Accounts().Get(r.Context(), parent.ID)
	if err != nil {
		return rest.Reply{}, rest.Missing(err, parent.ID)
	}
	d, err := h.cfg.People.Accounts().Create(identity.Below(r.Context(), now), r.Data())
	reply, err := rest.Shown(r, h.cfg.People.Accounts(), d, err)
	reply.Location = "/v2/accounts/" + d.ID
	return reply, err
}

func (h *Handler) getAccount(r *rest.Request) (rest.Reply, error) {
	reply, err := rest.Shown(r, h.cfg.People.Accounts(), *r.Account, nil)
	data, ok := reply.Data.(resource.Object)
	if !ok || !r.Auth.Admin() {
		return reply, err
	}
	if r.Param("include_api_key") == "true" {
		data["api_key"] = resource.Text(r.Account.Private, "pvt_api_key")
	}
	if r.Param("include_signing_key") == "true" {
		maps.Copy(data, showSigningKeys(*r.Account))
	}
	return reply, err
}

func (h *Handler) replaceAccount(r *rest.Request) (rest.Reply, error) {
	d, err := h.cfg.People.Accounts().Replace(r.Context(), r.Account.ID, r.Data(), r.IfMatch())
	return rest.Shown(r, h.cfg.People.Accounts(), d, err)
}

func (h *Handler) patchAccount(r *rest.Request) (rest.Reply, error) {
	d, err := h.cfg.People.Accounts().Patch(r.Context(), r.Account.ID, r.Data(), r.IfMatch())
	return rest.Shown(r, h.cfg.People.Accounts(), d, err)
}

func (h *Handler) getAPIKey(r *rest.Request) (rest.Reply, error) {
	return rest.Reply{Data: map[string]any{"api_key": resource.Text(r.Account.Private, "pvt_api_key")}}, nil
}

func (h *Handler) putAPIKey(r *rest.Request) (rest.Reply, error) {
	d, err := h.cfg.People.NewAPIKey(r.Context(), r.Account.ID)
	if err != nil {
		return rest.Reply{}, err
	}
	return rest.Reply{Data: map[string]any{"api_key": resource.Text(d.Private, "pvt_api_key")}}, nil
}

// What lists of accounts have besides.
var (
	accountTree = resource.Column{
		Name: "tree", Value: func(d resource.Doc) any { return identity.Tree(d) },
		Is: schema.Literal(`{"type": "array", "items": {"type": "string"}, "description": "The ids of the accounts above."}`),
	}
	childCount = resource.Column{
		Name: "descendants_count",
		Is:   schema.Literal(`{"type": "integer", "description": "How many accounts are below it."}`),
	}
)

// listAccounts is a page of accounts, with more columns.
func (h *Handler) listAccounts(r *rest.Request, index, id string, more ...resource.Column) (rest.Reply, error) {
	q, err := resource.ParseQuery(r.Query, r.Param)
	if err != nil {
		return rest.Reply{}, err
	}
	q.Where = map[string]string{index: id}
	c := h.cfg.People.Accounts()
	c.Columns = append(slices.Clip(c.Columns), more...)
	return rest.Page(r, c, q)
}

func (h *Handler) listChildren(r *rest.Request) (rest.Reply, error) {
	reply, err := h.listAccounts(r, identity.ByParent, r.Account.ID)
	if err != nil {
		return reply, err
	}
	rows, _ := reply.Data.([]any)
	for _, row := range rows {
		o, _ := row.(resource.Object)
		under, err := h.cfg.People.Accounts().FindBy(r.Context(), identity.ByTree, resource.Text(o, "id"))
		if err != nil {
			return reply, err
		}
		o[childCount.Name] = len(under)
	}
	return reply, nil
}

func (h *Handler) listDescendants(r *rest.Request) (rest.Reply, error) {
	return h.listAccounts(r, identity.ByTree, r.Account.ID, accountTree)
}

func (h *Handler) listSiblings(r *rest.Request) (rest.Reply, error) {
	above := identity.Tree(*r.Account)
	if len(above) == 0 {
		return h.listAccounts(r, identity.ByMaster, "true")
	}
	parent, err := h.cfg.People.Accounts().Get(r.Context(), above[len(above)-1])
	if err != nil {
		return rest.Reply{}, err
	}
	if !r.Auth.Reaches(&parent) {
		return rest.Reply{}, rest.Forbidden()
	}
	return h.listAccounts(r, identity.ByParent, parent.ID)
}

// listParents shows the accounts above, but not those above the token's own.
func (h *Handler) listParents(r *rest.Request) (rest.Reply, error) {
	rows := []any{}
	for _, id := range identity.Tree(*r.Account) {
		d, err := h.cfg.People.Accounts().Get(r.Context(), id)
		if err != nil {
			return rest.Reply{}, err
		}
		if r.Auth.Reaches(&d) {
			rows = append(rows, resource.Object{"id": d.ID, "name": d.Public["name"]})
		}
	}
	return rest.Reply{Data: rows, List: &rest.ListInfo{Size: len(rows)}}, nil
}
