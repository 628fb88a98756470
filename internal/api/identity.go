package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// tokenLife is how long a token holds.
const tokenLife = time.Hour

// The ways a token was come by, as its claims name them.
const (
	byUser  = "cb_user_auth"
	byKey   = "cb_api_auth"
	byBasic = "cb_basic_auth"
)

// Identity is who makes a request.
type Identity struct {
	Account resource.Doc
	User    *resource.Doc // nil for an API key
	Method  string
	By      *Identity // who is really there, where somebody acts as another; else nil

	claims *claims // nil where no token was shown
	token  string  // to be echoed; "" for what should not be
}

// UserID is the user's id, "" for an API key.
func (id *Identity) UserID() string {
	if id.User == nil {
		return ""
	}
	return id.User.ID
}

// Master says whether the account is the one above all others.
func (id *Identity) Master() bool { return isMaster(id.Account) }

// Admin says whether it may do whatever its account may.
func (id *Identity) Admin() bool {
	return id.User == nil || resource.Text(id.User.Public, "priv_level") == "admin"
}

// reaches says whether an account is the identity's own or below it. What is
// of no account is the topmost one's.
func (id *Identity) reaches(account *resource.Doc) bool {
	return id.Master() || account != nil &&
		(id.Account.ID == account.ID || slices.Contains(tree(*account), id.Account.ID))
}

// claims are what a token says.
type claims struct {
	Account  string `json:"account_id"`
	Owner    string `json:"owner_id,omitempty"`
	Method   string `json:"method"`
	Identity string `json:"identity_sig"`
	// Who is really there, where somebody acts as another.
	OriginalAccount string `json:"original_account_id,omitempty"`
	OriginalOwner   string `json:"original_owner_id,omitempty"`
	jwt.RegisteredClaims
}

// sealed is what the identity signature binds.
func (c *claims) sealed() string {
	return strings.Join([]string{c.Account, c.Owner, c.Method, c.ID, c.OriginalAccount, c.OriginalOwner}, "|")
}

// issue makes a token for an identity.
func (s *Server) issue(ctx context.Context, id *Identity) error {
	now := s.now()
	c := &claims{Account: id.Account.ID, Owner: id.UserID(), Method: id.Method}
	if id.By != nil {
		c.OriginalAccount, c.OriginalOwner = id.By.Account.ID, id.By.UserID()
	}
	c.ID, c.Issuer = resource.NewID(), "pivot"
	c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(tokenLife))
	c.Identity = seal(id.secret(), c.sealed())
	token, err := s.keys.sign(ctx, c)
	id.token, id.claims = token, c
	return err
}

// secret is what tokens of the identity hang on: a new password, or a new API
// key, has a new one.
func (id *Identity) secret() string {
	from := id.Account
	if id.User != nil {
		from = *id.User
	}
	secret := resource.Text(from.Private, "pvt_signature_secret")
	if id.By != nil {
		secret += id.By.secret()
	}
	return secret
}

// identify finds out whose token a request carries: nil if it has none.
func (s *Server) identify(ctx context.Context, r *Request) (*Identity, error) {
	id, err := s.credentials(ctx, r)
	if err != nil || id == nil {
		return nil, err
	}
	if want := r.HTTP.Header.Get("X-Auth-Account-ID"); want != "" && want != id.Account.ID {
		return nil, errInvalidCredentials()
	}
	return id, nil
}

// credentials looks in all the places they may be, the first one wins
// (spec/crossbar-api.md section 2.1).
func (s *Server) credentials(ctx context.Context, r *Request) (*Identity, error) {
	if t := r.HTTP.Header.Get("X-Auth-Token"); t != "" {
		return s.byToken(ctx, r, t)
	}
	if t := r.Param("auth_token"); t != "" {
		return s.byToken(ctx, r, t)
	}
	for _, given := range []string{r.HTTP.Header.Get("Authorization"), r.Param("authorization")} {
		kind, what, _ := strings.Cut(given, " ")
		switch strings.ToLower(kind) {
		case "bearer":
			return s.byToken(ctx, r, strings.TrimSpace(what))
		case "basic":
			if r.query.Has("token") {
				continue // a signed link says it all, and Twilio's clients add credentials that are not ours
			}
			return s.byBasic(ctx, r, strings.TrimSpace(what))
		}
	}
	return nil, nil //nolint:nilnil // nobody is an answer too
}

// byToken takes a token, or an account's API key in its place.
func (s *Server) byToken(ctx context.Context, r *Request, token string) (*Identity, error) {
	if strings.Count(token, ".") != 2 {
		id, err := s.byAPIKey(ctx, token)
		if errors.Is(err, store.ErrNotFound) {
			return nil, s.refuse(ctx, r, "api key")
		}
		return id, err
	}
	c := &claims{}
	err := s.keys.verify(ctx, token, c)
	switch {
	case errors.Is(err, jwt.ErrTokenExpired): // the signature was looked at before
		return nil, errExpired()
	case err != nil && isTokenFault(err):
		return nil, errInvalidCredentials()
	case err != nil:
		return nil, err
	}
	id, err := s.holder(ctx, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errInvalidCredentials()
	}
	if err != nil {
		return nil, err
	}
	id.token, id.claims = token, c
	return id, nil
}

// isTokenFault tells a bad token from a store that cannot be asked.
func isTokenFault(err error) bool {
	if errors.Is(err, errUnsigned) {
		return true
	}
	for _, bad := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenInvalidClaims, jwt.ErrTokenExpired,
	} {
		if errors.Is(err, bad) {
			return true
		}
	}
	return false
}

// holder is who holds a token: the documents must still be there and enabled,
// and the secrets the same.
func (s *Server) holder(ctx context.Context, c *claims) (*Identity, error) {
	id, err := s.member(ctx, c.Account, c.Owner)
	if err != nil {
		return nil, err
	}
	id.Method = c.Method
	if c.OriginalAccount != "" {
		by, err := s.member(ctx, c.OriginalAccount, c.OriginalOwner)
		if err != nil {
			return nil, err
		}
		if !by.mayBe(id) || !by.mayLogIn() {
			return nil, store.ErrNotFound
		}
		id.By = by
	}
	if !same(c.Identity, seal(id.secret(), c.sealed())) || !id.mayLogIn() {
		return nil, store.ErrNotFound
	}
	return id, nil
}

// byBasic takes "account_id:credentials", where the credentials are a digest,
// user:password themselves, or the account's API key.
func (s *Server) byBasic(ctx context.Context, r *Request, encoded string) (*Identity, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errInvalidCredentials()
	}
	account, digest, _ := strings.Cut(string(raw), ":")
	target := account
	if user, password, plain := strings.Cut(digest, ":"); plain {
		digest, _ = digests(user, password)
		target += "/" + lower(user)
	}
	if err := s.mayTry(r, target); err != nil {
		return nil, err
	}
	doc, err := s.accounts().Get(ctx, account)
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.refuse(ctx, r, "basic")
	}
	if err != nil {
		return nil, err
	}
	id, err := s.basicIdentity(ctx, doc, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.refuse(ctx, r, "basic")
	}
	if err != nil {
		return nil, err
	}
	if !enabled(id.Account) {
		return nil, errInvalidCredentials()
	}
	s.passed(r)
	id.Method = byBasic
	return id, nil
}

// basicIdentity is whose credentials they are: the account's own, by its API
// key, or a user's.
func (s *Server) basicIdentity(ctx context.Context, account resource.Doc, given string) (*Identity, error) {
	if same(keyHash(given), keyHash(resource.Text(account.Private, "pvt_api_key"))) {
		return &Identity{Account: account}, nil
	}
	return s.byDigest(ctx, []resource.Doc{account}, given)
}

// mayTry takes a request from the source's bucket and holds it to the wait
// that its mistakes have earned. target is what it wants to get into.
func (s *Server) mayTry(r *Request, target string) error {
	if err := s.consume(r); err != nil {
		return err
	}
	wait, attacked := s.guard.Try(r.source, target)
	if attacked {
		s.log.WarnContext(r.ctx, "many guess at one account; new sources must wait", "target", target)
	}
	if wait > 0 {
		return errTooMany(wait)
	}
	r.tried = &target
	return nil
}

// passed says that what was tried was right.
func (s *Server) passed(r *Request) {
	if r.tried != nil {
		s.guard.Passed(r.source, *r.tried)
	}
}

// refuse notes wrong credentials and is the answer to them.
func (s *Server) refuse(ctx context.Context, r *Request, how string) error {
	if r.tried == nil {
		s.guard.Failed(r.source)
	}
	s.log.WarnContext(ctx, "wrong credentials", "how", how, "source", r.source.String(),
		"failures", s.guard.Failures(r.source), "request_id", r.ID)
	return errInvalidCredentials()
}

// authData is what clients learn of who they are.
func (s *Server) authData(ctx context.Context, id *Identity) (map[string]any, error) {
	reseller, err := resellerOf(ctx, s.accounts(), id.Account)
	data := map[string]any{
		"account_id": id.Account.ID, "account_name": resource.Text(id.Account.Public, "name"),
		"apps": []any{}, "language": languageOf(id), "reseller_id": reseller,
		"is_reseller": isReseller(id.Account), "is_master_account": id.Master(), "cluster_id": s.node,
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

func languageOf(id *Identity) string {
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
func (s *Server) tokenData(ctx context.Context, id *Identity) (map[string]any, error) {
	data, err := s.authData(ctx, id)
	data["method"] = id.Method
	if id.claims != nil {
		if raw, err := json.Marshal(id.claims); err == nil {
			said, _ := resource.ParseObject(raw)
			maps.Copy(data, said)
		}
		delete(data, "identity_sig")
	}
	return data, err
}

// enabled says whether a document lets anybody in.
func enabled(d resource.Doc) bool { return d.Public["enabled"] != false }

// locked is the answer to credentials that are right, of an account that is
// not open.
func locked(why string) *Error {
	return &Error{Status: http.StatusLocked, Message: "locked", Data: map[string]any{
		"message": "account " + why, "account": map[string]any{why: map[string]any{"message": "account " + why}},
	}}
}
