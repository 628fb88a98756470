package sqlstore

import (
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/storetest"
)

func open(tb testing.TB, dir string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, t.TempDir()).Store
	})
}
