// Package identity is who is who: accounts and users, how they prove who they
// are (passwords, API keys, tokens), what they reach and what their tokens are
// restricted to, and the first account of all. It knows no HTTP.
package identity

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// Config is what a directory is made of.
type Config struct {
	Docs store.Docs
	// Locks are those of all who change documents; nil are none.
	Locks *resource.Locks
	// Changed is told of every document that was saved or deleted; nil is
	// nobody. It must not block.
	Changed func(resource.Change)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Accounts adds what accounts are held to besides; nil is nothing.
	Accounts func(resource.Resource) resource.Resource
	// Effort is how slow a hash of a password is, the same for all that a store
	// has; zero is what servers take, and only tests take less.
	Effort Effort
}

// Directory is the accounts and users, and how they prove who they are.
type Directory struct {
	docs    store.Docs
	locks   *resource.Locks
	changed func(resource.Change)
	now     func() time.Time
	hasher  hasher
	keys    *keyring

	accounts, users resource.Resource
}

// New makes a directory.
func New(cfg Config) *Directory {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Effort == (Effort{}) {
		cfg.Effort = fullEffort()
	}
	h := newHasher(cfg.Effort)
	d := &Directory{
		docs: cfg.Docs, locks: cfg.Locks, changed: cfg.Changed, now: cfg.Now, hasher: h,
		keys:     &keyring{docs: cfg.Docs, now: cfg.Now},
		accounts: accountsResource(), users: usersResource(h),
	}
	if cfg.Accounts != nil {
		d.accounts = cfg.Accounts(d.accounts)
	}
	return d
}

// Accounts are all accounts.
func (d *Directory) Accounts() resource.Collection { return d.in(d.accounts, "") }

// Users are those of an account.
func (d *Directory) Users(account string) resource.Collection { return d.in(d.users, account) }

func (d *Directory) in(r resource.Resource, account string) resource.Collection {
	return resource.Collection{Resource: r, Docs: d.docs, Account: account, Locks: d.locks, Changed: d.changed}
}

// ByAPIKey is the account whose key it is.
func (d *Directory) ByAPIKey(ctx context.Context, key string) (*Identity, error) {
	hash := keyHash(key)
	found, err := d.Accounts().FindBy(ctx, byKeyHash, hash)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		if Same(keyHash(resource.Text(a.Private, "pvt_api_key")), hash) && Enabled(a) {
			return &Identity{Account: a, Method: APIAuth}, nil
		}
	}
	return nil, store.ErrNotFound
}

// ByDigest is the user of one of the accounts whose credentials they are.
func (d *Directory) ByDigest(ctx context.Context, accounts []resource.Doc, digest string) (*Identity, error) {
	index := documents.ByMD5
	if len(digest) == 40 {
		index = documents.BySHA1
	}
	for _, a := range accounts {
		hash, err := d.hasher.hash(ctx, a.ID, digest)
		if err != nil {
			return nil, err
		}
		found, err := d.Users(a.ID).FindBy(ctx, index, hash)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if Enabled(found[i]) {
				return &Identity{Account: a, User: &found[i], Method: UserAuth}, nil
			}
		}
	}
	return nil, store.ErrNotFound
}

// setAPIKey gives an account a key; tokens made with the old one end.
func (d *Directory) setAPIKey(ctx context.Context, id, key string) (resource.Doc, error) {
	return d.Accounts().Update(ctx, id, func(draft *resource.Draft) {
		draft.Private["pvt_api_key"], draft.Private["pvt_signature_secret"] = key, randomHex(32)
	})
}

// NewAPIKey gives an account a key that is made up.
func (d *Directory) NewAPIKey(ctx context.Context, id string) (resource.Doc, error) {
	return d.setAPIKey(ctx, id, randomHex(32))
}

// Nobody takes as long as somebody's credentials do, so that nobody can tell by
// the time whether an account exists.
func (d *Directory) Nobody(ctx context.Context, digest string) error {
	_, err := d.hasher.hash(ctx, "nobody", digest)
	return err
}
