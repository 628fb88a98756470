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

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// listParams are taken by every list.
var listParams = append([]Param{
	{"created_from", "Only documents made at this time or later, in Gregorian seconds.", Whole},
	{"created_to", "Only documents made at this time or before.", Whole},
	{
		"end_key", "What the list ends with, and with such a start_key begins with: an id, of users the last and the " +
			"first name, of mailboxes the name.", Text,
	},
}, rowParams...)

// rowParams are taken by lists of what happened, too.
var rowParams = []Param{
	{"page_size", "How many rows a page has; 50 by default, 10000 at most.", Whole},
	{"start_key", "The next_start_key of the page before.", Text},
	{"paginate", "false for everything at once.", Truth},
	{"ascending", "true for ascending order; descending is the default.", Truth},
	{"filter_{key}", "Only documents whose value at a dotted path is this, or is in this JSON list.", Text},
	{"filter_not_{key}", "Only documents whose value is not this.", Text},
	{"has_key", "Only documents that have this key.", Text},
	{"key_missing", "Only documents that do not have this key.", Text},
	{"has_value", "Only documents that have something at this key.", Text},
	{"value_missing", "Only documents that have nothing at this key.", Text},
	{"modified_from", "Only documents changed at this time or later, in Gregorian seconds.", Whole},
	{"modified_to", "Only documents changed at this time or before.", Whole},
}

// shelf is where documents of a resource are served.
type shelf struct {
	resource.Resource
	path string // of the list
	who  Who
	in   func(*Request) (resource.Collection, error)
	// rows and one let in users who are no admins, to the list and to one.
	rows, one func(*Request) (bool, error)
}

// ofAccount is the shelf of a resource of an account.
func (s *Server) ofAccount(res resource.Resource) shelf {
	rows, one := s.own(res)
	return shelf{
		Resource: res, path: "accounts/{account_id}/" + res.Name, rows: rows, one: one,
		in: func(r *Request) (resource.Collection, error) { return s.in(res, r.Account.ID), nil },
	}
}

// does is an operation on a shelf's documents.
func (sh shelf) does(
	do func(*Request, resource.Collection) (Reply, error),
) func(*Request) (Reply, error) {
	return func(r *Request) (Reply, error) {
		c, err := sh.in(r)
		if err != nil {
			return Reply{}, err
		}
		return do(r, c)
	}
}

// crud are the operations on a shelf.
func (s *Server) crud(sh shelf) []Operation {
	ops := append(s.listAndCreate(sh), s.changes(sh)...)
	one := sh.path + "/{id}"
	a := article(strings.ReplaceAll(sh.Type, "_", " "))
	ops = append(ops,
		Operation{
			Method: http.MethodGet, Path: one, Summary: "Read " + a, Returns: sh.Schema, Own: sh.one,
			Do: sh.does(func(r *Request, c resource.Collection) (Reply, error) {
				d, err := c.Get(r.Context(), r.Var("id"))
				return s.shown(r, c, d, err)
			}),
		},
		Operation{
			Method: http.MethodDelete, Path: one, Summary: "Delete " + a, Returns: sh.Schema, Params: deleteParams,
			Do: sh.does(func(r *Request, c resource.Collection) (Reply, error) { return s.remove(r, c, r.Var("id")) }),
		},
	)
	for i := range ops {
		ops[i].Group, ops[i].Who = sh.Name, sh.who
	}
	return ops
}

func (s *Server) listAndCreate(sh shelf) []Operation {
	what := strings.ToLower(sh.Summary[:1]) + strings.TrimSuffix(sh.Summary[1:], ".")
	ops := []Operation{{
		Method: http.MethodGet, Path: sh.path, Summary: "List " + what, Params: listParams, Produces: []string{csvType},
		Returns: sh.RowSchema(), Many: true, Own: sh.rows, Do: sh.does(s.list),
	}}
	if sh.Fixed {
		return ops
	}
	return append(ops, Operation{
		Method: http.MethodPut, Path: sh.path, Summary: "Create " + article(strings.ReplaceAll(sh.Type, "_", " ")),
		Body: sh.Schema, Returns: sh.Schema, Example: Example{Data: string(sh.Example)}, Do: sh.does(s.create),
	})
}

func (s *Server) changes(sh shelf) []Operation {
	if sh.Fixed {
		return nil
	}
	one := sh.path + "/{id}"
	a := article(strings.ReplaceAll(sh.Type, "_", " "))
	ops := []Operation{
		{
			Method: http.MethodPost, Path: one, Summary: "Replace " + a, Body: sh.Schema,
			Returns: sh.Schema, Example: Example{Data: string(sh.Example)}, Own: sh.one,
			Do: sh.does(func(r *Request, c resource.Collection) (Reply, error) {
				d, err := c.Replace(r.Context(), r.Var("id"), r.Data(), r.ifMatch())
				return s.shown(r, c, d, err)
			}),
		},
		{
			Method: http.MethodPatch, Path: one, Summary: "Change parts of " + a, Body: sh.Schema,
			Returns: sh.Schema, Example: Example{Data: partOf(sh.Example)}, Own: sh.one,
			Do: sh.does(func(r *Request, c resource.Collection) (Reply, error) {
				d, err := c.Patch(r.Context(), r.Var("id"), r.Data(), r.ifMatch())
				return s.shown(r, c, d, err)
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

func (r *Request) ifMatch() string { return r.HTTP.Header.Get("If-Match") }

// stale says whether a document's revision is another than the one asked for.
func (r *Request) stale(revision string) bool {
	match := r.ifMatch()
	return match != "" && !resource.Matches(match, revision)
}

// hard says whether a deletion leaves nothing.
func (r *Request) hard() bool { return r.Param("should_soft_delete") == "false" }

// emptyList is the list of what there is none of.
func emptyList(*Request) (Reply, error) { return Reply{Data: []any{}, List: &ListInfo{}}, nil }

// items are the request's data where that is a list.
func (r *Request) items() ([]any, error) {
	list, ok := r.body.data.([]any)
	if !ok {
		return nil, schema.Invalid("data", "type", "Value did not match type(s): array", map[string]any{"target": "array"})
	}
	return list, nil
}

// list is a page of a collection's rows.
func (s *Server) list(r *Request, c resource.Collection) (Reply, error) {
	q, err := resource.ParseQuery(r.query, r.Param)
	if err != nil {
		return Reply{}, err
	}
	return s.page(r, c, q)
}

// page is the rows of one page.
func (s *Server) page(r *Request, c resource.Collection, q resource.Query) (Reply, error) {
	page, err := c.List(r.Context(), q)
	if err != nil {
		return Reply{}, err
	}
	rows := make([]any, len(page.Docs))
	for i, d := range page.Docs {
		rows[i] = c.Row(d)
	}
	return listed(rows, q, page.Next), nil
}

// listed is rows as an answer.
func listed(rows []any, q resource.Query, next string) Reply {
	info := &ListInfo{Size: len(rows), Start: q.Start, Next: next}
	if q.All {
		info.Size = -1
	}
	return Reply{Data: rows, List: info}
}

func (s *Server) create(r *Request, c resource.Collection) (Reply, error) {
	d, err := c.Create(r.Context(), r.Data())
	reply, err := s.shown(r, c, d, err)
	reply.Location = r.place() + "/" + url.PathEscape(d.ID)
	return reply, err
}

// place is the path of the request's operation.
func (r *Request) place() string { return r.op.At(r.vars) }

// shown is one document as an answer.
func (s *Server) shown(r *Request, c resource.Collection, d resource.Doc, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	out, err := c.Show(r.Context(), d)
	return Reply{Data: out, Revision: d.Revision}, err
}
