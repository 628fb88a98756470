package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Request is a request on its way through the API.
type Request struct {
	HTTP *http.Request
	ID   string // the request id
	// Auth is whose token it carries; nil is nobody's.
	Auth *identity.Identity
	// Account is the account in the path, nil where the path has none.
	Account *resource.Doc

	Method string // after tunnelling
	Query  url.Values
	Op     *Operation // what is asked for
	Accept string     // the media type to answer with
	Source netip.Addr // who really asks, as far as proxies that we trust say
	File   bool       // the operation reads the body, which is no envelope
	Link   bool       // it is one of a link that this server has signed

	by      *Server
	ctx     context.Context //nolint:containedctx // a request is what contexts are about
	body    envelope
	path    []string // below /v2, with the account's id
	vars    map[string]string
	spools  []*spool
	heavy   bool    // it has its turn among those with large bodies
	tried   *string // what its credentials are for; nil: it has not tried any
	consume int     // what it took from its bucket
}

// Context ends with the client.
func (r *Request) Context() context.Context { return r.ctx }

// Var is a variable of the path.
func (r *Request) Var(name string) string { return r.vars[name] }

// Data is the document that was sent; an array is none.
func (r *Request) Data() resource.Object {
	o, _ := r.body.data.(resource.Object)
	if o == nil {
		o = resource.Object{}
	}
	return o
}

// shape holds data to what the operation takes, an object unless it says
// otherwise. An empty list is an empty object: PHP writes one so.
func (r *Request) shape() error {
	list, is := r.body.data.([]any)
	if !is || r.Op.List {
		return nil
	}
	r.body.data = resource.Object{}
	if len(list) == 0 {
		return nil
	}
	return schema.Invalid("data", "type", "Value did not match type(s): object", map[string]any{"target": "object"})
}

// Value is what was sent in the place of data: an object or an array.
func (r *Request) Value() any { return r.body.data }

// SetValue has the request be about data that was read elsewhere.
func (r *Request) SetValue(data any) { r.body.data = data }

// SetVar gives a variable of the path another value, as in Location.
func (r *Request) SetVar(name, value string) {
	if r.vars == nil {
		r.vars = map[string]string{}
	}
	r.vars[name] = value
}

// ReadEnvelope takes a body, or the part of one, of a media type as the
// request's envelope.
func (r *Request) ReadEnvelope(contentType string, raw []byte) (err error) {
	if err = r.takeTurn(len(raw)); err == nil {
		r.body, err = parseEnvelope(contentType, raw)
	}
	return err
}

// Param is a parameter, looked for in data, then in the query, then beside
// data; "" where it is in none of them.
func (r *Request) Param(name string) string {
	if s := plain(r.Data()[name]); s != "" {
		return s
	}
	if s := r.Query.Get(name); s != "" {
		return s
	}
	return plain(r.body.aside[name])
}

// plain is a scalar as a parameter's text.
func plain(v any) string {
	switch w := v.(type) {
	case string:
		return w
	case json.Number:
		return w.String()
	case bool:
		if w {
			return "true"
		}
		return "false"
	default:
		return ""
	}
}

// about is what the request is about: the last variable of its path.
func (r *Request) about() string {
	if r.Op == nil {
		return ""
	}
	last := ""
	for part := range strings.SplitSeq(r.Op.Path, "/") {
		if name, ok := Variable(part); ok {
			last = name
		}
	}
	return r.vars[last]
}

// Reply is what an operation answers.
type Reply struct {
	Data     any
	Revision string // of one document
	Location string // of what was made
	Token    string // made by this request
	List     *ListInfo
	Extra    map[string]any // more keys of the envelope
	// Take writes the whole answer itself, and returns when it is done.
	Take func(http.ResponseWriter)
}

// ListInfo is what a list's envelope tells.
type ListInfo struct {
	Size        int // -1 where the list has no pages
	Start, Next string
}

// Decode holds the data of a request to its operation's schema and reads it.
func (r *Request) Decode(into any) error {
	raw, err := json.Marshal(r.Data())
	if err != nil {
		return err
	}
	full, faults := r.Op.Body.Check(raw)
	if err := faults.Err(); err != nil {
		return err
	}
	return r.Op.Body.Decode(full, into)
}
