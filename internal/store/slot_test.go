package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

func TestSlot(t *testing.T) {
	docs := store.Memory().Docs
	over, end := context.WithCancel(t.Context())
	end()
	s := store.Slot{Key: store.Key{Account: "a", Type: "work", ID: "1"}}
	if err := s.Forget(over, docs); err != nil {
		t.Errorf("nothing cannot be forgotten: %v", err)
	}
	for _, v := range []string{"one", "two"} {
		if err := s.Keep(over, docs, v); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := docs.Get(t.Context(), s.Key); err != nil || string(d.JSON) != `"two"` || d.Rev != s.Rev {
		t.Errorf("%s %v", d.JSON, err)
	}
	if err := s.Keep(over, docs, func() {}); err == nil {
		t.Error("what is no JSON is kept")
	}
	for range 2 { // it may be gone already
		if err := s.Forget(over, docs); err != nil {
			t.Error(err)
		}
	}
	if _, err := docs.History(t.Context(), s.Key, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("something is left: %v", err)
	}
}

func TestKept(t *testing.T) {
	docs := store.Memory().Docs
	for _, account := range []string{"b", "a"} {
		s := store.Slot{Key: store.Key{Account: account, Type: "work", ID: "1"}}
		if err := s.Keep(t.Context(), docs, account); err != nil {
			t.Fatal(err)
		}
		other := store.Slot{Key: store.Key{Account: account, Type: "work", ID: "2"}}
		if err := other.Keep(t.Context(), docs, 2); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	broken := 0
	err := store.Kept(t.Context(), docs, "work", func(s store.Slot, v string, err error) {
		if err != nil {
			broken++
			return
		}
		got = append(got, s.Account+v)
		if err := s.Forget(t.Context(), docs); err != nil {
			t.Error(err)
		}
	})
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"aa", "bb"}) || broken != 2 {
		t.Errorf("%q, %d cannot be read, %v", got, broken, err)
	}
}

// lossy is a store whose answers to writes get lost.
type lossy struct {
	store.Docs
	lost error
}

func (l *lossy) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	d, err := l.Docs.Put(ctx, d)
	return d, errors.Join(err, l.lost)
}

// TestSlotUnsure: what was written although the store said no is found again.
func TestSlotUnsure(t *testing.T) {
	docs := &lossy{Docs: store.Memory().Docs, lost: store.ErrUnavailable}
	s := store.Slot{Key: store.Key{Account: "a", Type: "work", ID: "1"}}
	for range 2 {
		if err := s.Keep(t.Context(), docs, "one"); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrConflict) {
			t.Errorf("no answer: %v", err)
		}
	}
	docs.lost = nil
	if err := s.Keep(t.Context(), docs, "two"); err != nil {
		t.Error(err)
	}
	docs.lost = store.ErrUnavailable
	_ = s.Keep(t.Context(), docs, "three")
	if err := s.Forget(t.Context(), docs); err != nil {
		t.Error(err)
	}
	if _, err := docs.Get(t.Context(), s.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("something is left: %v", err)
	}
}
