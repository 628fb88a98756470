package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// shelf are the documents that a test brings along: menus, lists, opening
// hours. They are by the name that the API has for their kind, and by id.
type shelf map[string]map[string]json.RawMessage

// kinds are what can be on a shelf.
func kinds() []resource.Resource { return append(documents.All(), documents.ListEntries.Resource) }

// kindOf is the kind of documents of a type.
func kindOf(t string) (resource.Resource, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(r resource.Resource) bool { return r.Type == t })
	if i < 0 {
		return resource.Resource{}, false
	}
	return all[i], true
}

// kindsByName are they by the name that a shelf has for them.
func kindsByName() map[string]resource.Resource {
	all := map[string]resource.Resource{}
	for _, r := range kinds() {
		all[r.As] = r
	}
	return all
}

// misplaced is what is wrong with a document on a shelf, and where.
type misplaced struct {
	at  []string // its path in the test
	err error
}

func (m *misplaced) Error() string { return strings.Join(m.at, ".") + ": " + m.err.Error() }

func (m *misplaced) Unwrap() error { return m.err }

// documents are those of a test, kept anew for each call, as the API would
// keep them.
func (t *Test) documents(ctx context.Context) (documents.Library, error) {
	l := documents.Library{Docs: store.Memory()}
	known := kindsByName()
	for _, name := range sortedKeys(t.Documents) {
		kind, ok := known[name]
		if !ok {
			return l, &misplaced{[]string{"documents", name}, fmt.Errorf("there are no documents called %s; there are %s",
				name, strings.Join(sortedKeys(known), ", "))}
		}
		for _, id := range sortedKeys(t.Documents[name]) {
			if err := keep(ctx, l.Docs, kind, id, t.Documents[name][id]); err != nil {
				return l, wrong([]string{"documents", name, id}, err)
			}
		}
	}
	return l, t.keepAccount(ctx, l.Docs)
}

// keep keeps one document of the account.
func keep(ctx context.Context, docs store.Docs, kind resource.Resource, id string, text json.RawMessage) error {
	data, err := resource.ParseObject(text)
	if err != nil {
		return err
	}
	c := resource.Collection{Resource: kind, Docs: docs, Account: Account}
	_, err = c.CreateAs(ctx, id, data)
	return err
}

// keepAccount keeps the document of the account itself.
func (t *Test) keepAccount(ctx context.Context, docs store.Docs) error {
	if t.Account == nil {
		return nil
	}
	if _, err := resource.ParseObject(t.Account); err != nil {
		return wrong([]string{"account"}, err)
	}
	_, err := docs.Put(ctx, store.Doc{
		Key: store.Key{Type: documents.AccountType, ID: Account}, JSON: t.Account,
	})
	return err
}

// wrong is an error of what lies at path: the first fault, with its own path.
func wrong(path []string, err error) error {
	var faults schema.Faults
	if errors.As(err, &faults) && len(faults) > 0 {
		path, err = append(path, faults[0].Path...), errors.New(faults[0].Message)
	}
	return &misplaced{path, err}
}
