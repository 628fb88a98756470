package rest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// identify finds out whose token a request carries: nil if it has none.
func (s *Server) identify(ctx context.Context, r *Request) (*identity.Identity, error) {
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
func (s *Server) credentials(ctx context.Context, r *Request) (*identity.Identity, error) {
	if t := r.HTTP.Header.Get("X-Auth-Token"); t != "" {
		return r.ByToken(t)
	}
	if t := r.Param("auth_token"); t != "" {
		return r.ByToken(t)
	}
	for _, given := range []string{r.HTTP.Header.Get("Authorization"), r.Param("authorization")} {
		kind, what, _ := strings.Cut(given, " ")
		switch strings.ToLower(kind) {
		case "bearer":
			return r.ByToken(strings.TrimSpace(what))
		case "basic":
			if r.Query.Has("token") {
				continue // a signed link says it all, and Twilio's clients add credentials that are not ours
			}
			return s.byBasic(ctx, r, strings.TrimSpace(what))
		}
	}
	return nil, nil //nolint:nilnil // nobody is an answer too
}

// ByToken is who holds a token, or an account's API key in its place.
func (r *Request) ByToken(token string) (*identity.Identity, error) {
	if strings.Count(token, ".") != 2 {
		id, err := r.by.people.ByAPIKey(r.ctx, token)
		if errors.Is(err, store.ErrNotFound) {
			return nil, r.Refuse("api key")
		}
		return id, err
	}
	id, err := r.by.people.ByToken(r.ctx, token)
	switch {
	case errors.Is(err, identity.ErrExpired):
		return nil, errExpired()
	case errors.Is(err, identity.ErrToken):
		return nil, errInvalidCredentials()
	}
	return id, err
}

// byBasic takes "account_id:credentials", where the credentials are a digest,
// user:password themselves, or the account's API key.
func (s *Server) byBasic(ctx context.Context, r *Request, encoded string) (*identity.Identity, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errInvalidCredentials()
	}
	account, digest, _ := strings.Cut(string(raw), ":")
	target := account
	if user, password, plain := strings.Cut(digest, ":"); plain {
		digest, _ = identity.Digests(user, password)
		target += "/" + resource.Lower(user)
	}
	if err := r.Try(target); err != nil {
		return nil, err
	}
	doc, err := s.people.Accounts().Get(ctx, account)
	if errors.Is(err, store.ErrNotFound) {
		return nil, r.Refuse("basic")
	}
	if err != nil {
		return nil, err
	}
	id, err := s.people.ByBasic(ctx, doc, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, r.Refuse("basic")
	}
	if err != nil {
		return nil, err
	}
	if !identity.Enabled(id.Account) {
		return nil, errInvalidCredentials()
	}
	r.Passed()
	return id, nil
}

// Try takes a request from the source's bucket and holds it to the wait
// that its mistakes have earned. target is what it wants to get into.
func (r *Request) Try(target string) error {
	if err := r.Consume(); err != nil {
		return err
	}
	wait, attacked := r.by.guard.Try(r.Source, target)
	if attacked {
		r.by.log.WarnContext(r.ctx, "many guess at one account; new sources must wait", "target", target)
	}
	if wait > 0 {
		return errTooMany(wait)
	}
	r.tried = &target
	return nil
}

// Passed says that what was tried was right.
func (r *Request) Passed() {
	if r.tried != nil {
		r.by.guard.Passed(r.Source, *r.tried)
	}
}

// Refuse notes wrong credentials and is the answer to them.
func (r *Request) Refuse(how string) error {
	if r.tried == nil {
		r.by.guard.Failed(r.Source)
	}
	r.by.log.WarnContext(r.ctx, "wrong credentials", "how", how, "source", r.Source.String(),
		"failures", r.by.guard.Failures(r.Source), "request_id", r.ID)
	return errInvalidCredentials()
}

// Locked is the answer to credentials that are right, of an account that is
// not open.
func Locked(why string) *Error {
	return &Error{Status: http.StatusLocked, Message: "locked", Data: map[string]any{
		"message": "account " + why, "account": map[string]any{why: map[string]any{"message": "account " + why}},
	}}
}
