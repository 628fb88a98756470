package api

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
)

// entriesOf is the shelf of the entries of a list.
func (s *Server) entriesOf() shelf {
	return shelf{
		Resource: documents.ListEntries.Resource, path: "accounts/{account_id}/lists/{list_id}/entries",
		in: func(r *Request) (resource.Collection, error) {
			list := r.Var("list_id")
			if _, err := s.in(documents.Lists.Resource, r.Account.ID).Get(r.Context(), list); err != nil {
				return resource.Collection{}, missing(err, list)
			}
			return s.entriesIn(r, list), nil
		},
	}
}

func (s *Server) listOperations() []Operation {
	entries := s.entriesOf()
	ops := s.crud(entries)
	for i := range ops {
		ops[i].Group = "lists"
	}
	return append(ops,
		Operation{
			Method: http.MethodDelete, Path: entries.path, Group: "lists", Summary: "Delete all entries of a list",
			Do: entries.does(func(r *Request, c resource.Collection) (Reply, error) { return s.dropEntries(r, c, false) }),
		},
		Operation{
			Method: http.MethodGet, Path: entries.path + "/{id}/vcard", Group: "lists", Summary: "Read an entry as a vCard",
			Produces: []string{vcardType},
			Do: entries.does(func(r *Request, c resource.Collection) (Reply, error) {
				d, err := c.Get(r.Context(), r.Var("id"))
				return vcardOf(d.Public, "firstname", "lastname", "displayname", "number"), err
			}),
		},
		Operation{
			Method: http.MethodDelete, Path: "accounts/{account_id}/lists/{id}", Group: "lists",
			Summary: "Delete a list and its entries", Params: deleteParams, Returns: documents.Lists.Schema, Do: s.deleteList,
		},
	)
}

// dropEntries deletes all entries of a list and answers with them.
func (s *Server) dropEntries(r *Request, c resource.Collection, hard bool) (Reply, error) {
	all, err := c.Where(r.Context(), nil)
	if err != nil {
		return Reply{}, err
	}
	rows := make([]any, len(all))
	for i, d := range all {
		gone, err := c.Delete(r.Context(), d.ID, "", hard)
		if err != nil {
			return Reply{}, err
		}
		rows[i] = gone.Show()
	}
	return Reply{Data: rows}, nil
}

// entriesIn are the entries of a list.
func (s *Server) entriesIn(r *Request, list string) resource.Collection {
	c := s.in(documents.ListEntries.Resource, r.Account.ID)
	c.Within = map[string]string{documents.ByList: list}
	return c
}

// deleteList deletes a list after its entries, which nobody could reach any
// more: one that was broken off can be done again.
func (s *Server) deleteList(r *Request) (Reply, error) {
	c := s.in(documents.Lists.Resource, r.Account.ID)
	d, err := c.Get(r.Context(), r.Var("id"))
	if err != nil {
		return Reply{}, err
	}
	if _, err := s.unused(r, d); err != nil {
		return Reply{}, err
	}
	if r.stale(d.Revision) {
		return Reply{}, resource.ErrMismatch
	}
	if _, err := s.dropEntries(r, s.entriesIn(r, d.ID), r.hard()); err != nil {
		return Reply{}, err
	}
	return s.removeDoc(r, c, d, r.hard())
}
