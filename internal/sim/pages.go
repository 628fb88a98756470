package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
)

// Page is one answer of a web server that is no server.
type Page struct {
	Status int    // 0 is 200
	Type   string // its content type
	Body   []byte
	Fails  bool // there is no answer
}

// Pages is a web server of pages that are known before. It is a
// http.RoundTripper.
type Pages struct {
	entries []*entry

	mu      sync.Mutex
	missing []string
}

// entry is the pages under one key.
type entry struct {
	method, origin, path string // "" of method and origin is any
	query                url.Values
	pages                []Page
	given                int
}

// NewPages returns a server of pages. Their keys are "METHOD /path?query", of
// which the method may be left out, or the same with a whole URL; a request
// fits if it has all of the query's parameters, and the key that says most
// wins. Of several pages under one key each is given once, in order, and the
// last one from then on.
func NewPages(pages map[string][]Page) (*Pages, error) {
	p := &Pages{}
	for _, key := range sortedKeys(pages) {
		e, err := readKey(key)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
		if e.pages = pages[key]; len(e.pages) == 0 {
			return nil, fmt.Errorf("%q: there is no page in the list", key)
		}
		p.entries = append(p.entries, e)
	}
	slices.SortStableFunc(p.entries, func(a, b *entry) int { return b.says() - a.says() })
	return p, nil
}

func readKey(key string) (*entry, error) {
	e := &entry{}
	words := strings.Fields(key)
	if len(words) == 2 {
		e.method = strings.ToUpper(words[0])
		words = words[1:]
	}
	if len(words) != 1 {
		return nil, errors.New(`a page's key is "METHOD /path", "/path" or the same with a whole URL`)
	}
	u, err := url.Parse(words[0])
	if err != nil {
		return nil, err
	}
	e.path, e.query = file(u), u.Query()
	if u.Host != "" {
		e.origin = u.Scheme + "://" + u.Host
	} else if !strings.HasPrefix(u.Path, "/") {
		return nil, errors.New(`a path begins with "/"`)
	}
	return e, nil
}

// file is the path of a URL, which is never empty.
func file(u *url.URL) string {
	if p := u.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

// says is how much a key says.
func (e *entry) says() int {
	n := 4 * len(e.query)
	if e.origin != "" {
		n += 2
	}
	if e.method != "" {
		n++
	}
	return n
}

// fits says whether e is for that request. One that came over a real
// connection has no origin.
func (e *entry) fits(method string, u *url.URL) bool {
	if e.method != "" && e.method != method || e.path != file(u) {
		return false
	}
	if u.Host != "" && e.origin != "" && e.origin != u.Scheme+"://"+u.Host {
		return false
	}
	have := u.Query()
	for name := range e.query {
		if have.Get(name) != e.query.Get(name) {
			return false
		}
	}
	return true
}

// Missing are the requests that there was no page for, in order.
func (p *Pages) Missing() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.missing)
}

// RoundTrip implements http.RoundTripper.
func (p *Pages) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body) // whoever asks may count on its being read
		_ = r.Body.Close()
	}
	page := p.find(r)
	if page.Fails {
		return nil, errNoAnswer
	}
	return page.response(r), nil
}

// errNoAnswer is a page that fails.
var errNoAnswer = errors.New("the test has this server not answer")

// Has says whether there is a page for a request.
func (p *Pages) Has(r *http.Request) bool {
	return slices.ContainsFunc(p.entries, func(e *entry) bool { return e.fits(r.Method, r.URL) })
}

// Serve answers a request over a real connection. Bodies go through edit.
func (p *Pages) Serve(w http.ResponseWriter, r *http.Request, edit func([]byte) []byte) {
	_, _ = io.Copy(io.Discard, r.Body)
	page := p.find(r)
	if page.Fails {
		page.Status = http.StatusBadGateway
	}
	page.Body = edit(page.Body)
	resp := page.response(r) //nolint:bodyclose // it is a buffer
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // a caller who has gone is no error of ours
}

// find is the page for a request.
func (p *Pages) find(r *http.Request) Page {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		if e.fits(r.Method, r.URL) {
			e.given++
			return e.pages[min(e.given, len(e.pages))-1]
		}
	}
	asked := r.Method + " " + r.URL.Path
	p.missing = append(p.missing, asked)
	return Page{Status: http.StatusNotFound, Type: "text/plain", Body: []byte("there is no page for " + asked)}
}

// response is the page as an answer to r.
func (p Page) response(r *http.Request) *http.Response {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	h := http.Header{}
	if p.Type != "" {
		h.Set("Content-Type", p.Type)
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r,
		Body: io.NopCloser(bytes.NewReader(p.Body)), ContentLength: int64(len(p.Body)),
	}
}

// The types of the two languages of documents.
const (
	typeXML  = "text/xml"
	typeJSON = "application/json"
)

// typeOf is the content type of a document, by its name or else by how it
// begins; "" is that of neither language.
func typeOf(name string, body []byte) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml", ".twiml":
		return typeXML
	case ".json":
		return typeJSON
	}
	text := bytes.TrimLeft(body, "\ufeff \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		return typeXML
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return typeJSON
	}
	return ""
}

// inline is a document written into a test: XML, or JSON as it is.
func inline(raw json.RawMessage) (Page, bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return Page{Type: typeJSON, Body: raw}, true
	}
	if strings.HasPrefix(strings.TrimSpace(text), "<") || text == "" {
		return Page{Type: typeXML, Body: []byte(text)}, true
	}
	return Page{}, false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
