package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// shelf is where documents of a resource are served.
type shelf struct {
	resource.Resource
	path string // of the list
	who  rest.Who
	in   func(*rest.Request) (resource.Collection, error)
	// rows and one let in users who are no admins, to the list and to one.
	rows, one func(*rest.Request) (bool, error)
}

// ofAccount is the shelf of a resource of an account.
func (s *Server) ofAccount(res resource.Resource) shelf {
	rows, one := s.own(res)
	return shelf{
		Resource: res, path: "accounts/{account_id}/" + res.Name, rows: rows, one: one,
		in: func(r *rest.Request) (resource.Collection, error) { return s.in(res, r.Account.ID), nil },
	}
}

// does is an operation on a shelf's documents.
func (sh shelf) does(
	do func(*rest.Request, resource.Collection) (rest.Reply, error),
) func(*rest.Request) (rest.Reply, error) {
	return func(r *rest.Request) (rest.Reply, error) {
		c, err := sh.in(r)
		if err != nil {
			return rest.Reply{}, err
		}
		return do(r, c)
	}
}

// crud are the operations on a shelf.
func (s *Server) crud(sh shelf) []rest.Operation {
	ops := append(s.listAndCreate(sh), s.changes(sh)...)
	one := sh.path + "/{id}"
	a := article(strings.ReplaceAll(sh.Type, "_", " "))
	ops = append(ops,
		rest.Operation{
			Method: http.MethodGet, Path: one, Summary: "Read " + a, Returns: sh.Schema, Own: sh.one,
			Do: sh.does(func(r *rest.Request, c resource.Collection) (rest.Reply, error) {
				d, err := c.Get(r.Context(), r.Var("id"))
				return rest.Shown(r, c, d, err)
			}),
		},
		rest.Operation{
			Method: http.MethodDelete, Path: one, Summary: "Delete " + a, Returns: sh.Schema, Params: rest.DeleteParams,
			Do: sh.does(func(r *rest.Request, c resource.Collection) (rest.Reply, error) { return s.remove(r, c, r.Var("id")) }),
		},
	)
	for i := range ops {
		ops[i].Group, ops[i].Who = sh.Name, sh.who
	}
	return ops
}

func (s *Server) listAndCreate(sh shelf) []rest.Operation {
	what := strings.ToLower(sh.Summary[:1]) + strings.TrimSuffix(sh.Summary[1:], ".")
	ops := []rest.Operation{{
		Method: http.MethodGet, Path: sh.path, Summary: "List " + what, Params: rest.ListParams,
		Produces: []string{rest.TypeCSV},
		Returns:  sh.RowSchema(), Many: true, Own: sh.rows, Do: sh.does(rest.List),
	}}
	if sh.Fixed {
		return ops
	}
	return append(ops, rest.Operation{
		Method: http.MethodPut, Path: sh.path, Summary: "Create " + article(strings.ReplaceAll(sh.Type, "_", " ")),
		Body: sh.Schema, Returns: sh.Schema, Example: rest.Example{Data: string(sh.Example)}, Do: sh.does(s.create),
	})
}

func (s *Server) changes(sh shelf) []rest.Operation {
	if sh.Fixed {
		return nil
	}
	one := sh.path + "/{id}"
	a := article(strings.ReplaceAll(sh.Type, "_", " "))
	ops := []rest.Operation{
		{
			Method: http.MethodPost, Path: one, Summary: "Replace " + a, Body: sh.Schema,
			Returns: sh.Schema, Example: rest.Example{Data: string(sh.Example)}, Own: sh.one,
			Do: sh.does(func(r *rest.Request, c resource.Collection) (rest.Reply, error) {
				d, err := c.Replace(r.Context(), r.Var("id"), r.Data(), r.IfMatch())
				return rest.Shown(r, c, d, err)
			}),
		},
		{
			Method: http.MethodPatch, Path: one, Summary: "Change parts of " + a, Body: sh.Schema,
			Returns: sh.Schema, Example: rest.Example{Data: partOf(sh.Example)}, Own: sh.one,
			Do: sh.does(func(r *rest.Request, c resource.Collection) (rest.Reply, error) {
				d, err := c.Patch(r.Context(), r.Var("id"), r.Data(), r.IfMatch())
				return rest.Shown(r, c, d, err)
			}),
		},
	}
	if sh.NoPatch {
		return ops[:1]
	}
	return ops
}

// article is a noun with its article.
func article(noun string) string {
	if strings.ContainsRune("aeio", rune(noun[0])) { // not u: a user
		return "an " + noun
	}
	return "a " + noun
}

// partOf is an example of a change: the first key of a whole document.
func partOf(example json.RawMessage) string {
	doc, err := resource.ParseObject(example)
	if err != nil || len(doc) == 0 {
		return "{}"
	}
	key := slices.Min(slices.Collect(maps.Keys(doc)))
	if _, named := doc["name"]; named {
		key = "name"
	}
	raw, _ := json.Marshal(resource.Object{key: doc[key]}) // was JSON before
	return string(raw)
}

// dropBlob removes what lies beside a document that is gone.
func (s *Server) dropBlob(ctx context.Context, c resource.Collection, id string) error {
	if c.Blob == "" {
		return nil
	}
	err := s.cfg.Blobs.Delete(ctx, store.Key{Account: c.Account, Type: c.Blob, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (s *Server) create(r *rest.Request, c resource.Collection) (rest.Reply, error) {
	if err := r.OwnWord(r.Data()); err != nil {
		return rest.Reply{}, err
	}
	d, err := c.Create(r.Context(), r.Data())
	reply, err := rest.Shown(r, c, d, err)
	reply.Location = r.Place() + "/" + url.PathEscape(d.ID)
	return reply, err
}
