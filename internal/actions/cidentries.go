package actions

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// keyLength is how many digits choose an entry where nothing says.
const keyLength = 2

// digits is how many of them a document says, if it says any.
func digits(n int) int { return cmp.Or(max(n, 0), keyLength) }

// cidEntry is an identity and the digits that choose it.
type cidEntry struct {
	cidParty
	key    string
	length int // of what is compared to key
}

// entries are those of the list, its own documents first, by their ids, then
// those within it, by their keys. None is no error: nothing is chosen then.
func (c cidChoice) entries(ctx context.Context) ([]cidEntry, error) {
	list, err := documents.Lists.Get(ctx, c.docs, c.s.Account, c.data.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, flow.Fail("list.unreadable", err)
	}
	docs, err := documents.ListEntries.Where(ctx, c.docs, c.s.Account,
		map[string]string{documents.ByList: c.data.ID})
	if err != nil {
		return nil, flow.Fail("list.unreadable", err)
	}
	out := make([]cidEntry, 0, len(docs)+len(list.Entries))
	for _, d := range docs {
		e := d.Value
		out = append(out, cidEntry{
			cidParty{Name: cmp.Or(e.Name, e.DisplayName), Number: e.Number},
			e.CaptureGroupKey, digits(e.CaptureGroupLength),
		})
	}
	return append(out, within(list)...), nil
}

// within are the entries that a list has itself; what is none is left out.
func within(list documents.List) (out []cidEntry) {
	for _, key := range slices.Sorted(maps.Keys(list.Entries)) {
		e, ok := list.Entries[key].(resource.Object)
		if !ok {
			continue
		}
		out = append(out, cidEntry{
			cidParty{
				Name:   cmp.Or(resource.Text(e, "name"), resource.Text(e, "cid_name")),
				Number: cmp.Or(resource.Text(e, "number"), resource.Text(e, "cid_number")),
			},
			key, digits(list.Length),
		})
	}
	return out
}
