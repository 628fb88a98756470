package sqlstore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// TestFullDisk: what finds no room is refused as such and leaves nothing, what
// was kept can be read, and there is room again later.
func TestFullDisk(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	pages := func(most string) {
		err := s.docs.do(t.Context(), func(ctx context.Context, t *tx) error {
			_, err := t.exec(ctx, "PRAGMA max_page_count = "+most)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	large := store.Doc{Key: store.Key{Type: "t", ID: "large"}, JSON: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)}
	if err := putOne(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	pages("1") // no more than there are
	if _, err := s.Put(t.Context(), large); !errors.Is(err, store.ErrFull) {
		t.Errorf("put: %v", err)
	}
	gets(t, s, "a")
	if _, err := s.Get(t.Context(), large.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	pages("1000000")
	if _, err := s.Put(t.Context(), large); err != nil {
		t.Errorf("with room: %v", err)
	}
}
