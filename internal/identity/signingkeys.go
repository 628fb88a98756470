package identity

import (
	"context"
	"errors"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// signingKeys is the private key of an account under which the keys lie that
// its requests to web servers are signed with, the newest first; two at most.
const signingKeys = "pvt_signing_keys"

// newSigningKey has 32 hex digits, as Twilio's auth tokens.
func newSigningKey() string { return randomHex(16) }

// ErrSigningKey is a configured signing key that is none.
var ErrSigningKey = errors.New("identity: the signing key must have 16 to 128 characters and no spaces")

func checkSigningKey(key string) error {
	if n := len(key); n > 0 && (n < 16 || n > 128 || strings.ContainsAny(key, " \t\r\n")) {
		return ErrSigningKey
	}
	return nil
}

// bootstrapSigning gives the first account its configured key, and every
// account one at all.
func (d *Directory) bootstrapSigning(ctx context.Context, master resource.Doc, configured string) error {
	accounts, err := d.Accounts().Where(ctx, nil)
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
func (d *Directory) setSigningKeys(
	ctx context.Context, account string, change func(old []string) []string,
) (resource.Doc, error) {
	return d.Accounts().Update(ctx, account, func(draft *resource.Draft) {
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
	return New(Config{Docs: docs}).SigningKeys
}

// SigningKeys are the keys that an account's requests to web servers are
// signed with, the one that signs first. While a new key waits for its turn
// there are two: the old one signs until it is removed, so that web servers
// can be told of the new one before it comes to them.
func (d *Directory) SigningKeys(ctx context.Context, account string) ([]string, error) {
	doc, err := d.Accounts().Get(ctx, account)
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

// AddSigningKey gives an account a new key. The newest of those that there are
// stays as the second one, and signs until it is removed.
func (d *Directory) AddSigningKey(ctx context.Context, account string) (resource.Doc, error) {
	made := newSigningKey()
	return d.setSigningKeys(ctx, account, func(old []string) []string {
		return append([]string{made}, old[:min(1, len(old))]...)
	})
}

// DropSigningKey removes the second key of an account: the new one signs from
// now on.
func (d *Directory) DropSigningKey(ctx context.Context, account string) (resource.Doc, error) {
	return d.setSigningKeys(ctx, account, func(old []string) []string { return old[:min(1, len(old))] })
}

// KeptSigningKeys are the keys of an account as they are kept, the newest first.
func KeptSigningKeys(account resource.Doc) []string {
	return resource.Strings(account.Private, signingKeys)
}
