package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// errLate is the cause of a fetch's end when the web server kept us waiting.
var errLate = errors.New("the web server took too long")

// web is what a URL names. It is kept as long as the web server says, and
// asked for again with what tells versions apart, as RFC 9111 has it for a
// cache that is the account's own. Callers who come while it is fetched share
// that fetch.
func (l *Library) web(ctx context.Context, account, ref string) (audio.Sound, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Host == "" {
		return nil, fault(Malformed, strconv.Quote(ref), "it is no URL")
	}
	shown := u.Redacted()
	if l.cfg.Fetch == nil {
		return nil, fault(Unavailable, shown, "nothing is fetched from web servers here")
	}
	key := "web " + account + " " + ref
	if e := l.cache.get(key); e != nil && l.usable(e) {
		return e.sound, nil
	}
	return l.shared(ctx, key, func(ctx context.Context) (audio.Sound, error) {
		return l.fetch(ctx, key, ref, shown)
	})
}

// usable says whether an entry may be played without asking: it is fresh, or
// still on its way.
func (l *Library) usable(e *entry) bool {
	select {
	case <-e.clip.Done():
	default:
		return true
	}
	_, fresh, _ := l.cache.said(e)
	return time.Now().Before(fresh)
}

// fetch asks the web server.
func (l *Library) fetch(ctx context.Context, key, ref, shown string) (audio.Sound, error) {
	old := l.cache.get(key)
	var validators http.Header
	if old != nil {
		validators, _, _ = l.cache.said(old)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(l.cfg.FirstByte, func() { cancel(errLate) })
	got, err := l.cfg.Fetch.Get(ctx, ref, validators)
	if err != nil {
		timer.Stop()
		err = fetchFault(ctx, shown, err)
		cancel(nil)
		return l.kept(old, shown, err)
	}
	b := &body{from: got.Body, ref: shown, left: l.cfg.MaxBytes, idle: l.cfg.Idle, ctx: ctx, cancel: cancel, timer: timer}
	if got.StatusCode == http.StatusOK || got.StatusCode == http.StatusNonAuthoritativeInfo {
		return l.fetched(key, shown, got.Header, b)
	}
	_ = b.Close() // its content is of no interest
	if got.StatusCode == http.StatusNotModified && old != nil {
		l.cache.update(old, func(e *entry) { e.heed(got.Header) })
		return old.sound, nil
	}
	return l.kept(old, shown, &Error{
		Kind: BadStatus, Ref: shown, Status: got.StatusCode,
		Err: fmt.Errorf("the web server answered %d %s", got.StatusCode, http.StatusText(got.StatusCode)),
	})
}

// fetched is the sound of a good answer.
func (l *Library) fetched(key, shown string, h http.Header, b *body) (audio.Sound, error) {
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil && n > l.cfg.MaxBytes {
		err := fault(TooLarge, shown, "it has %d bytes, and %d are allowed", n, l.cfg.MaxBytes)
		return nil, errors.Join(err, b.Close())
	}
	e := &entry{key: key}
	if !e.heed(h) {
		if old := l.cache.get(key); old != nil {
			l.cache.drop(old)
		}
		e = nil
	}
	return l.clip(shown, shown, b, e)
}

// kept is an older copy of what could not be fetched, if the web server was
// the one to fail and never said that a copy would not do. Its name tells.
func (l *Library) kept(old *entry, shown string, err error) (audio.Sound, error) {
	var e *Error
	mayBe := errors.As(err, &e) && (e.Kind != BadStatus || e.Status >= http.StatusInternalServerError)
	if old == nil || !mayBe || old.clip.Err() != nil {
		return nil, err
	}
	if _, _, strict := l.cache.said(old); strict {
		return nil, err
	}
	return audio.Named(old.sound, fmt.Sprintf("%s (a kept copy: %v)", shown, e.Err)), nil
}

// heed takes what an answer's header says of its validity, and says whether
// it may be kept at all.
func (e *entry) heed(h http.Header) (keep bool) {
	said := directives(h)
	if h.Get("Vary") == "*" {
		said["no-cache"] = ""
	}
	if _, never := said["no-store"]; never {
		return false
	}
	_, e.strict = said["must-revalidate"]
	_, ask := said["no-cache"]
	e.strict = e.strict || ask
	e.fresh = time.Time{}
	if !ask {
		e.fresh = time.Now().Add(lifetime(h, said))
	}
	for from, to := range map[string]string{"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"} {
		if v := h.Get(from); v != "" {
			if e.validators == nil {
				e.validators = http.Header{}
			}
			e.validators.Set(to, v)
		}
	}
	return true
}

// directives are those of Cache-Control, RFC 9111 section 5.2.
func directives(h http.Header) map[string]string {
	all := map[string]string{}
	for _, line := range h.Values("Cache-Control") {
		for d := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
			all[strings.ToLower(name)] = strings.Trim(value, `"`)
		}
	}
	return all
}

// lifetime is how long an answer stays fresh, RFC 9111 section 4.2.1.
func lifetime(h http.Header, said map[string]string) time.Duration {
	const year = 365 * 24 * time.Hour
	if seconds, err := strconv.Atoi(said["max-age"]); err == nil {
		age, _ := strconv.Atoi(h.Get("Age"))
		return max(0, min(time.Duration(min(seconds, 1<<31)-max(age, 0))*time.Second, year))
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, min(expires.Sub(now), year))
}

// fetchFault is err, which ended a fetch, as an *Error.
func fetchFault(ctx context.Context, shown string, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLate):
		return &Error{Kind: TimedOut, Ref: shown, Err: errLate}
	case cause != nil:
		return &Error{Kind: Failed, Ref: shown, Err: cause}
	}
	return &Error{Kind: Failed, Ref: shown, Err: err}
}

// body is the content of an answer, within limits of bytes and of time.
type body struct {
	from   io.ReadCloser
	ref    string
	left   int64
	idle   time.Duration
	ctx    context.Context //nolint:containedctx // the fetch's, ended by Close
	cancel context.CancelCauseFunc
	timer  *time.Timer // ends the fetch; until the first byte it has run since the start
	begun  bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.begun {
		b.timer.Reset(b.idle)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	if n > 0 || err != nil {
		b.timer.Stop()
		b.begun = true
	}
	if b.left -= int64(n); b.left < 0 {
		return n - 1, fault(TooLarge, b.ref, "it has more bytes than are allowed")
	}
	if err != nil && err != io.EOF { //nolint:errorlint // a reader's end is never wrapped
		err = fetchFault(b.ctx, b.ref, err)
	}
	return n, err
}

// Close ends the fetch. It may be called while another goroutine reads.
func (b *body) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.from.Close()
}
