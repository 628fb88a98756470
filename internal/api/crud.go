package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// listParams are taken by every list.
var listParams = []Param{
	{"page_size", "How many rows a page has; 50 by default."},
	{"start_key", "The next_start_key of the page before, or an id to begin with."},
	{"end_key", "The last id wanted."},
	{"paginate", "false for everything at once."},
	{"ascending", "true for ascending order; descending is the default."},
	{"filter_{key}", "Only documents whose value at a dotted path is this, or is in this JSON list."},
	{"filter_not_{key}", "Only documents whose value is not this."},
	{"has_key", "Only documents that have this key."},
	{"key_missing", "Only documents that do not have this key."},
	{"has_value", "Only documents that have something at this key."},
	{"value_missing", "Only documents that have nothing at this key."},
	{"created_from", "Gregorian seconds; so are created_to, modified_from and modified_to."},
}

// crud are the operations of a resource of an account.
func (s *Server) crud(res resource.Resource) []Operation {
	all := "accounts/{account_id}/" + res.Name
	one := all + "/{id}"
	at := func(r *Request) resource.Collection { return s.in(res, r.Account.ID) }
	rows, its := s.own(res)
	what := strings.ToLower(res.Summary[:1]) + strings.TrimSuffix(res.Summary[1:], ".")
	a := article(strings.ReplaceAll(res.Type, "_", " "))
	ops := []Operation{
		{
			Method: http.MethodGet, Path: all, Group: res.Name, Summary: "List " + what, Params: listParams,
			Produces: []string{csvType}, Returns: res.Schema, Many: true, Own: rows,
			Do: func(r *Request) (Reply, error) { return s.list(r, at(r)) },
		},
		{
			Method: http.MethodPut, Path: all, Group: res.Name, Summary: "Create " + a, Body: res.Schema,
			Returns: res.Schema, Example: Example{Data: string(res.Example)},
			Do: func(r *Request) (Reply, error) { return s.create(r, at(r)) },
		},
		{
			Method: http.MethodGet, Path: one, Group: res.Name, Summary: "Read " + a, Returns: res.Schema, Own: its,
			Do: func(r *Request) (Reply, error) {
				d, err := at(r).Get(r.Context(), r.Var("id"))
				return s.shown(r, at(r), d, err)
			},
		},
		{
			Method: http.MethodPost, Path: one, Group: res.Name, Summary: "Replace " + a, Body: res.Schema,
			Returns: res.Schema, Example: Example{Data: string(res.Example)}, Own: its,
			Do: func(r *Request) (Reply, error) {
				d, err := at(r).Replace(r.Context(), r.Var("id"), r.Data(), r.ifMatch())
				return s.shown(r, at(r), d, err)
			},
		},
		{
			Method: http.MethodPatch, Path: one, Group: res.Name, Summary: "Change parts of " + a,
			Returns: res.Schema, Example: Example{Data: partOf(res.Example)}, Own: its,
			Do: func(r *Request) (Reply, error) {
				d, err := at(r).Patch(r.Context(), r.Var("id"), r.Data(), r.ifMatch())
				return s.shown(r, at(r), d, err)
			},
		},
		{
			Method: http.MethodDelete, Path: one, Group: res.Name, Summary: "Delete " + a, Returns: res.Schema,
			Params: deleteParams, Do: func(r *Request) (Reply, error) { return s.remove(r, at(r), r.Var("id")) },
		},
	}
	if res.NoPatch {
		ops = slices.DeleteFunc(ops, func(o Operation) bool { return o.Method == http.MethodPatch })
	}
	if res.Fixed {
		ops = slices.DeleteFunc(ops, func(o Operation) bool { return o.Body != nil || o.Method == http.MethodPatch })
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
func (s *Server) dropBlob(r *Request, res resource.Resource, id string) error {
	if res.Blob == "" {
		return nil
	}
	err := s.cfg.Blobs.Delete(r.Context(), store.Key{Account: r.Account.ID, Type: res.Blob, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (r *Request) ifMatch() string { return r.HTTP.Header.Get("If-Match") }

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
func (r *Request) place() string {
	path := "/v2/" + r.op.Path
	for name, v := range r.vars {
		path = strings.Replace(path, "{"+name+"}", url.PathEscape(v), 1)
	}
	return path
}

// shown is one document as an answer.
func (s *Server) shown(r *Request, c resource.Collection, d resource.Doc, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	out, err := c.Show(r.Context(), d)
	return Reply{Data: out, Revision: d.Revision}, err
}
