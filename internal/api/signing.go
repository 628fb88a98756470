package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// signingKeys is the private key of an account under which the keys lie that
// its requests to web servers are signed with, the newest first; two at most.
const signingKeys = "pvt_signing_keys"

// newSigningKey has 32 hex digits, as Twilio's auth tokens.
func newSigningKey() string { return randomHex(16) }

// errSigningKey is a configured signing key that is none.
var errSigningKey = errors.New("api: the signing key must have 16 to 128 characters and no spaces")

func checkSigningKey(key string) error {
	if n := len(key); n > 0 && (n < 16 || n > 128 || strings.ContainsAny(key, " \t\r\n")) {
		return errSigningKey
	}
	return nil
}

// bootstrapSigning gives the first account its configured key, and every
// account one at all.
func (d *directory) bootstrapSigning(ctx context.Context, master resource.Doc, configured string) error {
	accounts, err := d.accounts().Where(ctx, nil)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		keys := resource.Strings(a.Private, signingKeys)
		switch {
		case a.ID == master.ID && configured != "" && (len(keys) != 1 || keys[0] != configured):
			keys = []string{configured}
		case len(keys) == 0:
			keys = []string{newSigningKey()}
		default:
			continue
		}
		if _, err := d.setSigningKeys(ctx, a.ID, func([]string) []string { return keys }); err != nil {
			return err
		}
	}
	return nil
}

// setSigningKeys changes an account's keys.
func (d *directory) setSigningKeys(
	ctx context.Context, account string, change func(old []string) []string,
) (resource.Doc, error) {
	return d.accounts().Update(ctx, account, func(draft *resource.Draft) {
		var list []any
		for _, k := range change(resource.Strings(draft.Private, signingKeys)) {
			list = append(list, k)
		}
		draft.Private[signingKeys] = list
	})
}

// SigningKeys finds the keys that an account's requests to web servers are
// signed with, for those who need them before the API is there.
func SigningKeys(docs store.Docs) func(ctx context.Context, account string) ([]string, error) {
	return newDirectory(docs, nil, fullEffort()).SigningKeys
}

// SigningKeys are the keys that an account's requests to web servers are
// signed with, the one that signs first. While a new key waits for its turn
// there are two: the old one signs until it is removed, so that web servers
// can be told of the new one before it comes to them.
func (d *directory) SigningKeys(ctx context.Context, account string) ([]string, error) {
	doc, err := d.accounts().Get(ctx, account)
	if err != nil {
		return nil, err
	}
	keys := resource.Strings(doc.Private, signingKeys)
	if len(keys) == 0 {
		return nil, store.ErrNotFound
	}
	if len(keys) == 2 {
		keys[0], keys[1] = keys[1], keys[0]
	}
	return keys, nil
}

func showSigningKeys(account resource.Doc) resource.Object {
	out := resource.Object{}
	names := []string{"signing_key", "second_signing_key"}
	for i, k := range resource.Strings(account.Private, signingKeys) {
		if i < len(names) {
			out[names[i]] = k
		}
	}
	return out
}

func (s *Server) signingOperations() []Operation {
	const path = "accounts/{account_id}/signing_key"
	return []Operation{
		{
			Method: http.MethodGet, Path: path, Group: "accounts", Do: s.getSigningKeys,
			Summary: "Read the keys that requests to web servers are signed with",
		},
		{
			Method: http.MethodPut, Path: path, Group: "accounts", Do: s.putSigningKey,
			Summary: "Make a new signing key; the old one is the second, and signs until it is removed",
		},
		{
			Method: http.MethodDelete, Path: path, Group: "accounts", Do: s.deleteSigningKey,
			Summary: "Remove the second signing key: the new one signs from now on",
		},
	}
}

func (s *Server) getSigningKeys(r *Request) (Reply, error) {
	return Reply{Data: showSigningKeys(*r.Account)}, nil
}

// putSigningKey keeps the newest of the keys there are as the second one.
func (s *Server) putSigningKey(r *Request) (Reply, error) {
	made := newSigningKey()
	return s.changeSigningKeys(r, func(old []string) []string {
		return append([]string{made}, old[:min(1, len(old))]...)
	})
}

func (s *Server) deleteSigningKey(r *Request) (Reply, error) {
	return s.changeSigningKeys(r, func(old []string) []string { return old[:min(1, len(old))] })
}

func (s *Server) changeSigningKeys(r *Request, change func(old []string) []string) (Reply, error) {
	d, err := s.setSigningKeys(r.Context(), r.Account.ID, change)
	if err != nil {
		return Reply{}, err
	}
	s.log.InfoContext(r.Context(), "signing keys changed", "account", d.ID, "method", r.method,
		"by", r.Auth.Account.ID, "user", r.Auth.UserID(), "request_id", r.ID)
	return Reply{Data: showSigningKeys(d)}, nil
}
