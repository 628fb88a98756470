package sip

import (
	"net/textproto"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

// The limits on what is kept of a caller's own headers.
const (
	maxCustom      = 64
	maxCustomBytes = 4 << 10 // of one header
)

// kept are the headers besides X-… that applications are told of.
var kept = map[string]bool{
	"User-To-User": true, "Diversion": true, "History-Info": true, "P-Asserted-Identity": true,
}

// infoOf is what an INVITE tells of its call.
func infoOf(in *inbound) call.Info {
	req := in.req
	from, to := req.From().Address, req.To().Address
	i := call.Info{
		ID: req.CallID().Value(), Direction: call.Inbound,
		From: user(from), FromRealm: host(from), To: user(to), ToRealm: host(to),
		Request: user(req.Recipient), RequestRealm: host(req.Recipient),
		Headers: custom(req), Source: in.from.peer, Transport: in.from.conn.transport(), Began: in.at,
	}
	i.UserAgent, _ = first(req, "User-Agent")
	i.CallerName, i.CallerNumber = unquote(req.From().DisplayName), i.From
	if name, number, ok := asserted(req); ok {
		i.CallerNumber = number
		if name != "" {
			i.CallerName = name
		}
	}
	return i
}

// asserted is who the network says is calling: P-Asserted-Identity (RFC 3325),
// else Remote-Party-ID, unless the caller wants it kept private.
func asserted(req *sip.Request) (name, number string, ok bool) {
	for _, p := range values(req, "Privacy") {
		for v := range strings.SplitSeq(p, ";") {
			if v = strings.ToLower(strings.TrimSpace(v)); v == "id" || v == "user" {
				return "", "", false
			}
		}
	}
	for _, header := range []string{"P-Asserted-Identity", "Remote-Party-ID"} {
		for _, h := range req.GetHeaders(header) {
			var u sip.Uri
			var params sip.HeaderParams
			first, _, _ := strings.Cut(h.Value(), ">,")
			if strings.Contains(first, "<") && !strings.Contains(first, ">") {
				first += ">"
			}
			display, err := sip.ParseAddressValue(first, &u, &params)
			if v, _ := params.Get("privacy"); err != nil || v == "full" || user(u) == "" {
				continue
			}
			return unquote(display), user(u), true
		}
	}
	return "", "", false
}

// user is a URI's user part, unescaped, without the parameters that telephone
// numbers carry; the number of a tel URI.
func user(u sip.Uri) string {
	s := u.User
	if u.Scheme == "tel" {
		s = u.Raw()
	}
	if number, _, ok := strings.Cut(s, ";"); ok {
		s = number
	}
	if clear, err := url.PathUnescape(s); err == nil && !strings.ContainsFunc(clear, unicode.IsControl) {
		s = clear
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func host(u sip.Uri) string { return strings.ToLower(strings.Trim(u.Host, "[]")) }

// unquote takes the backslashes out of a display name.
func unquote(s string) string {
	var out strings.Builder
	escaped := false
	for _, r := range strings.Trim(s, `"`) {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		out.WriteRune(r)
	}
	return strings.ToValidUTF8(strings.TrimSpace(out.String()), "\uFFFD")
}

// custom are the headers that applications are told of.
func custom(req *sip.Request) map[string]string {
	out := map[string]string{}
	for _, h := range req.Headers() {
		name := textproto.CanonicalMIMEHeaderKey(h.Name())
		if !strings.HasPrefix(name, "X-") && !kept[name] {
			continue
		}
		v := strings.ToValidUTF8(h.Value(), "\uFFFD")
		if old, ok := out[name]; ok {
			v = old + ", " + v
		} else if len(out) >= maxCustom {
			continue
		}
		out[name] = v[:min(len(v), maxCustomBytes)]
	}
	return out
}

// inbound is one request as it came.
type inbound struct {
	req  *sip.Request
	from hop
	at   time.Time
}

// back is where the answers go (RFC 3261 section 18.2.2, RFC 3581): the
// connection; the source if the peer asked for it or sits behind a NAT; else
// the port that it named.
func (in *inbound) back() hop {
	via := in.req.Via()
	if in.from.reliable() || via.Params.Has("rport") || via.Params.Has("received") {
		return in.from
	}
	h := in.from
	h.peer = netipPort(h.peer, via.Port)
	return h
}

// mark notes the source in the top Via, as far as it differs from what stands
// there or was asked for.
func (in *inbound) mark() {
	via := in.req.Via()
	if a, ok := hostAddr(via.Host); !ok || a != in.from.peer.Addr().WithZone("") || via.Params.Has("rport") {
		via.Params.Add("received", in.from.peer.Addr().WithZone("").String())
	}
	if via.Params.Has("rport") {
		via.Params.Add("rport", portString(in.from.peer))
	}
}
