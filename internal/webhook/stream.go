package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// headTime is how long Get waits for the head of an answer, redirects and
// connections included.
const headTime = 10 * time.Second

// Get asks for something large: media. The answer's body, of any length and
// as slow as ctx permits, is the caller's to limit and to close; its status
// may be any. header is sent besides our own. An error is an *Error.
func (c *Client) Get(ctx context.Context, rawURL string, header http.Header) (*http.Response, error) {
	h, err := Request{Method: http.MethodGet, URL: rawURL, Header: header}.first()
	if err != nil {
		return nil, err
	}
	h.header.Set("Accept-Encoding", "identity")
	c.dress(&h)
	w := &watch{began: time.Now()}
	limited, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(c.head, func() { cancel(errTimeout) })
	resp, _, err := c.follow(w.trace(limited), h, defaultRedirects, func(string) { w.hop() })
	late.Stop()
	if err != nil {
		err = explain(ctx, limited, err, w.at(), c.head)
		cancel(nil)
		return nil, err
	}
	resp.Body = &body{resp.Body, cancel}
	return resp, nil
}

// body ends its request's context when it is closed.
type body struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// Send sends size bytes (-1 if unknown) of content, a recording, to rawURL by
// method, for as long as ctx permits. It returns the answer's status, and an
// *Error if that is not one of success: a redirect is none, since content can
// be read once only.
func (c *Client) Send(
	ctx context.Context, method, rawURL, contentType string, size int64, content io.Reader,
) (int, error) {
	h, err := Request{Method: method, URL: rawURL, Body: []byte{}, ContentType: contentType}.first()
	if err != nil {
		return 0, err
	}
	if err := c.guard.checkURL(h.url); err != nil {
		return 0, guarded(err)
	}
	c.dress(&h)
	w := &watch{began: time.Now()}
	// io.NopCloser: the content is the caller's to close.
	req, err := http.NewRequestWithContext(w.trace(ctx), h.method, h.url.String(), io.NopCloser(content))
	if err != nil {
		return 0, guarded(&GuardError{What: "the URL", Rule: parseReason(rawURL, err)})
	}
	req.Header, req.ContentLength = h.header, size
	resp, err := c.trip.RoundTrip(req)
	if err != nil {
		return 0, explain(ctx, ctx, err, w.at(), time.Since(w.began))
	}
	defer finish(resp)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, &Error{Kind: event.FailStatus, Err: fmt.Errorf("the server answered %s", resp.Status)}
	}
	return resp.StatusCode, nil
}

// Resolve is where ref leads from base, by RFC 3986 section 5. A ref that is
// absolute needs no base.
func Resolve(base, ref string) (string, error) {
	to, err := url.Parse(ref)
	if err != nil {
		return "", guarded(&GuardError{What: "the URL", Rule: parseReason(ref, err)})
	}
	if to.IsAbs() {
		return ref, nil
	}
	if base == "" {
		return "", guarded(&GuardError{What: shownURL(to), Rule: "it is relative, and there is no URL it could start from"})
	}
	from, err := url.Parse(base)
	if err != nil {
		return "", guarded(&GuardError{What: "the base URL", Rule: parseReason(base, err)})
	}
	return from.ResolveReference(to).String(), nil
}
