package sim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// copying are the documents of an account of a running server. What a call
// asks for is copied once, when it does; what it changes are the copies.
type copying struct {
	store.Docs // the copies

	server  Server
	account string

	mu   sync.Mutex
	seen map[string]bool // the paths that were copied
}

// Get implements store.Docs.
func (c *copying) Get(ctx context.Context, k store.Key) (store.Doc, error) {
	if path, ok := c.path(k.Type); ok {
		if k.Type != documents.AccountType {
			path += "/" + url.PathEscape(k.ID)
		}
		err := c.once(path, func(web *webhook.Client) error { return c.one(ctx, web, k, path) })
		if err != nil {
			return store.Doc{}, err
		}
	}
	return c.Docs.Get(ctx, k)
}

// List implements store.Docs.
func (c *copying) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	path, ok := c.path(q.Type)
	if list := q.Where[documents.ByList]; q.Type == documents.ListEntries.Type {
		path, ok = c.under(documents.Lists.Name)+"/"+url.PathEscape(list)+"/"+documents.ListEntries.Name, list != ""
	}
	if ok && q.Type != documents.AccountType {
		err := c.once(path, func(web *webhook.Client) error { return c.all(ctx, web, q.Type, path) })
		if err != nil {
			return nil, err
		}
	}
	return c.Docs.List(ctx, q)
}

func (c *copying) under(name string) string {
	return strings.TrimSuffix("accounts/"+url.PathEscape(c.account)+"/"+name, "/")
}

// path is where documents of a type are, and whether the server shows them.
func (c *copying) path(kind string) (string, bool) {
	switch kind {
	case documents.AccountType:
		return c.under(""), true
	case documents.CallflowType:
		return c.under("callflows"), true
	case documents.NumberType:
		return c.under("phone_numbers"), true
	}
	r, ok := kindOf(kind)
	return c.under(r.Name), ok && kind != documents.ListEntries.Type
}

// once does what copies path, unless it was copied.
func (c *copying) once(path string, do func(*webhook.Client) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[path] {
		return nil
	}
	web := c.server.client()
	defer web.Close()
	err := do(web)
	c.seen[path] = err == nil
	return err
}

// one copies a document; one that is not there is no error. c.mu is held.
func (c *copying) one(ctx context.Context, web *webhook.Client, k store.Key, path string) error {
	var doc struct {
		Data json.RawMessage `json:"data"`
	}
	err := c.server.ask(ctx, web, http.MethodGet, path, nil, &doc)
	if errors.Is(err, errNotThere) {
		return nil
	} else if err != nil {
		return err
	}
	return c.put(ctx, k, doc.Data)
}

// put keeps a copy, in the place of a row of a list.
func (c *copying) put(ctx context.Context, k store.Key, text json.RawMessage) error {
	kind, ok := kindOf(k.Type)
	if !ok { // nothing is looked for in it by the store's index
		old, err := c.Docs.Get(ctx, k)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		_, err = c.Put(ctx, store.Doc{Key: k, Rev: old.Rev, JSON: text})
		return err
	}
	data, err := resource.ParseObject(text)
	if err == nil {
		_, err = resource.Collection{Resource: kind, Docs: c.Docs, Account: c.account}.CreateAs(ctx, k.ID, data)
	}
	return err
}

// all copies the documents of a type. Of callflows it is what a list says of
// them: the others are never asked for. c.mu is held.
func (c *copying) all(ctx context.Context, web *webhook.Client, kind, path string) error {
	rows, err := c.server.rows(ctx, web, path)
	if errors.Is(err, errNotThere) {
		return nil
	} else if err != nil {
		return err
	}
	declared, _ := kindOf(kind)
	whole := kind == documents.CallflowType || declared.Whole
	for _, row := range rows {
		id := resource.Text(row, "id")
		k, at := store.Key{Account: c.account, Type: kind, ID: id}, path+"/"+url.PathEscape(id)
		switch {
		case c.seen[at]:
			continue
		case whole:
			text, _ := json.Marshal(row) // was read from JSON
			err = c.put(ctx, k, text)
		default:
			err = c.one(ctx, web, k, at)
		}
		if c.seen[at] = err == nil && kind != documents.CallflowType; err != nil {
			return err
		}
	}
	return nil
}
