package webhook

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// The limits of what is remembered for one call.
const (
	maxCookieBytes = 64 << 10 // of all cookies ever taken
	maxDocuments   = 16
	maxDocument    = 256 << 10 // bytes of one
)

// jar is a cookie jar that cannot be filled up.
type jar struct {
	http.CookieJar
	mu   sync.Mutex
	left int // bytes
}

// NewJar is an empty jar for the cookies of one call. Once it has taken 64 KB
// it takes no more. It is safe for use by several goroutines.
func NewJar() http.CookieJar {
	// Options are nil: without a list of public suffixes a server can set
	// cookies for its whole top-level domain, but only this one call's other
	// servers would get them.
	j, _ := cookiejar.New(nil) // never fails
	return &jar{CookieJar: j, left: maxCookieBytes}
}

func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	size := 0
	for _, c := range cookies {
		size += len(c.Name) + len(c.Value) + len(c.Domain) + len(c.Path)
	}
	j.mu.Lock()
	fits := size <= j.left
	if fits {
		j.left -= size
	}
	j.mu.Unlock()
	if fits {
		j.CookieJar.SetCookies(u, cookies)
	}
}

// Cache keeps the documents that a call was answered to GET requests, with
// what proves whether they are still true: their ETag and Last-Modified (RFC
// 9110 section 8.8). Every request is still made, but a server that knows of
// conditions may answer it with 304, and the document is used again.
//
// It belongs to one call, and in it a document to the whole URL it came from,
// the call's parameters included: a server may use the same ETag for
// different callers, who must not hear each other's documents. It keeps 16
// documents of at most 256 KB each. The zero Cache is empty and works; it is
// safe for use by several goroutines.
type Cache struct {
	mu   sync.Mutex
	docs []document // the oldest first
}

// document is an answer as it is kept.
type document struct {
	url         string
	etag        string
	modified    string
	contentType string
	body        []byte
}

// find is what is kept for a hop; nil is nothing. A nil Cache keeps nothing.
func (c *Cache) find(h hop) *document {
	if c == nil || h.method != http.MethodGet {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.index(cacheKey(h.url))
	if i < 0 {
		return nil
	}
	d := c.docs[i]
	return &d
}

func (c *Cache) index(key string) int {
	return slices.IndexFunc(c.docs, func(d document) bool { return d.url == key })
}

// keep takes an answer of success, if it says what proves it, and may be kept.
func (c *Cache) keep(h hop, resp *http.Response, body []byte) {
	d := document{
		url: cacheKey(h.url), etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified"),
		contentType: resp.Header.Get("Content-Type"), body: body,
	}
	if c == nil || h.method != http.MethodGet || resp.StatusCode != http.StatusOK || len(body) > maxDocument {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.index(d.url); i >= 0 {
		c.docs = slices.Delete(c.docs, i, i+1)
	}
	if d.etag == "" && d.modified == "" || !mayKeep(resp.Header) {
		return
	}
	if len(c.docs) == maxDocuments {
		c.docs = slices.Delete(c.docs, 0, 1)
	}
	c.docs = append(c.docs, d)
}

// mayKeep says whether an answer's server allows it to be kept.
func mayKeep(h http.Header) bool {
	return !strings.Contains(strings.ToLower(h.Get("Cache-Control")), "no-store") && h.Get("Vary") != "*"
}

// ask puts on the headers that ask whether d is still true. A customer who
// asks with conditions of their own gets what they ask for.
func (d *document) ask(h http.Header) bool {
	if d == nil || h.Get("If-None-Match") != "" || h.Get("If-Modified-Since") != "" {
		return false
	}
	if d.etag != "" {
		h.Set("If-None-Match", d.etag)
	}
	if d.modified != "" {
		h.Set("If-Modified-Since", d.modified)
	}
	return true
}

// cacheKey is u as a document is kept under: all that is sent, and by whom.
func cacheKey(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	return c.String()
}
