package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// weighed notes how many bytes each List gives.
type weighed struct {
	store.Docs
	most, lists int
}

func (w *weighed) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	docs, err := w.Docs.List(ctx, q)
	size := 0
	for _, d := range docs {
		size += len(d.JSON)
	}
	w.most, w.lists = max(w.most, size), w.lists+1
	return docs, err
}

// TestEach gives all documents, in order and once, and never has all of them
// in memory, however large they are.
func TestEach(t *testing.T) {
	for name, c := range map[string]struct{ docs, size, most, lists int }{
		"none": {0, 0, 0, 1}, "small": {2000, 10, 20_000, 9}, "large": {60, 1 << 20, 21 << 20, 8},
	} {
		docs := &weighed{Docs: store.Memory().Docs}
		for i := range c.docs {
			d := store.Doc{
				Key: store.Key{Account: "a", Type: "t", ID: fmt.Sprintf("%05d", i)}, JSON: []byte(`"` + strings.Repeat("x", c.size) + `"`),
			}
			if _, err := docs.Put(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		next := 0
		err := store.Each(t.Context(), docs, store.Query{Account: "a", Type: "t", Ascending: true}, func(d store.Doc) (bool, error) {
			if d.ID != fmt.Sprintf("%05d", next) {
				t.Errorf("%s: %s is number %d", name, d.ID, next)
			}
			next++
			return true, nil
		})
		if err != nil || next != c.docs || docs.most > c.most || docs.lists > c.lists {
			t.Errorf("%s: %d documents in %d lists of up to %d bytes, %v", name, next, docs.lists, docs.most, err)
		}
	}
}
