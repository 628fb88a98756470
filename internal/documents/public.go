package documents

import (
	"context"

	"github.com/pivotvoice/pivot/internal/resource"
)

// AccountType is the type of the documents of accounts, which are the
// server's own.
const AccountType = "account"

// Public reads what is not private of a document of any type; where there is
// none it is store.ErrNotFound.
func (l Library) Public(ctx context.Context, account, kind, id string) (resource.Object, error) {
	c := resource.Collection{Resource: resource.Resource{Type: kind}, Docs: l.Docs, Account: account}
	d, err := c.Get(ctx, id)
	return d.Public, err
}

// Account reads what is not private of an account's document; where there is
// none it is store.ErrNotFound.
func (l Library) Account(ctx context.Context, id string) (resource.Object, error) {
	return l.Public(ctx, "", AccountType, id)
}
