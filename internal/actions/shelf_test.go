package actions_test

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// shelf are the documents that the examples of actions name, and that their
// tests have, all of the account acme: "type id" and JSON.
func shelf() map[string]string {
	return map[string]string{
		"directory 2b9e4c7a1d3f4e5b8a6c9d0e1f2a3b4c": `{"name": "Staff"}`,
		"user 4d5e6f708192a3b4c5d6e7f809102132": `{"first_name": "Ada", "last_name": "Lovelace",
			"directories": {"2b9e4c7a1d3f4e5b8a6c9d0e1f2a3b4c": "` + stored + `"}}`,
		"list 7d3a1b5c9e8f4a2d8b6c0e1f2a3b4c5d": `{"name": "Numbers to show"}`,
		"menu 5c1a6d6d4f7d4b1f8d2e3f4a5b6c7d8e": `{"name": "Main menu"}`,

		"user bdc3a4b7e3a5405a9aa8a0f9c6b76997": `{"first_name": "Ada", "last_name": "Lovelace", "email": "ada@acme.test"}`,

		"function 5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a": `{"name": "Who answers today", "url": "https://example.com/today"}`,

		"temporal_rule 9a8b7c6d5e4f30211203f4e5d6c7b8a9":     `{"name": "Open", "cycle": "weekly", "time_window_start": 32400, "time_window_stop": 61200}`,
		"temporal_rule 0f3c3e1d8b2a4a6f9e7d5c4b3a291807":     `{"name": "New year", "cycle": "yearly", "month": 1, "days": [1]}`,
		"temporal_rule_set 4f6b0a1c2d3e4f5061728394a5b6c7d8": `{"name": "Holidays", "temporal_rules": ["0f3c3e1d8b2a4a6f9e7d5c4b3a291807"]}`,
	}
}

// library are the documents of the shelf, and more or others.
func library(more map[string]string) documents.Library {
	docs := store.Memory()
	all := shelf()
	maps.Copy(all, more)
	for name, text := range all {
		kind, id, _ := strings.Cut(name, " ")
		shelve(docs, kind, id, text)
	}
	return documents.Library{Docs: docs}
}

// shelve keeps one document as the API does.
func shelve(docs store.Docs, kind, id, text string) {
	data, err := resource.ParseObject([]byte(text))
	if err != nil {
		panic(err)
	}
	for _, r := range append(documents.All(), documents.ListEntries.Resource) {
		if r.Type == kind {
			c := resource.Collection{Resource: r, Docs: docs, Account: "acme"}
			if _, err := c.CreateAs(context.Background(), id, data); err != nil {
				panic(kind + " " + id + ": " + err.Error())
			}
			return
		}
	}
	panic("no document is a " + kind)
}

// given is an action that puts a call where another one would have it.
var given = flow.Define(flow.Def[givenData]{
	Name: "given",
	Run: func(_ context.Context, s *flow.Session, d givenData) (flow.Next, error) {
		maps.Copy(s.Channel, d.Channel)
		s.Captured = d.Captured
		return flow.Next{}, nil
	},
})

type givenData struct {
	Channel  map[string]string `json:"channel,omitempty"`
	Captured map[string]string `json:"captured,omitempty"`
	flow.Skip
}

// shelveAccount keeps the document of the account acme.
func shelveAccount(docs store.Docs, text string) {
	d := store.Doc{Key: store.Key{Type: "account", ID: "acme"}, JSON: []byte(text)}
	if _, err := docs.Put(context.Background(), d); err != nil {
		panic(err)
	}
}

// gone are documents of which none can be read.
type gone struct{ store.Docs }

func (gone) Get(context.Context, store.Key) (store.Doc, error) {
	return store.Doc{}, errors.New("the disk is gone")
}
