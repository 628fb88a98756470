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

// Request is one question to a customer's server. Its URL's fragment is never
// sent; it may hold limits and retries of its own (spec/twiml.md section 2.3),
// which come before those given here: see override.
type Request struct {
	ID     int        // goes into the fact
	Method string     // GET, else what carries a body: POST
	URL    string     // absolute
	Params url.Values // put into the query of a GET, the form of any other
	// Body is sent instead of the form, as ContentType. A GET has none.
	// Without a body ContentType is what the form is sent as.
	Body        []byte
	ContentType string
	Header      http.Header   // sent besides our own; see CheckHeader
	Timeout     time.Duration // for all of it, tries and redirects; 0 is 5 s
	Connect     time.Duration // for name and connection; 0 is the client's
	Read        time.Duration // that the answer may be silent; 0 is no limit but Timeout
	// MaxRedirects is how many are followed; 0 is 10, negative is none.
	MaxRedirects int
	Retry        Retry
	// Any2xx makes every answer from 200 to 299 one of success.
	Any2xx bool
	// SigningKeys are the account's keys for X-Twilio-Signature: see Sign.
	// The first one signs. While keys are changed there are two: the server
	// is given the new one, which is not yet first, learns to take both, then
	// the new one is put first and the old one removed. One signature is
	// sent, since those who check know of one. None signs nothing.
	SigningKeys []string
	// Token is sent as I-Twilio-Idempotency-Token, the same on every try, so
	// that a server knows a question it has seen.
	Token string
	Jar   http.CookieJar // the call's cookies, such as NewJar; nil keeps none
	Cache *Cache         // the call's documents; nil keeps none
}

// TokenHeader carries Request.Token.
const TokenHeader = "I-Twilio-Idempotency-Token"

// formType is what a form is sent as.
const formType = "application/x-www-form-urlencoded"

// Answer is what came back, whole and unmasked: for the caller's eyes, not
// for the timeline.
type Answer struct {
	// URL is what answered, after redirects, and what its relative URLs start
	// from. Parameters that were put into its query are not in it.
	URL         string
	ContentType string // as it was sent, "" if it was not
	Body        []byte
}

// Ask asks, and asks again as often as r.Retry says, and tells all of it: what
// went wrong is in the fact too, as Failure and Err, what went wrong before in
// its Notes. Secrets in the fact are masked. The answer's body is there
// whenever there was one, of a failure too. An answer of success is a 200 or a
// 206 (spec/twiml.md section 1.3), or a 304 for a document of r.Cache.
func (c *Client) Ask(ctx context.Context, r Request) (event.Fetched, Answer) {
	began := time.Now()
	r, notes := r.override()
	limit := cmp.Or(r.Timeout, defaultTimeout)
	limited, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	for try := 1; ; try++ {
		w := &watch{began: began, read: r.Read}
		f, a, err := c.try(limited, r, w)
		f.Try = try
		if err != nil {
			e := explain(ctx, limited, err, w.at(), limit)
			f.Failure, f.Err = e.Kind, e.Error()
		}
		w.tell(&f)
		f.Notes = slices.Clone(notes)
		if err == nil || try > r.Retry.Times || limited.Err() != nil || !r.Retry.covers(&f) {
			return f, a
		}
		notes = append(notes, fmt.Sprintf("try %d: %s", try, f.Err))
	}
}

// Shown is the request's URL as the fact will have it.
func (r Request) Shown() string {
	h, err := r.first()
	if err != nil {
		return shownRaw(r.URL)
	}
	return shownURL(h.url)
}

// try asks once.
func (c *Client) try(ctx context.Context, r Request, w *watch) (f event.Fetched, a Answer, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if r.Connect > 0 {
		ctx = context.WithValue(ctx, dialLimit{}, r.Connect)
	}
	defer w.guard(func() { cancel(&silentError{r.Read}) })()
	err = c.ask(w.trace(ctx), r, w, &f, &a)
	if silent, ok := errors.AsType[*silentError](context.Cause(ctx)); ok && err != nil {
		err = &Error{Kind: event.FailTimeout, Err: fmt.Errorf("%w, while %s", silent, w.at())}
	}
	f.ID = r.ID
	return f, a, err
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
	f.SentHead, f.SentBody = c.shownHeader(h.sent()), shownText(h.body)
	resp, at, err := c.follow(ctx, h, r.redirects(), func(hop string) {
		f.Hops = append(f.Hops, hop)
		w.hop()
	})
	f.Final = shownURL(at.url)
	if err != nil {
		return err
	}
	f.Status, f.Header = resp.StatusCode, c.shownHeader(resp.Header)
	a.URL, a.ContentType = at.plain, resp.Header.Get("Content-Type")
	a.Body, err = read(resp, w, c.maxBytes)
	if err != nil {
		_ = resp.Body.Close() // what is left may be endless
	} else {
		finish(resp)
	}
	if kept := r.Cache.find(at); kept != nil && resp.StatusCode == http.StatusNotModified && at.asked() {
		f.Cached, a.ContentType, a.Body, err = true, kept.contentType, kept.body, nil
	} else if err == nil {
		err = statusError(resp, r.Any2xx)
		r.Cache.keep(at, resp, a.Body)
	}
	f.Bytes, f.Answer = int64(len(a.Body)), shownText(a.Body)
	return err
}

// statusError is an answer that is none of success.
func statusError(resp *http.Response, any2xx bool) error {
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent ||
		any2xx && resp.StatusCode/100 == 2 {
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
	h.url = tidy(u)
	h.plain = u.String()
	h.token, h.jar, h.cache = r.Token, r.Jar, r.Cache
	if len(r.SigningKeys) > 0 {
		h.key = r.SigningKeys[0]
	}
	if h.method == http.MethodGet || h.method == http.MethodHead {
		u.RawQuery = withParams(u.RawQuery, r.Params)
		return h, nil
	}
	h.body, h.contentType = r.Body, r.ContentType
	if h.body == nil {
		h.form, h.body, h.contentType = r.Params, []byte(r.Params.Encode()), cmp.Or(r.ContentType, formType)
		if h.form == nil {
			h.form = url.Values{}
		}
	} else if h.hashed() {
		h.url, err = url.Parse(HashBody(u.String(), h.body))
	}
	return h, err
}

// tidy makes u's text what is sent of it: what a query may not hold but
// people write is escaped, an empty path is "/". Those who check a signature
// put the URL together from what was sent.
func tidy(u *url.URL) *url.URL {
	u.RawQuery = escapeQuery(u.RawQuery)
	if u.Path == "" && u.Host != "" {
		u.Path = "/"
	}
	u.Host = strings.TrimSuffix(u.Host, ":")
	return u
}

// withParams is a query with params at its end. What it had under their names
// gives way: a name that is there twice is read in two ways.
func withParams(query string, params url.Values) string {
	if len(params) == 0 {
		return query
	}
	var b strings.Builder
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if _, twice := params[plain]; pair != "" && (!twice || err != nil) {
			b.WriteString(pair + "&")
		}
	}
	return b.String() + params.Encode()
}

// escapeQuery escapes what a query may not hold but people write: blanks,
// quotes, letters beyond ASCII. What is escaped already stays.
func escapeQuery(q string) string {
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>", c) >= 0 {
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

// read is the answer's body, unpacked, of at most limit bytes, w being told of
// each that came. What was read before an error is returned beside it.
func read(resp *http.Response, w *watch, limit int64) ([]byte, error) {
	tooLong := &Error{Kind: event.FailSize, Err: fmt.Errorf("the answer is longer than %d bytes", limit)}
	if resp.ContentLength > limit {
		return nil, tooLong
	}
	body := io.LimitReader(io.TeeReader(resp.Body, w), limit+maxDrain)
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
