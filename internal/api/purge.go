package api

import (
	"context"

	"github.com/pivotvoice/pivot/internal/store"
)

// purge ends an account's calls, gives its numbers back and removes all that
// it has.
func (s *Server) purge(ctx context.Context, account string) error {
	s.calls.HangUp(account, "the account was deleted")
	had, err := s.in(s.numbers.Resource(), account).Where(ctx, nil)
	if err != nil {
		return err
	}
	all := store.Store{Docs: s.cfg.Docs, Journal: s.cfg.Journal, Blobs: s.cfg.Blobs}
	if s.cfg.Blobs == nil {
		all.Blobs = store.Memory().Blobs // there are none
	}
	if err := all.PurgeAccount(ctx, account); err != nil {
		return err
	}
	return s.numbers.Disown(ctx, account, had)
}
