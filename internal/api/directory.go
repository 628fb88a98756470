package api

import (
	"context"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// directory is the accounts and users, and how they prove who they are.
type directory struct {
	docs    store.Docs
	changed func(resource.Change)
	hasher  hasher

	accountsDef, usersDef resource.Resource
}

func newDirectory(docs store.Docs, changed func(resource.Change), e effort) *directory {
	h := newHasher(e)
	return &directory{
		docs: docs, changed: changed, hasher: h, accountsDef: accountsResource(), usersDef: usersResource(h),
	}
}

func (d *directory) in(r resource.Resource, account string) resource.Collection {
	return resource.Collection{Resource: r, Docs: d.docs, Account: account, Changed: d.changed}
}

func (d *directory) accounts() resource.Collection { return d.in(d.accountsDef, "") }

func (d *directory) users(account string) resource.Collection { return d.in(d.usersDef, account) }

// byAPIKey is the account whose key it is.
func (d *directory) byAPIKey(ctx context.Context, key string) (*Identity, error) {
	hash := keyHash(key)
	found, err := d.accounts().FindBy(ctx, indexAPIKey, hash)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		if same(keyHash(resource.Text(a.Private, "pvt_api_key")), hash) && enabled(a) {
			return &Identity{Account: a, Method: byKey}, nil
		}
	}
	return nil, store.ErrNotFound
}

// byDigest is the user of one of the accounts whose credentials they are.
func (d *directory) byDigest(ctx context.Context, accounts []resource.Doc, digest string) (*Identity, error) {
	index := documents.ByMD5
	if len(digest) == 40 {
		index = documents.BySHA1
	}
	for _, a := range accounts {
		hash, err := d.hasher.hash(ctx, a.ID, digest)
		if err != nil {
			return nil, err
		}
		found, err := d.users(a.ID).FindBy(ctx, index, hash)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if enabled(found[i]) {
				return &Identity{Account: a, User: &found[i], Method: byUser}, nil
			}
		}
	}
	return nil, store.ErrNotFound
}

// setAPIKey gives an account a key; tokens made with the old one end.
func (d *directory) setAPIKey(ctx context.Context, id, key string) (resource.Doc, error) {
	return d.accounts().Update(ctx, id, func(draft *resource.Draft) {
		draft.Private["pvt_api_key"], draft.Private["pvt_signature_secret"] = key, randomHex(32)
	})
}
