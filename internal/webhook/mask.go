package webhook

import (
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// masked stands where a secret was.
const masked = "xxxxx"

// secretHeaders are never stored. Config.Secrets adds to them.
var secretHeaders = []string{
	"Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "Set-Cookie", "Set-Cookie2",
	"X-Api-Key", "X-Auth-Token",
}

// shownHeader is h as it may be stored: a copy, secrets masked.
func (c *Client) shownHeader(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		switch {
		case slices.Contains(c.secrets, name):
			out[name] = []string{masked}
		case name == "Location" || name == "Content-Location" || name == "Referer":
			for _, v := range values {
				out[name] = append(out[name], shownRaw(v))
			}
		default:
			out[name] = slices.Clone(values)
		}
	}
	return out
}

// canonical puts header names in the form they have in a http.Header.
func canonical(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(n))
	}
	return out
}

// shownURL is u as it may be stored: without user and password.
func shownURL(u *url.URL) string {
	if u.User == nil {
		return u.String()
	}
	c := *u
	c.User = url.User(masked)
	return c.String()
}

// shownRaw is shownURL of text that may not be a URL at all.
func shownRaw(raw string) string {
	u, err := url.Parse(raw)
	if err == nil {
		return shownURL(u)
	}
	before, rest, ok := strings.Cut(raw, "//")
	if !ok {
		return raw
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = masked + host[i:]
	}
	return before + "//" + host + "/" + path
}

// parseReason is why raw could not be parsed as a URL, without the URL: what
// is wrong may be a password.
func parseReason(raw string, err error) string {
	var e *url.Error
	if strings.Contains(raw, "@") || !errors.As(err, &e) {
		return "malformed URL"
	}
	return strings.TrimPrefix(e.Err.Error(), "net/url: ")
}
