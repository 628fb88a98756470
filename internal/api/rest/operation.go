package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/schema"
)

// Who may ask for an operation.
type Who int

// Callers of an operation.
const (
	Account  Who = iota // a token of the account in the path or of one above it
	Master              // a token of the first account, which the server belongs to
	Linked              // the same, or a link that this server has signed
	AnyToken            // any valid token; see Own for users who are no admins
	Anyone              // no token
)

// Operation is one thing the API does: a method on a path. The router, and
// the OpenAPI document, are made of these.
type Operation struct {
	Method  string
	Path    string // below /v2/, with {variables}
	Group   string // what it is listed under
	Summary string
	Who     Who
	// Own lets in users who are no admins, to what is theirs: it says whether
	// the request is about that, or cuts it down to that. nil is for admins.
	Own    func(*Request) (bool, error)
	Params []Param        // what it takes besides the path's variables
	Body   *schema.Schema // of data, for PATCH of what it is merged over; nil where there is none
	// List is for operations whose data is a list, or may be one; that of all
	// others is an object.
	List bool
	// Consumes are the media types of a body that is no envelope, which the
	// operation reads itself (Request.Upload); with none there is only the
	// envelope. With Body there may be either, as the request says.
	Consumes []string
	// Produces are the media types it can answer with; none is JSON only.
	Produces []string
	// Link says, with Linked, whether a request is one of a link that this server
	// has signed.
	Link func(*Request) bool
	// Returns is the schema of data in the answer, or with Many that of each of
	// its rows; nil says nothing of it.
	Returns *schema.Schema
	Many    bool
	Example Example
	// Unbuilt is why this server cannot do it yet, as a sentence without its
	// full stop: good requests are refused with that, by 501.
	Unbuilt string
	Do      func(*Request) (Reply, error)
}

// Example is a use of an operation that works: the docs show it, and a test
// does it. The zero Example does for an operation without a body whose path
// names nothing but the account and what was made at the path before: the {id}
// of menus/{id} is what the example of PUT menus has made.
//
// In all of its texts {name} stands for what the sample account has; the names
// are those of openapi.Sample.
type Example struct {
	Vars  map[string]string // other values of the path's variables
	Query string            // "page_size=2"
	Data  string            // what the envelope carries, JSON
	Type  string            // the media type of Body
	// Accept is the media type of the answer, where it is not JSON.
	Accept string
	Body   string // a body that is no envelope
}

// Tells is the summary, and what is to be known besides.
func (o Operation) Tells() string {
	if o.Unbuilt == "" {
		return o.Summary
	}
	return o.Summary + " (not built, answers 501: " + o.Unbuilt + ")"
}

// Variable is the name of the variable that a part of an operation's path is,
// and whether it is one.
func Variable(part string) (name string, ok bool) {
	name, ok = strings.CutPrefix(part, "{")
	return strings.TrimSuffix(name, "}"), ok
}

// At is the operation's path in URLs, where its variables have these values.
func (o Operation) At(vars map[string]string) string {
	parts := strings.Split("/v2/"+o.Path, "/")
	for i, part := range parts {
		if name, ok := Variable(part); ok {
			parts[i] = url.PathEscape(vars[name])
		}
	}
	return strings.Join(parts, "/")
}

// Success is the status of its answer when all goes well.
func (o Operation) Success() int {
	if o.Method == http.MethodPut {
		return http.StatusCreated
	}
	return http.StatusOK
}

// For says in words who may ask for it.
func (o Operation) For() string {
	who := map[Who]string{
		Account: "a token of the account or of one above it", Linked: "a token of the account, or a signed link",
		Master: "a token of the first account", AnyToken: "any token", Anyone: "anyone",
	}[o.Who]
	switch {
	case o.Own == nil && o.Who == AnyToken:
		who += " of an admin"
	case o.Own != nil:
		who += "; users who are no admins too, as far as it is theirs"
	}
	return who
}

// Unbuilt is the answer of an operation that is not built.
func Unbuilt(why string) *Error { return Says(http.StatusNotImplemented, "not_implemented", why) }

// Same says whether another operation is the same method on the same path.
func (o Operation) Same(other Operation) bool {
	return o.Method == other.Method && o.Path == other.Path
}

// Param is a parameter of an operation: in the query, in data or beside it.
type Param struct {
	Name, Summary string
	Type          ParamType
}

// ParamType is what the values of a parameter are, as JSON Schema says it.
type ParamType string

// Text is a parameter that is any text.
func Text(name, summary string) Param { return Param{name, summary, "string"} }

// Whole is a parameter that is a whole number.
func Whole(name, summary string) Param { return Param{name, summary, "integer"} }

// Truth is a parameter that is true or false.
func Truth(name, summary string) Param { return Param{name, summary, "boolean"} }

// node is a place in the tree of paths.
type node struct {
	fixed map[string]*node
	any   *node
	ops   map[string]*Operation
}

// plant makes the tree of paths.
func plant(ops []Operation) *node {
	root := &node{}
	for i := range ops {
		at := root
		for part := range strings.SplitSeq(ops[i].Path, "/") {
			at = at.grow(part)
		}
		if at.ops == nil {
			at.ops = map[string]*Operation{}
		}
		at.ops[ops[i].Method] = &ops[i]
	}
	return root
}

func (n *node) grow(part string) *node {
	if _, ok := Variable(part); ok {
		if n.any == nil {
			n.any = &node{}
		}
		return n.any
	}
	if n.fixed == nil {
		n.fixed = map[string]*node{}
	}
	if n.fixed[part] == nil {
		n.fixed[part] = &node{}
	}
	return n.fixed[part]
}

// fill puts the values of the variables in a path of the operation into vars.
func (o Operation) fill(vars map[string]string, path []string) {
	for i, part := range strings.Split(o.Path, "/") {
		if name, ok := Variable(part); ok {
			vars[name] = path[i]
		}
	}
}

// find is the place of a path; nil if there is none with operations.
func (n *node) find(path []string) *node {
	if len(path) == 0 {
		if n.ops == nil {
			return nil
		}
		return n
	}
	if next := n.fixed[path[0]]; next != nil {
		if at := next.find(path[1:]); at != nil {
			return at
		}
	}
	if n.any == nil {
		return nil
	}
	return n.any.find(path[1:])
}

// methods are those a place takes, for Allow.
func (n *node) methods() string {
	all := []string{http.MethodOptions}
	for m := range n.ops {
		all = append(all, m)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
