package api

import (
	"errors"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// entriesOf is the shelf of the entries of a list.
func (s *Server) entriesOf() shelf {
	return shelf{
		Resource: documents.ListEntries.Resource, path: "accounts/{account_id}/lists/{list_id}/entries",
		in: func(r *rest.Request) (resource.Collection, error) {
			list := r.Var("list_id")
			if _, err := s.in(documents.Lists.Resource, r.Account.ID).Get(r.Context(), list); err != nil {
				return resource.Collection{}, rest.Missing(err, list)
			}
			return s.entriesIn(r, list), nil
		},
	}
}

func (s *Server) listOperations() []rest.Operation {
	entries := s.entriesOf()
	ops := s.crud(entries)
	for i := range ops {
		ops[i].Group = "lists"
		if ops[i].Method == http.MethodPut {
			ops[i].Do = entries.does(s.createEntry)
		}
	}
	return append(ops,
		rest.Operation{
			Method: http.MethodDelete, Path: entries.path, Group: "lists", Summary: "Delete all entries of a list",
			Do: entries.does(func(r *rest.Request, c resource.Collection) (rest.Reply, error) {
				return s.dropEntries(r, c, false)
			}),
		},
		rest.Operation{
			Method: http.MethodGet, Path: entries.path + "/{id}/vcard", Group: "lists", Summary: "Read an entry as a vCard",
			Produces: []string{rest.TypeVCard},
			Do: entries.does(func(r *rest.Request, c resource.Collection) (rest.Reply, error) {
				d, err := c.Get(r.Context(), r.Var("id"))
				return vcardOf(d.Public, "firstname", "lastname", "displayname", "number"), err
			}),
		},
		rest.Operation{
			Method: http.MethodDelete, Path: "accounts/{account_id}/lists/{id}", Group: "lists",
			Summary: "Delete a list and its entries", Params: rest.DeleteParams, Returns: documents.Lists.Schema,
			Do: s.deleteList,
		},
	)
}

// createEntry makes an entry, but not in a list that was deleted meanwhile:
// nobody could reach it.
func (s *Server) createEntry(r *rest.Request, c resource.Collection) (rest.Reply, error) {
	reply, err := s.create(r, c)
	if err != nil {
		return reply, err
	}
	if _, gone := s.entriesOf().in(r); gone != nil {
		made, _ := reply.Data.(resource.Object)
		if _, err = c.Delete(r.Context(), resource.Text(made, "id"), "", true); err == nil || store.Gone(err) {
			err = gone
		}
		return rest.Reply{}, err
	}
	return reply, nil
}

// dropEntries deletes all entries of a list and answers with them.
func (s *Server) dropEntries(r *rest.Request, c resource.Collection, hard bool) (rest.Reply, error) {
	all, err := c.Where(r.Context(), nil)
	if err != nil {
		return rest.Reply{}, err
	}
	rows := make([]any, 0, len(all))
	for _, d := range all {
		gone, err := c.Delete(r.Context(), d.ID, "", hard)
		if errors.Is(err, store.ErrNotFound) {
			continue // somebody else was first
		}
		if err != nil {
			return rest.Reply{}, err
		}
		rows = append(rows, gone.Show())
	}
	return rest.Reply{Data: rows}, nil
}

// entriesIn are the entries of a list.
func (s *Server) entriesIn(r *rest.Request, list string) resource.Collection {
	c := s.in(documents.ListEntries.Resource, r.Account.ID)
	c.Within = map[string]string{documents.ByList: list}
	return c
}

// deleteList deletes a list after its entries, which nobody could reach any
// more: one that was broken off can be done again. Entries that came meanwhile
// go after it.
func (s *Server) deleteList(r *rest.Request) (rest.Reply, error) {
	c := s.in(documents.Lists.Resource, r.Account.ID)
	d, err := c.Get(r.Context(), r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	if _, err := s.unused(r, d); err != nil {
		return rest.Reply{}, err
	}
	if r.Stale(d.Revision) {
		return rest.Reply{}, resource.ErrMismatch
	}
	entries := s.entriesIn(r, d.ID)
	if _, err := s.dropEntries(r, entries, r.Hard()); err != nil {
		return rest.Reply{}, err
	}
	reply, err := s.removeDoc(r, c, d, r.Hard())
	if err == nil {
		_, err = s.dropEntries(r, entries, r.Hard())
	}
	return reply, err
}
