package api

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
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
func (s *Server) byToken(ctx context.Context, r *Request, token string) (*identity.Identity, error) {
	if strings.Count(token, ".") != 2 {
		id, err := s.people.ByAPIKey(ctx, token)
		if errors.Is(err, store.ErrNotFound) {
			return nil, s.refuse(ctx, r, "api key")
		}
		return id, err
	}
	id, err := s.people.ByToken(ctx, token)
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
	if err := s.mayTry(r, target); err != nil {
		return nil, err
	}
	doc, err := s.people.Accounts().Get(ctx, account)
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.refuse(ctx, r, "basic")
	}
	if err != nil {
		return nil, err
	}
	id, err := s.people.ByBasic(ctx, doc, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.refuse(ctx, r, "basic")
	}
	if err != nil {
		return nil, err
	}
	if !identity.Enabled(id.Account) {
		return nil, errInvalidCredentials()
	}
	s.passed(r)
	return id, nil
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
func (s *Server) authData(ctx context.Context, id *identity.Identity) (map[string]any, error) {
	reseller, err := s.people.ResellerOf(ctx, id.Account)
	data := map[string]any{
		"account_id": id.Account.ID, "account_name": resource.Text(id.Account.Public, "name"),
		"apps": []any{}, "language": languageOf(id), "reseller_id": reseller,
		"is_reseller": identity.IsReseller(id.Account), "is_master_account": id.Master(), "cluster_id": s.node,
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
func (s *Server) tokenData(ctx context.Context, id *identity.Identity) (map[string]any, error) {
	data, err := s.authData(ctx, id)
	data["method"] = id.Method
	maps.Copy(data, id.Says())
	return data, err
}

// locked is the answer to credentials that are right, of an account that is
// not open.
func locked(why string) *Error {
	return &Error{Status: http.StatusLocked, Message: "locked", Data: map[string]any{
		"message": "account " + why, "account": map[string]any{why: map[string]any{"message": "account " + why}},
	}}
}
