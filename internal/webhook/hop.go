package webhook

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
)

// hop is one HTTP request of an exchange.
type hop struct {
	method      string
	url         *url.URL
	header      http.Header
	body        []byte
	contentType string

	form  url.Values // what the body is, if it is a form
	plain string     // the URL without the parameters that were put into it
	key   string     // signs; "" does not
	token string
	jar   http.CookieJar
	cache *Cache
}

// sent is all headers that h is sent with.
func (h hop) sent() http.Header {
	out := h.header.Clone()
	if h.token != "" {
		out.Set(TokenHeader, h.token)
	}
	if h.key != "" {
		out.Set(SignatureHeader, Sign(h.key, sentURL(h.url), h.form))
	}
	h.cache.find(h).ask(out)
	if h.jar == nil {
		return out
	}
	var cookies []string
	if own := out.Get("Cookie"); own != "" {
		cookies = append(cookies, own)
	}
	for _, c := range h.jar.Cookies(h.url) {
		cookies = append(cookies, (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String())
	}
	if len(cookies) > 0 {
		out.Set("Cookie", strings.Join(cookies, "; "))
	}
	return out
}

// hashed says whether the URL has the hash of the body.
func (h hop) hashed() bool { return h.key != "" && h.body != nil && h.form == nil }

// asked says whether h was sent with conditions of ours.
func (h hop) asked() bool { return h.cache.find(h).ask(h.header.Clone()) }

// dress puts on the headers that every request has.
func (c *Client) dress(h *hop) {
	h.header.Set("User-Agent", c.agent)
	if h.body != nil {
		h.header.Set("Content-Type", h.contentType)
	}
	if u := h.url.User; u != nil && h.header.Get("Authorization") == "" {
		password, _ := u.Password()
		both := base64.StdEncoding.EncodeToString([]byte(u.Username() + ":" + password))
		h.header.Set("Authorization", "Basic "+both)
	}
}

// follow sends h and what it is redirected to, up to limit times, and returns
// the last answer with the hop that got it. note hears of each redirect.
func (c *Client) follow(ctx context.Context, h hop, limit int, note func(string)) (*http.Response, hop, error) {
	for n := 0; ; n++ {
		if err := c.guard.checkURL(h.url); err != nil {
			return nil, h, guarded(err)
		}
		resp, err := c.send(ctx, h)
		if err != nil {
			return nil, h, err
		}
		to := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || to == "" {
			return resp, h, nil
		}
		finish(resp)
		next, err := h.next(resp.StatusCode, to)
		if err != nil {
			return nil, h, &Error{Kind: event.FailRedirects, Err: err}
		}
		note(fmt.Sprintf("%d %s", resp.StatusCode, shownURL(next.url)))
		if n == limit {
			return nil, h, &Error{Kind: event.FailRedirects, Err: fmt.Errorf("more than %d redirects", limit)}
		}
		c.dress(&next)
		h = next
	}
}

// send sends h alone.
func (c *Client) send(ctx context.Context, h hop) (*http.Response, error) {
	var body io.Reader
	if h.body != nil {
		body = bytes.NewReader(h.body)
	}
	req, err := http.NewRequestWithContext(ctx, h.method, h.url.String(), body)
	if err != nil {
		return nil, guarded(&GuardError{What: "the URL", Rule: parseReason(h.url.String(), err)})
	}
	req.Header = h.sent()
	// A connection kept open may be closed by the server just as it is used
	// again. This key, with no value, is not sent; it tells net/http that a
	// POST may then be sent once more over a new one, if not a byte was
	// answered. A lost key press is worse than a repeated one.
	req.Header["Idempotency-Key"] = nil
	resp, err := c.trip.RoundTrip(req)
	if err == nil && h.jar != nil {
		if cookies := resp.Cookies(); len(cookies) > 0 {
			h.jar.SetCookies(h.url, cookies)
		}
	}
	if refused, ok := errors.AsType[*GuardError](err); ok && refused.What != h.url.Hostname() {
		return nil, guarded(&GuardError{What: refused.What + ", which is " + h.url.Hostname() + ",", Rule: refused.Rule})
	}
	return resp, err
}

// finish closes resp, first reading what little may be left of it, so that
// its connection can be used again.
func finish(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
	_ = resp.Body.Close()
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// next is the hop that an answer with status leads h to (RFC 9110 section
// 15.4): 307 and 308 keep method and body, the others become a GET.
func (h hop) next(status int, location string) (hop, error) {
	to, err := h.url.Parse(location)
	if err != nil {
		return hop{}, errors.New("redirected to what is no URL: " + parseReason(location, err))
	}
	to = tidy(to)
	if to.Fragment == "" {
		to.Fragment, to.RawFragment = h.url.Fragment, h.url.RawFragment
	}
	n := h
	n.url, n.plain, n.header = to, to.String(), h.header.Clone()
	if h.hashed() {
		if n.url, err = url.Parse(HashBody(n.plain, h.body)); err != nil {
			return hop{}, err
		}
	}
	if status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect && h.method != http.MethodHead {
		// What the call was told by, its digits too, is not told again.
		n.method, n.body, n.contentType, n.form, n.url = http.MethodGet, nil, "", nil, to
		n.header.Del("Content-Type")
	}
	if !h.trusts(to) {
		// What the customer gave for one host is not for another to read.
		n.header = http.Header{}
		for _, name := range []string{"Accept", "Accept-Encoding"} {
			if v := h.header.Get(name); v != "" {
				n.header.Set(name, v)
			}
		}
	} else if to.User != nil {
		n.header.Del("Authorization")
	}
	return n, nil
}

// trusts says whether to may see the headers that were meant for h: the same
// host, and not in the clear if h was not.
func (h hop) trusts(to *url.URL) bool {
	return strings.EqualFold(h.url.Hostname(), to.Hostname()) && (h.url.Scheme == to.Scheme || to.Scheme == "https")
}
