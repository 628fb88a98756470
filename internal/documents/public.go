package documents

import (
	"context"

	"github.com/pivotvoice/pivot/internal/resource"
)

// The types of the documents that the API declares by itself.
const (
	AccountType     = "account" // the server's own, as claims are
	CallflowType    = "callflow"
	MediaType       = "media"
	NumberType      = "number"
	NumberClaimType = "number_claim"
)

// NumberClaim says which account a public number, the document's id, belongs
// to.
type NumberClaim struct {
	Account string `json:"account"`
}

// Limits is the private key of an account that says how many calls it may have
// at one time.
const Limits = "pvt_limits"

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
