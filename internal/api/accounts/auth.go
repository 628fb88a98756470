package accounts

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// userAuth is the data of PUT user_auth.
type userAuth struct {
	Credentials string `json:"credentials" jsonschema:"required,minLength=1,maxLength=64" jsonschema_description:"The hex MD5 or SHA-1 of username:password."`
	Method      string `json:"method,omitempty" jsonschema:"enum=md5,enum=sha" jsonschema_description:"The digest that the credentials are."`
	Name        string `json:"account_name,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"The account, by its name."`
	Realm       string `json:"account_realm,omitempty" jsonschema:"minLength=4,maxLength=253,pattern=^[.\\w_-]+$" jsonschema_description:"The account, by its realm."`
	Realm2      string `json:"realm,omitempty" jsonschema:"minLength=4,maxLength=253" jsonschema_description:"The same as account_realm."`
	Phone       string `json:"phone_number,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"The account, by a number that one of its callflows answers."`
	As          actAs  `json:"as,omitzero" jsonschema_description:"Whom to be, for admins: an account below one's own, or a user of one."`
}

// apiAuth is the data of PUT api_auth. Keys made by the server have 64
// characters, as Kazoo's; one that was configured may be shorter.
type apiAuth struct {
	_   struct{} `jsonschema:"noextra"`
	Key string   `json:"api_key" jsonschema:"required,minLength=16,maxLength=128" jsonschema_description:"The account's API key."`
}

func (h *Handler) authOperations() []rest.Operation {
	return []rest.Operation{
		{
			Method: http.MethodPut, Path: "user_auth", Group: "auth", Who: rest.Anyone, Do: h.putUserAuth,
			Summary: "Exchange a user's credentials for a token", Body: schema.Of(userAuth{Method: "md5"}),
			Example: rest.Example{Data: `{"credentials": "{credentials}", "account_name": "{account_name}", "method": "md5"}`},
		},
		{
			Method: http.MethodGet, Path: "user_auth/{token}", Group: "auth", Who: rest.AnyToken, Own: rest.EveryUser,
			Do:      h.getUserAuth,
			Summary: "Read who the token of this request belongs to",
		},
		{
			Method: http.MethodPut, Path: "api_auth", Group: "auth", Who: rest.Anyone, Do: h.putAPIAuth,
			Summary: "Exchange an account's API key for a token", Body: schema.Of(apiAuth{}),
			Example: rest.Example{Data: `{"api_key": "{api_key}"}`},
		},
		{
			Method: http.MethodGet, Path: "token_auth", Group: "auth", Who: rest.AnyToken, Own: rest.EveryUser,
			Do:      h.getTokenAuth,
			Summary: "Read what the token of this request says",
		},
		{
			Method: http.MethodDelete, Path: "token_auth", Group: "auth", Who: rest.AnyToken, Own: rest.EveryUser,
			Do:      h.getTokenAuth,
			Summary: "Log out: tokens are forgotten by who holds them, and end by themselves",
		},
		{
			Method: http.MethodPost, Path: "auth/tokeninfo", Group: "auth", Who: rest.Anyone, Do: h.tokenInfo,
			Summary: "Read what a token says", Params: []rest.Param{rest.Text("token", "The token.")},
			Example: rest.Example{Data: `{"token": "{token}"}`},
		},
		{
			Method: http.MethodGet, Path: "auth/tokeninfo", Group: "auth", Who: rest.Anyone, Do: h.tokenInfo,
			Summary: "Read what a token says", Params: []rest.Param{rest.Text("token", "The token.")},
			Example: rest.Example{Query: "token={token}"},
		},
	}
}

func (h *Handler) putUserAuth(r *rest.Request) (rest.Reply, error) {
	var in userAuth
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	named := resource.Lower(cmp.Or(in.Phone, in.Realm, in.Realm2, in.Name))
	if named == "" {
		return rest.Reply{}, schema.Faults{schema.Required("account_name")}
	}
	if err := r.Consume(); err != nil {
		return rest.Reply{}, err
	}
	accounts, err := h.candidates(r, in)
	if err != nil {
		return rest.Reply{}, err
	}
	if len(accounts) > 0 {
		named = accounts[0].ID // it has many names
	}
	if err := r.Try(named); err != nil {
		return rest.Reply{}, err
	}
	if len(accounts) == 0 { // one that does not exist takes as long as one that does
		err = h.cfg.People.Nobody(r.Context(), in.Credentials)
	}
	if err != nil {
		return rest.Reply{}, err
	}
	id, err := h.cfg.People.ByDigest(r.Context(), accounts, in.Credentials)
	if errors.Is(err, store.ErrNotFound) {
		return rest.Reply{}, r.Refuse("user_auth")
	}
	if err != nil {
		return rest.Reply{}, err
	}
	if in.As != (actAs{}) {
		in.As.Account = cmp.Or(in.As.Account, id.Account.ID)
		if id, err = h.cfg.People.Acting(r.Context(), id, in.As.Account, in.As.Owner); err != nil {
			return rest.Reply{}, err
		}
	}
	return h.letIn(r, id)
}

// maxCandidates is how many accounts of one name are tried: each costs a slow
// hash.
const maxCandidates = 4

// candidates are the accounts that may be meant: by number, by realm, by name.
func (h *Handler) candidates(r *rest.Request, in userAuth) ([]resource.Doc, error) {
	if in.Phone != "" {
		found, err := h.byNumber(r, in.Phone)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	for _, by := range []struct{ index, value string }{
		{"realm", resource.Lower(in.Realm)},
		{"realm", resource.Lower(in.Realm2)},
		{identity.ByName, resource.Alphanumeric(in.Name)},
	} {
		if by.value == "" {
			continue
		}
		found, err := h.cfg.People.Accounts().FindBy(r.Context(), by.index, by.value)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return found[:min(len(found), maxCandidates)], nil
		}
	}
	return nil, nil
}

// byNumber are the accounts whose callflows answer a number.
func (h *Handler) byNumber(r *rest.Request, number string) ([]resource.Doc, error) {
	flows, err := h.cfg.Docs.List(r.Context(), store.Query{
		Type: "callflow", AnyAccount: true, Where: map[string]string{"numbers": route.Normalise(number)},
		Limit: maxCandidates,
	})
	if err != nil {
		return nil, err
	}
	var out []resource.Doc
	for _, f := range flows {
		a, err := h.cfg.People.Accounts().Get(r.Context(), f.Account)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (h *Handler) putAPIAuth(r *rest.Request) (rest.Reply, error) {
	var in apiAuth
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	if err := r.Try(""); err != nil {
		return rest.Reply{}, err
	}
	id, err := h.cfg.People.ByAPIKey(r.Context(), in.Key)
	if errors.Is(err, store.ErrNotFound) {
		_ = r.Refuse("api_auth") // noted; clients know another answer
		return rest.Reply{}, &rest.Error{Status: http.StatusNotFound, Message: "bad identifier", Data: []string{in.Key}}
	}
	if err != nil {
		return rest.Reply{}, err
	}
	return h.letIn(r, id)
}

// letIn gives a token to who has proven to be somebody.
func (h *Handler) letIn(r *rest.Request, id *identity.Identity) (rest.Reply, error) {
	if !identity.Enabled(id.Account) {
		return rest.Reply{}, rest.Locked("disabled")
	}
	r.Passed()
	if err := h.cfg.People.Issue(r.Context(), id); err != nil {
		return rest.Reply{}, err
	}
	r.Auth = id
	h.cfg.Logger.InfoContext(r.Context(), "logged in", "how", id.Method, "account", id.Account.ID, "user", id.UserID(),
		"really", id.Really(), "source", r.Source.String(), "request_id", r.ID)
	data, err := h.authData(r.Context(), id)
	return rest.Reply{Data: data, Token: id.Token}, err
}

func (h *Handler) getUserAuth(r *rest.Request) (rest.Reply, error) {
	if r.Auth.Token == "" || !identity.Same(r.Var("token"), r.Auth.Token) {
		return rest.Reply{}, rest.Forbidden()
	}
	data, err := h.authData(r.Context(), r.Auth)
	return rest.Reply{Data: data}, err
}

func (h *Handler) getTokenAuth(r *rest.Request) (rest.Reply, error) {
	data, err := h.tokenData(r.Context(), r.Auth)
	return rest.Reply{Data: data}, err
}

func (h *Handler) tokenInfo(r *rest.Request) (rest.Reply, error) {
	token := r.Param("token")
	if token == "" {
		return rest.Reply{}, schema.Faults{schema.Required("token")}
	}
	id, err := r.ByToken(token)
	if err != nil {
		return rest.Reply{}, r.Unknown(err)
	}
	data, err := h.tokenData(r.Context(), id)
	return rest.Reply{Data: data}, err
}

// authData is what clients learn of who they are.
func (h *Handler) authData(ctx context.Context, id *identity.Identity) (map[string]any, error) {
	reseller, err := h.cfg.People.ResellerOf(ctx, id.Account)
	data := map[string]any{
		"account_id": id.Account.ID, "account_name": resource.Text(id.Account.Public, "name"),
		"apps": []any{}, "language": languageOf(id), "reseller_id": reseller,
		"is_reseller": identity.IsReseller(id.Account), "is_master_account": id.Master(), "cluster_id": h.cfg.Node,
		"capabilities": map[string]any{
			"voicemail": map[string]any{"transcription": map[string]any{"available": false, "default": false}},
		},
		"ui_config": map[string]any{},
	}
	if id.User != nil {
		data["owner_id"] = id.User.ID
	}
	return data, err
}

func languageOf(id *identity.Identity) string {
	if id.User != nil {
		if l := resource.Text(id.User.Public, "language"); l != "" {
			return l
		}
	}
	if l := resource.Text(id.Account.Public, "language"); l != "" {
		return l
	}
	return "en-us"
}

// tokenData is authData and what the token itself says.
func (h *Handler) tokenData(ctx context.Context, id *identity.Identity) (map[string]any, error) {
	data, err := h.authData(ctx, id)
	data["method"] = id.Method
	maps.Copy(data, id.Says())
	return data, err
}
