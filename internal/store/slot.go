package store

import (
	"context"
	"encoding/json"
	"errors"
)

// Slot is the place of one document that nobody but its holder writes, such as
// work that waits and must outlive the process.
type Slot struct {
	Key

	Rev int64 // of what is kept there, 0 if nothing is
}

// Keep writes v, also once ctx is over.
func (s *Slot) Keep(ctx context.Context, docs Docs, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d, err := docs.Put(context.WithoutCancel(ctx), Doc{Key: s.Key, Rev: s.Rev, JSON: text})
	if err == nil {
		s.Rev = d.Rev
	}
	return err
}

// Forget removes what is kept for good, also once ctx is over.
func (s *Slot) Forget(ctx context.Context, docs Docs) error {
	if s.Rev == 0 {
		return nil
	}
	err := docs.Delete(context.WithoutCancel(ctx), s.Key, s.Rev, true)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
