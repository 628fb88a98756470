package rest

import (
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// ListParams are taken by every list.
var ListParams = append([]Param{
	Whole("created_from", "Only documents made at this time or later, in Gregorian seconds."),
	Whole("created_to", "Only documents made at this time or before."),
	Text("end_key", "What the list ends with, and with such a start_key begins with: an id, of users the last and the "+
		"first name, of mailboxes the name."),
}, RowParams...)

// RowParams are taken by lists of what happened, too.
var RowParams = []Param{
	Whole("page_size", "How many rows a page has; 50 by default, 10000 at most."),
	Text("start_key", "The next_start_key of the page before."),
	Truth("paginate", "false for everything at once."),
	Truth("ascending", "true for ascending order; descending is the default."),
	Text("filter_{key}", "Only documents whose value at a dotted path is this, or is in this JSON list."),
	Text("filter_not_{key}", "Only documents whose value is not this."),
	Text("has_key", "Only documents that have this key."),
	Text("key_missing", "Only documents that do not have this key."),
	Text("has_value", "Only documents that have something at this key."),
	Text("value_missing", "Only documents that have nothing at this key."),
	Whole("modified_from", "Only documents changed at this time or later, in Gregorian seconds."),
	Whole("modified_to", "Only documents changed at this time or before."),
}

// IfMatch is the revisions that a change is meant for, as resource.Matches reads
// them; "" is any (RFC 9110 section 13.1.1).
func (r *Request) IfMatch() string { return r.HTTP.Header.Get("If-Match") }

// Stale says whether a document's revision is another than the one asked for.
func (r *Request) Stale(revision string) bool {
	match := r.IfMatch()
	return match != "" && !resource.Matches(match, revision)
}

// Hard says whether a deletion leaves nothing.
func (r *Request) Hard() bool { return r.Param("should_soft_delete") == "false" }

// EmptyList is the list of what there is none of.
func EmptyList(*Request) (Reply, error) { return Reply{Data: []any{}, List: &ListInfo{}}, nil }

// Items are the request's data where that is a list.
func (r *Request) Items() ([]any, error) {
	list, ok := r.body.data.([]any)
	if !ok {
		return nil, schema.Invalid("data", "type", "Value did not match type(s): array", map[string]any{"target": "array"})
	}
	return list, nil
}

// OwnWord refuses the id of a document that the request makes, alone or in a
// collection, where that is a word of the API's own: something else has its URL.
func (r *Request) OwnWord(data resource.Object) error {
	id, path := resource.Text(data, "id"), r.path
	if strings.HasSuffix(r.Op.Path, "/collection") {
		path = path[:len(path)-1]
	}
	if at := r.by.root.find(path); at == nil || at.fixed[id] == nil {
		return nil
	}
	return schema.Invalid("id", "forbidden", "That id is a word of the API's own", map[string]any{"value": id})
}

// List is a page of a collection's rows.
func List(r *Request, c resource.Collection) (Reply, error) {
	q, err := resource.ParseQuery(r.Query, r.Param)
	if err != nil {
		return Reply{}, err
	}
	return Page(r, c, q)
}

// Page is the rows of one page.
func Page(r *Request, c resource.Collection, q resource.Query) (Reply, error) {
	page, err := c.List(r.Context(), q)
	if err != nil {
		return Reply{}, err
	}
	rows := make([]any, len(page.Docs))
	for i, d := range page.Docs {
		rows[i] = c.Row(d)
	}
	return Listed(rows, q, page.Next), nil
}

// Listed is rows as an answer.
func Listed(rows []any, q resource.Query, next string) Reply {
	info := &ListInfo{Size: len(rows), Start: q.Start, Next: next}
	if q.All {
		info.Size = -1
	}
	return Reply{Data: rows, List: info}
}

// Place is the path of the request's operation.
func (r *Request) Place() string { return r.Op.At(r.vars) }

// Shown is one document as an answer.
func Shown(r *Request, c resource.Collection, d resource.Doc, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	out, err := c.Show(r.Context(), d)
	return Reply{Data: out, Revision: d.Revision}, err
}

// DeleteParams are taken by every deletion.
var DeleteParams = []Param{
	Truth("should_soft_delete", "false to remove it for good."),
	Truth("force", "true to delete what other documents use; the answer names them as dangling."),
}
