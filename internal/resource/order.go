package resource

import (
	"context"
	"slices"
	"strings"
)

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
	compare := func(d Doc, key, id string) int {
		n := strings.Compare(c.Order(d), key)
		if n == 0 {
			n = strings.Compare(d.ID, id)
		}
		return way * n
	}
	slices.SortFunc(all, func(a, b Doc) int { return compare(a, c.Order(b), b.ID) })
	if at, err := ReadCursor(q.Start, 2); err == nil {
		all = slices.DeleteFunc(all, func(d Doc) bool { return compare(d, at[0], at[1]) <= 0 })
	} else if from := strings.ToLower(q.Start); from != "" {
		all = slices.DeleteFunc(all, func(d Doc) bool { return way*strings.Compare(c.Order(d), from) < 0 })
	}
	if to := strings.ToLower(q.End); to != "" {
		all = slices.DeleteFunc(all, func(d Doc) bool { return way*strings.Compare(c.Order(d), to) > 0 })
	}
	page := Page{Docs: all}
	if len(all) > q.Size() {
		page.Docs = all[:q.Size()]
		last := page.Docs[q.Size()-1]
		page.Next = Cursor(c.Order(last), last.ID)
	}
	return page, nil
}

// all are the documents that pass q's filter, by id.
func (c Collection) all(ctx context.Context, q Query) ([]Doc, error) {
	var all []Doc
	size := 0
	err := c.scan(ctx, Query{All: true, Filter: q.Filter, Where: q.Where}, span{}, func(d Doc) (bool, error) {
		if size += d.size; len(all) == MaxRows || size > MaxBytes {
			return false, ErrTooMany
		}
		all = append(all, d)
		return true, nil
	})
	return all, err
}
