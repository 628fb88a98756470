package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"

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

func (s *Server) authOperations() []Operation {
	return []Operation{
		{
			Method: http.MethodPut, Path: "user_auth", Group: "auth", Who: Anyone, Do: s.putUserAuth,
			Summary: "Exchange a user's credentials for a token", Body: schema.Of(userAuth{Method: "md5"}),
			Example: Example{Data: `{"credentials": "{credentials}", "account_name": "{account_name}", "method": "md5"}`},
		},
		{
			Method: http.MethodGet, Path: "user_auth/{token}", Group: "auth", Who: AnyToken, Own: everyUser, Do: s.getUserAuth,
			Summary: "Read who the token of this request belongs to",
		},
		{
			Method: http.MethodPut, Path: "api_auth", Group: "auth", Who: Anyone, Do: s.putAPIAuth,
			Summary: "Exchange an account's API key for a token", Body: schema.Of(apiAuth{}),
			Example: Example{Data: `{"api_key": "{api_key}"}`},
		},
		{
			Method: http.MethodGet, Path: "token_auth", Group: "auth", Who: AnyToken, Own: everyUser, Do: s.getTokenAuth,
			Summary: "Read what the token of this request says",
		},
		{
			Method: http.MethodDelete, Path: "token_auth", Group: "auth", Who: AnyToken, Own: everyUser, Do: s.getTokenAuth,
			Summary: "Log out: tokens are forgotten by who holds them, and end by themselves",
		},
		{
			Method: http.MethodPost, Path: "auth/tokeninfo", Group: "auth", Who: Anyone, Do: s.tokenInfo,
			Summary: "Read what a token says", Params: []Param{{"token", "The token.", Text}},
			Example: Example{Data: `{"token": "{token}"}`},
		},
		{
			Method: http.MethodGet, Path: "auth/tokeninfo", Group: "auth", Who: Anyone, Do: s.tokenInfo,
			Summary: "Read what a token says", Params: []Param{{"token", "The token.", Text}},
			Example: Example{Query: "token={token}"},
		},
	}
}

// bodyOf holds the data of a request to its operation's schema and reads it.
func bodyOf(r *Request, into any) error {
	raw, err := json.Marshal(r.Data())
	if err != nil {
		return err
	}
	full, faults := r.op.Body.Check(raw)
	if err := faults.Err(); err != nil {
		return err
	}
	return r.op.Body.Decode(full, into)
}

func (s *Server) putUserAuth(r *Request) (Reply, error) {
	var in userAuth
	if err := bodyOf(r, &in); err != nil {
		return Reply{}, err
	}
	named := resource.Lower(cmp.Or(in.Phone, in.Realm, in.Realm2, in.Name))
	if named == "" {
		return Reply{}, schema.Faults{schema.Required("account_name")}
	}
	if err := s.consume(r); err != nil {
		return Reply{}, err
	}
	accounts, err := s.candidates(r, in)
	if err != nil {
		return Reply{}, err
	}
	if len(accounts) > 0 {
		named = accounts[0].ID // it has many names
	}
	if err := s.mayTry(r, named); err != nil {
		return Reply{}, err
	}
	if len(accounts) == 0 { // one that does not exist takes as long as one that does
		err = s.people.Nobody(r.Context(), in.Credentials)
	}
	if err != nil {
		return Reply{}, err
	}
	id, err := s.people.ByDigest(r.Context(), accounts, in.Credentials)
	if errors.Is(err, store.ErrNotFound) {
		return Reply{}, s.refuse(r.Context(), r, "user_auth")
	}
	if err != nil {
		return Reply{}, err
	}
	if in.As != (actAs{}) {
		in.As.Account = cmp.Or(in.As.Account, id.Account.ID)
		if id, err = s.people.Acting(r.Context(), id, in.As.Account, in.As.Owner); err != nil {
			return Reply{}, err
		}
	}
	return s.letIn(r, id)
}

// maxCandidates is how many accounts of one name are tried: each costs a slow
// hash.
const maxCandidates = 4

// candidates are the accounts that may be meant: by number, by realm, by name.
func (s *Server) candidates(r *Request, in userAuth) ([]resource.Doc, error) {
	if in.Phone != "" {
		found, err := s.byNumber(r, in.Phone)
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
		found, err := s.people.Accounts().FindBy(r.Context(), by.index, by.value)
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
func (s *Server) byNumber(r *Request, number string) ([]resource.Doc, error) {
	flows, err := s.cfg.Docs.List(r.Context(), store.Query{
		Type: s.callflowsDef.Type, AnyAccount: true, Where: map[string]string{"numbers": route.Normalise(number)},
		Limit: maxCandidates,
	})
	if err != nil {
		return nil, err
	}
	var out []resource.Doc
	for _, f := range flows {
		a, err := s.people.Accounts().Get(r.Context(), f.Account)
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

func (s *Server) putAPIAuth(r *Request) (Reply, error) {
	var in apiAuth
	if err := bodyOf(r, &in); err != nil {
		return Reply{}, err
	}
	if err := s.mayTry(r, ""); err != nil {
		return Reply{}, err
	}
	id, err := s.people.ByAPIKey(r.Context(), in.Key)
	if errors.Is(err, store.ErrNotFound) {
		_ = s.refuse(r.Context(), r, "api_auth") // noted; clients know another answer
		return Reply{}, &Error{Status: http.StatusNotFound, Message: "bad identifier", Data: []string{in.Key}}
	}
	if err != nil {
		return Reply{}, err
	}
	return s.letIn(r, id)
}

// letIn gives a token to who has proven to be somebody.
func (s *Server) letIn(r *Request, id *identity.Identity) (Reply, error) {
	if !identity.Enabled(id.Account) {
		return Reply{}, locked("disabled")
	}
	s.passed(r)
	if err := s.people.Issue(r.Context(), id); err != nil {
		return Reply{}, err
	}
	r.Auth = id
	s.log.InfoContext(r.Context(), "logged in", "how", id.Method, "account", id.Account.ID, "user", id.UserID(),
		"really", id.Really(), "source", r.source.String(), "request_id", r.ID)
	data, err := s.authData(r.Context(), id)
	return Reply{Data: data, Token: id.Token}, err
}

func (s *Server) getUserAuth(r *Request) (Reply, error) {
	if r.Auth.Token == "" || !identity.Same(r.Var("token"), r.Auth.Token) {
		return Reply{}, errForbidden()
	}
	data, err := s.authData(r.Context(), r.Auth)
	return Reply{Data: data}, err
}

func (s *Server) getTokenAuth(r *Request) (Reply, error) {
	data, err := s.tokenData(r.Context(), r.Auth)
	return Reply{Data: data}, err
}

func (s *Server) tokenInfo(r *Request) (Reply, error) {
	token := r.Param("token")
	if token == "" {
		return Reply{}, schema.Faults{schema.Required("token")}
	}
	id, err := s.byToken(r.Context(), r, token)
	if err != nil {
		return Reply{}, s.unknown(r, err)
	}
	data, err := s.tokenData(r.Context(), id)
	return Reply{Data: data}, err
}
