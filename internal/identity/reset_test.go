package identity

import (
	"errors"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

func FuzzResetID(f *testing.F) {
	s := New(Config{Docs: store.Memory().Docs})
	f.Add(strings.Repeat("0", 60))
	f.Add("00")
	f.Fuzz(func(t *testing.T, id string) {
		if _, err := s.ByReset(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	})
}
