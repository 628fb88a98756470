// Package numbers is phone numbers over the API: whose each is, how it is
// answered where no callflow has it, and of which class it is.
package numbers

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// Config is what the handler of phone numbers is made of.
type Config struct {
	Docs store.Docs
	// In are the documents of a resource that an account has.
	In func(res resource.Resource, account string) resource.Collection
	// Callflows are those of an account.
	Callflows func(account string) resource.Collection
	URLs      documents.URLChecker // of what is asked when numbers are called
	Now       func() time.Time
}

// Handler answers what is asked of phone numbers, and knows to which
// account each public one belongs.
type Handler struct {
	cfg Config
	res resource.Resource
}

// New makes the handler of phone numbers.
func New(cfg Config) *Handler {
	return &Handler{cfg: cfg, res: numbersResource(cfg.URLs)}
}

// Resource is that of phone numbers.
func (h *Handler) Resource() resource.Resource { return h.res }

// Operations are all that is done with phone numbers.
func (h *Handler) Operations() []rest.Operation { return h.numberOperations() }

// Disown gives back the public ones of the numbers that an account had, once it
// is gone.
func (h *Handler) Disown(ctx context.Context, account string, were []resource.Doc) error {
	for _, n := range were {
		if err := h.disclaim(ctx, account, n.ID); err != nil {
			return err
		}
	}
	return nil
}
