package webhook

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/event"
)

// Request is one question to a customer's server.
type Request struct {
	ID     int        // goes into the fact
	Method string     // GET, else what carries a body: POST
	URL    string     // absolute
	Params url.Values // appended to the query of a GET, the form of any other
	// Body is sent instead of the form, as ContentType. A GET has none.
	Body        []byte
	ContentType string
	Header      http.Header   // sent besides our own; see CheckHeader
	Timeout     time.Duration // for all of it; 0 is 5 s
	Connect     time.Duration // for name and connection; 0 is the client's
	// MaxRedirects is how many are followed; 0 is 10, negative is none.
	MaxRedirects int
}

// Answer is what came back, whole and unmasked: for the caller's eyes, not
// for the timeline.
type Answer struct {
	URL         string // that answered, after redirects
	ContentType string // as it was sent, "" if it was not
	Body        []byte
}

// Ask asks once and tells all of it: what went wrong is in the fact too, as
// Failure and Err. Secrets in the fact are masked. The answer's body is there
// whenever there was one, of a failure too. An answer of success is a 200 or
// a 206 (spec/twiml.md section 1.3).
func (c *Client) Ask(ctx context.Context, r Request) (event.Fetched, Answer) {
	f := event.Fetched{ID: r.ID, Try: 1}
	var a Answer
	w := &watch{began: time.Now()}
	limit := cmp.Or(r.Timeout, defaultTimeout)
	limited, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	if r.Connect > 0 {
		limited = context.WithValue(limited, dialLimit{}, r.Connect)
	}
	if err := c.ask(w.trace(limited), r, w, &f, &a); err != nil {
		e := explain(ctx, limited, err, w.at(), limit)
		f.Failure, f.Err = e.Kind, e.Error()
	}
	w.tell(&f)
	return f, a
}

// Shown is the request's URL as the fact will have it.
func (r Request) Shown() string {
	h, err := r.first()
	if err != nil {
		return shownRaw(r.URL)
	}
	return shownURL(h.url)
}

func (c *Client) ask(ctx context.Context, r Request, w *watch, f *event.Fetched, a *Answer) error {
	h, err := r.first()
	f.Method, f.URL = h.method, r.Shown()
	f.Final = f.URL
	if err != nil {
		return err
	}
	h.header.Set("Accept-Encoding", "gzip")
	c.dress(&h)
	f.SentHead, f.SentBody = c.shownHeader(h.header), shownText(h.body)
	resp, at, err := c.follow(ctx, h, r.redirects(), func(hop string) {
		f.Hops = append(f.Hops, hop)
		w.hop()
	})
	f.Final = shownURL(at.url)
	if err != nil {
		return err
	}
	f.Status, f.Header = resp.StatusCode, c.shownHeader(resp.Header)
	a.URL, a.ContentType = at.url.String(), resp.Header.Get("Content-Type")
	a.Body, err = read(resp, c.maxBytes)
	f.Bytes, f.Answer = int64(len(a.Body)), shownText(a.Body)
	if err != nil {
		_ = resp.Body.Close() // what is left may be endless
	} else {
		finish(resp)
	}
	return cmp.Or(err, statusError(resp))
}

// statusError is an answer that is none of success.
func statusError(resp *http.Response) error {
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		return nil
	}
	text := http.StatusText(resp.StatusCode)
	return &Error{Kind: event.FailStatus, Err: fmt.Errorf("the server answered %s",
		strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, text)))}
}

func (r Request) redirects() int {
	if r.MaxRedirects < 0 {
		return 0
	}
	return cmp.Or(r.MaxRedirects, defaultRedirects)
}

// first is the request that is sent first.
func (r Request) first() (hop, error) {
	h := hop{method: strings.ToUpper(cmp.Or(r.Method, http.MethodGet)), header: http.Header{}}
	for name, values := range r.Header {
		for _, v := range values {
			if err := CheckHeader(name, v); err != nil {
				return h, &Error{Kind: event.FailGuard, Err: err}
			}
			h.header.Add(name, v)
		}
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return h, guarded(&GuardError{What: "the URL", Rule: parseReason(r.URL, err)})
	}
	h.url = u
	u.RawQuery = escapeQuery(u.RawQuery)
	if h.method == http.MethodGet || h.method == http.MethodHead {
		if q := r.Params.Encode(); q != "" {
			u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+q, "&")
		}
		return h, nil
	}
	h.body, h.contentType = r.Body, r.ContentType
	if h.body == nil {
		h.body, h.contentType = []byte(r.Params.Encode()), "application/x-www-form-urlencoded"
	}
	return h, nil
}

// escapeQuery escapes what a query may not hold but people write: blanks,
// quotes, letters beyond ASCII. What is escaped already stays.
func escapeQuery(q string) string {
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// reserved are the headers that HTTP or Pivot itself sets.
var reserved = []string{
	"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Content-Encoding", "Accept-Encoding",
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Upgrade", "Te", "Trailer", "Expect",
	"Http2-Settings",
}

// CheckHeader is nil if a customer may have this header sent: a token (RFC
// 9110 section 5.6.2) that HTTP and Pivot do not need for themselves, and a
// value without control characters.
func CheckHeader(name, value string) error {
	if name == "" || strings.IndexFunc(name, func(c rune) bool { return !isToken(c) }) >= 0 {
		return fmt.Errorf("%q is not a header name", name)
	}
	if slices.Contains(reserved, http.CanonicalHeaderKey(name)) {
		return fmt.Errorf("the header %s is set by Pivot and cannot be chosen", name)
	}
	if strings.IndexFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) >= 0 {
		return fmt.Errorf("the value of the header %s has a control character", name)
	}
	return nil
}

func isToken(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	return letter || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// read is the answer's body, unpacked, of at most limit bytes. What was read
// before an error is returned beside it.
func read(resp *http.Response, limit int64) ([]byte, error) {
	tooLong := &Error{Kind: event.FailSize, Err: fmt.Errorf("the answer is longer than %d bytes", limit)}
	if resp.ContentLength > limit {
		return nil, tooLong
	}
	body := io.LimitReader(resp.Body, limit+maxDrain)
	switch packing := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); packing {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(body)
		if errors.Is(err, io.EOF) {
			return nil, nil // nothing at all, packed or not
		}
		if err != nil {
			return nil, fmt.Errorf("the answer is not gzip, as it says: %w", err)
		}
		body = z
	default:
		return nil, &Error{Kind: event.FailContentType, Err: fmt.Errorf("the answer is packed as %q, "+
			"which was not asked for", packing)}
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(body, limit+1))
	if n > limit {
		b.Truncate(int(limit))
		return b.Bytes(), tooLong
	}
	if err != nil {
		err = fmt.Errorf("the answer broke off after %d bytes: %w", n, err)
	}
	return b.Bytes(), err
}

// shownText is as much of b as goes into a fact, as text without secrets.
func shownText(b []byte) string {
	if len(b) > maxShown {
		b = b[:maxShown]
		for i := len(b) - 1; i > len(b)-utf8.UTFMax; i-- {
			if utf8.RuneStart(b[i]) {
				if !utf8.FullRune(b[i:]) {
					b = b[:i]
				}
				break
			}
		}
	}
	return strings.ToValidUTF8(string(event.Mask(b)), "\uFFFD")
}
