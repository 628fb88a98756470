package store_test

import (
	"context"
	"errors"
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
