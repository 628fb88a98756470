package resource

import (
	"context"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/store"
)

// sorted is a stored document and its place in the order of a resource.
type sorted struct {
	key string
	store.Doc
}

// ordered lists by the resource's own order: all that pass, sorted, and of
// these a page.
func (c Collection) ordered(ctx context.Context, q Query) (Page, error) {
	all, err := c.all(ctx, q)
	if err != nil {
		return Page{}, err
	}
	way := -1
	if q.Ascending || c.Ascending {
		way = 1
	}
	compare := func(d sorted, key, id string) int {
		n := strings.Compare(d.key, key)
		if n == 0 {
			n = strings.Compare(d.ID, id)
		}
		return way * n
	}
	slices.SortFunc(all, func(a, b sorted) int { return compare(a, b.key, b.ID) })
	if at, err := ReadCursor(q.Start, 2); err == nil {
		all = slices.DeleteFunc(all, func(d sorted) bool { return compare(d, at[0], at[1]) <= 0 })
	} else if from := strings.ToLower(q.Start); from != "" {
		all = slices.DeleteFunc(all, func(d sorted) bool { return way*strings.Compare(d.key, from) < 0 })
	}
	if to := strings.ToLower(q.End); to != "" {
		all = slices.DeleteFunc(all, func(d sorted) bool { return way*strings.Compare(d.key, to) > 0 })
	}
	var page Page
	if len(all) > q.Size() {
		all = all[:q.Size()]
		last := all[len(all)-1]
		page.Next = Cursor(last.key, last.ID)
	}
	for _, s := range all {
		d, err := read(s.Doc)
		if err != nil {
			return Page{}, err
		}
		page.Docs = append(page.Docs, d)
	}
	return page, nil
}

// all are the documents that pass q's filter, by id.
func (c Collection) all(ctx context.Context, q Query) ([]sorted, error) {
	var all []sorted
	size, look := 0, wanted{}
	for _, key := range c.Order {
		look[key] = nil
	}
	err := c.sift(ctx, Query{All: true, Filter: q.Filter, Where: q.Where}, span{}, func(d store.Doc) (bool, error) {
		if size += len(d.JSON); len(all) == MaxRows || size > MaxBytes {
			return false, ErrTooMany
		}
		o, err := glance(d, look)
		all = append(all, sorted{c.orderKey(o), d})
		return true, err
	})
	return all, err
}

// orderKey is what a document is ordered by.
func (r Resource) orderKey(o Object) string {
	texts := make([]string, len(r.Order))
	for i, key := range r.Order {
		texts[i] = Text(o, key)
	}
	return strings.ToLower(strings.TrimSpace(strings.Join(texts, " ")))
}
