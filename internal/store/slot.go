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

	unsure bool // a write failed, and may have been made all the same
}

// Keep writes v, also once ctx is over.
func (s *Slot) Keep(ctx context.Context, docs Docs, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := s.look(ctx, docs); err != nil {
		return err
	}
	d, err := docs.Put(ctx, Doc{Key: s.Key, Rev: s.Rev, JSON: text})
	if s.unsure = err != nil; err == nil {
		s.Rev = d.Rev
	}
	return err
}

// Forget removes what is kept for good, also once ctx is over.
func (s *Slot) Forget(ctx context.Context, docs Docs) error {
	ctx = context.WithoutCancel(ctx)
	if err := s.look(ctx, docs); err != nil || s.Rev == 0 {
		return err
	}
	err := docs.Delete(ctx, s.Key, s.Rev, true)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// look finds out what is kept after a write of which that is not known.
func (s *Slot) look(ctx context.Context, docs Docs) error {
	if !s.unsure {
		return nil
	}
	d, err := docs.Get(ctx, s.Key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	s.Rev, s.unsure = d.Rev, false
	return nil
}

// Kept reads what is kept in slots of a type, the oldest first, and hands each
// out with its place; broken is why one cannot be read.
func Kept[T any](ctx context.Context, docs Docs, kind string, each func(s Slot, v T, broken error)) error {
	all := Query{Type: kind, AnyAccount: true, Ascending: true}
	return Each(ctx, docs, all, func(d Doc) (bool, error) {
		var v T
		err := json.Unmarshal(d.JSON, &v)
		each(Slot{Key: d.Key, Rev: d.Rev}, v, err)
		return true, nil
	})
}
