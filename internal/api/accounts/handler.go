// Package accounts is accounts over the API, and logging in to them: the tree
// of accounts, their keys and limits, tokens, what these are restricted to, and
// what to do about a forgotten password.
package accounts

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/guard"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Config is what the handler of accounts is made of.
type Config struct {
	People *identity.Directory
	Docs   store.Docs
	// Purge ends the calls of an account and removes all that it has.
	Purge     func(ctx context.Context, account string) error
	Mailer    Mailer   // nil: who has forgotten a password is told that no mail is sent
	UIOrigins []string // "https://ui.example": the web clients that mail may link to
	Logger    *slog.Logger
	Node      string // this server's name, as answers tell it
	Now       func() time.Time
}

// Handler answers what is asked of accounts, and lets in who has proven
// to be somebody.
type Handler struct {
	cfg   Config
	mails *guard.Guard // of strangers who have mail sent to others

	// Who changes which account is above which, or looks at that to make or
	// delete one.
	family sync.Mutex
}

// New makes the handler of accounts.
func New(cfg Config) *Handler {
	return &Handler{cfg: cfg, mails: guard.New(cfg.Now)}
}

// Operations are all that is done with accounts.
func (h *Handler) Operations() []rest.Operation {
	return slices.Concat(
		h.authOperations(), h.masqueradeOperations(), h.recoveryOperations(), h.restrictionOperations(),
		h.accountOperations(), h.familyOperations(), h.limitOperations(), h.signingOperations(),
	)
}

// Schemas are the schemas of what people log in with, by name.
func Schemas() map[string]*schema.Schema {
	return map[string]*schema.Schema{
		"user_auth": schema.Of(userAuth{Method: "md5"}), "api_auth": schema.Of(apiAuth{}),
	}
}
