package sim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// copying is the documents of a server on their way into a call. The call
// changes the copies.
type copying struct {
	Server

	web     *webhook.Client
	account string
	docs    store.Docs
}

// documents are copies of what the callflows of an account work with.
func (s Server) documents(ctx context.Context, account string) (documents.Library, error) {
	c := copying{s, s.client(), account, store.Memory()}
	defer c.web.Close()
	l := documents.Library{Docs: c.docs}
	if err := c.self(ctx); err != nil {
		return l, err
	}
	for _, kind := range []resource.Resource{
		documents.Menus.Resource, documents.TemporalRules.Resource, documents.TemporalRuleSets.Resource,
	} {
		if _, err := c.all(ctx, kind, kind.Name); err != nil {
			return l, err
		}
	}
	lists, err := c.all(ctx, documents.Lists.Resource, documents.Lists.Name)
	if err != nil {
		return l, err
	}
	for _, id := range lists {
		entries := documents.ListEntries.Resource
		path := documents.Lists.Name + "/" + url.PathEscape(id) + "/" + entries.Name
		if _, err := c.all(ctx, entries, path); err != nil {
			return l, err
		}
	}
	directories, err := c.all(ctx, documents.Directories.Resource, documents.Directories.Name)
	if err != nil || len(directories) == 0 {
		return l, err
	}
	_, err = c.all(ctx, documents.Users.Resource, documents.Users.Name)
	return l, err
}

// self copies the document of the account itself.
func (c copying) self(ctx context.Context) error {
	var doc struct {
		Data json.RawMessage `json:"data"`
	}
	if err := c.ask(ctx, c.web, http.MethodGet, "accounts/"+url.PathEscape(c.account), nil, &doc); err != nil {
		return err
	}
	key := store.Key{Type: documents.AccountType, ID: c.account}
	_, err := c.docs.Put(ctx, store.Doc{Key: key, JSON: doc.Data})
	return err
}

// all copies the documents at a path of the account and returns their ids.
func (c copying) all(ctx context.Context, kind resource.Resource, path string) (ids []string, err error) {
	path = "accounts/" + url.PathEscape(c.account) + "/" + path
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	err = c.ask(ctx, c.web, http.MethodGet, path+"?paginate=false", nil, &list)
	if errors.Is(err, errNotThere) {
		return nil, nil // an older server
	} else if err != nil {
		return nil, err
	}
	to := resource.Collection{Resource: kind, Docs: c.docs, Account: c.account}
	for _, one := range list.Data {
		var doc struct {
			Data resource.Object `json:"data"`
		}
		if err := c.ask(ctx, c.web, http.MethodGet, path+"/"+url.PathEscape(one.ID), nil, &doc); err != nil {
			return nil, err
		}
		if _, err := to.CreateAs(ctx, one.ID, doc.Data); err != nil {
			return nil, err
		}
		ids = append(ids, one.ID)
	}
	return ids, nil
}
