// Package documents declares the documents of an account that callflows work
// with: menus, opening hours, lists of callers. Each is declared once: the API
// serves it, and actions read it, from the same declaration. What they hold is
// in spec/crossbar-api.md, appendix A.
package documents

import (
	"context"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// All are the kinds of documents there are.
func All() []resource.Resource {
	return []resource.Resource{
		Blacklists.Resource, Carriers.Resource, Conferences.Resource, Devices.Resource, Directories.Resource,
		Faxboxes.Resource, Functions.Resource, Groups.Resource, Lists.Resource, Mailboxes.Resource, Menus.Resource,
		Queues.Resource, TemporalRules.Resource, TemporalRuleSets.Resource, Users.Resource, Webhooks.Resource,
	}
}

// Library is where documents are kept, and who is told of their changes.
type Library struct {
	Docs    store.Docs
	Changed func(resource.Change) // nil is nobody; must not block
}

// Kind is a kind of document: its declaration, and the type it is read as.
type Kind[T any] struct{ resource.Resource }

// define makes a Kind of a declaration.
func define[T any](d resource.Def[T]) Kind[T] { return Kind[T]{resource.Define(d)} }

// Checking is the resource with one more check of its documents.
func (k Kind[T]) Checking(more func(context.Context, *resource.Draft, T) error) resource.Resource {
	return k.Resource.Checking(func(ctx context.Context, d *resource.Draft) error {
		var v T
		if err := k.Decode(d.Doc, &v); err != nil {
			return err
		}
		return more(ctx, d, v)
	})
}

// One is a document that was read.
type One[T any] struct {
	ID    string
	Value T
}

// Get reads a document with its defaults; where there is none it is
// store.ErrNotFound.
func (k Kind[T]) Get(ctx context.Context, l Library, account, id string) (T, error) {
	var v T
	key := store.Key{Account: account, Type: k.Type, ID: id}
	if key.Check() != nil {
		return v, store.ErrNotFound // no document can have such an id
	}
	d, err := l.Docs.Get(ctx, key)
	if err != nil {
		return v, err
	}
	return k.decode(d)
}

// Where reads the documents that have these values in the store's index, by
// ascending id; nil is all of them. More than resource.MaxBytes of them are
// resource.ErrTooMany.
func (k Kind[T]) Where(ctx context.Context, l Library, account string, index map[string]string) ([]One[T], error) {
	out, size := []One[T]{}, 0
	ask := store.Query{Account: account, Type: k.Type, Where: index, Ascending: true}
	err := store.Each(ctx, l.Docs, ask, func(d store.Doc) (bool, error) {
		if size += len(d.JSON); size > resource.MaxBytes {
			return false, resource.ErrTooMany
		}
		v, err := k.decode(d)
		out = append(out, One[T]{ID: d.ID, Value: v})
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Patch merges data over a document; null deletes a key.
func (k Kind[T]) Patch(ctx context.Context, l Library, account, id string, data resource.Object) error {
	c := resource.Collection{Resource: k.Resource, Docs: l.Docs, Account: account, Changed: l.Changed}
	_, err := c.Patch(ctx, id, data, "")
	return err
}

func (k Kind[T]) decode(d store.Doc) (v T, err error) {
	full, faults := k.Schema.Check(d.JSON)
	if err := faults.Err(); err != nil {
		return v, err
	}
	return v, k.Schema.Decode(full, &v)
}
