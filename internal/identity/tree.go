package identity

import (
	"context"
	"slices"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// pvtReseller is the private key of an account that those below it belong to.
const pvtReseller = "pvt_reseller"

// IsReseller says whether those below an account belong to it.
func IsReseller(d resource.Doc) bool { return isMaster(d) || d.Private[pvtReseller] == true }

// resellerOf is the id of the nearest account above one that is a reseller, or
// of the topmost.
func resellerOf(ctx context.Context, accounts resource.Collection, d resource.Doc) (string, error) {
	above := Tree(d)
	for _, id := range slices.Backward(above) {
		a, err := accounts.Get(ctx, id)
		if err != nil && !store.Gone(err) {
			return "", err
		}
		if err == nil && IsReseller(a) {
			return id, nil
		}
	}
	return append(above, d.ID)[0], nil
}

// Plant puts an account below others.
func (d *Directory) Plant(ctx context.Context, id string, above []string) (resource.Doc, error) {
	return d.Accounts().Update(ctx, id, func(d *resource.Draft) { d.Private[pvtTree] = resource.Texts(above) })
}

// SetReseller makes an account the reseller of those below it, or not.
func (d *Directory) SetReseller(ctx context.Context, id string, is bool) (resource.Doc, error) {
	return d.Accounts().Update(ctx, id, func(d *resource.Draft) { d.Private[pvtReseller] = is })
}

// ResellerOf is the id of the nearest account above one that is a reseller, or
// of the topmost.
func (d *Directory) ResellerOf(ctx context.Context, account resource.Doc) (string, error) {
	return resellerOf(ctx, d.Accounts(), account)
}
