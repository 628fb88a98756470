package sip

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// What we can do, as headers say it.
const (
	allowValue     = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY, SUBSCRIBE"
	supportedValue = "100rel, timer"
	acceptValue    = "application/sdp, multipart/mixed, application/dtmf-relay, application/dtmf"
	typeSDP        = "application/sdp"
)

// phrases are the reason phrases of the statuses that we send.
var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 400: "Bad Request", 403: "Forbidden",
	404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 410: "Gone",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 422: "Session Interval Too Small",
	423: "Interval Too Brief",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops",
	484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
	489: "Bad Event", 491: "Request Pending", 500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway",
	503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported", 510: "Not Extended",
	513: "Message Too Large", 600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere",
	606: "Not Acceptable",
}

func phrase(code int) string {
	if p, ok := phrases[code]; ok {
		return p
	}
	switch code / 100 {
	case 1:
		return "Progress"
	case 4:
		return "Client Error"
	case 5:
		return "Server Error"
	}
	return "Failure"
}

// encode is a message as it goes out.
func encode(m sip.Message) []byte {
	var b bytes.Buffer
	b.Grow(1024)
	m.StringWrite(stringWriter{&b})
	return b.Bytes()
}

type stringWriter struct{ *bytes.Buffer }

var _ io.StringWriter = stringWriter{}

// answer begins the response to req; tag, if any, is put on the To header
// where the request had none (RFC 3261 section 8.2.6.2).
func answer(req *sip.Request, code int, tag string) *sip.Response {
	res := sip.NewResponse(code, phrase(code))
	sip.CopyHeaders("Via", req, res)
	if code > 100 && code < 300 && (req.Method == sip.INVITE || req.Method == sip.SUBSCRIBE) {
		sip.CopyHeaders("Record-Route", req, res)
	}
	for _, h := range []sip.Header{req.From(), req.To(), req.CallID(), req.CSeq()} {
		res.AppendHeader(sip.HeaderClone(h))
	}
	if to := res.To(); tag != "" && !to.Params.Has("tag") {
		to.Params.Add("tag", tag)
	}
	if code == 100 {
		sip.CopyHeaders("Timestamp", req, res)
	}
	return res
}

// finish puts the body, if any, and its length at the end of a message.
func finish(m sip.Message, contentType string, body []byte) {
	if len(body) > 0 {
		h := sip.ContentTypeHeader(contentType)
		m.AppendHeader(&h)
	}
	m.SetBody(body)
}

// add puts a header at the end of a message.
func add(m sip.Message, name, value string) { m.AppendHeader(sip.NewHeader(name, value)) }

// newBranch is a branch that only this server makes: mark tells its own.
func newBranch(mark string) string { return cookie + mark + rand.Text()[:16] }

// newTag is the tag of one end of a dialog.
func newTag() string { return rand.Text()[:16] }

func fromTag(m sip.Message) string { t, _ := m.From().Params.Get("tag"); return t }

func toTag(m sip.Message) string { t, _ := m.To().Params.Get("tag"); return t }

// values are the elements of every header of that name, split at commas.
func values(m sip.Message, names ...string) []string {
	var out []string
	for _, n := range names {
		for _, h := range m.GetHeaders(n) {
			for v := range strings.SplitSeq(h.Value(), ",") {
				if v = strings.TrimSpace(v); v != "" {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// has says that a header's list has the token.
func has(m sip.Message, token string, names ...string) bool {
	for _, v := range values(m, names...) {
		if strings.EqualFold(v, token) {
			return true
		}
	}
	return false
}

// first is the whole value of the first header of any of the names.
func first(m sip.Message, names ...string) (string, bool) {
	for _, n := range names {
		if hs := m.GetHeaders(n); len(hs) > 0 {
			return strings.TrimSpace(hs[0].Value()), true
		}
	}
	return "", false
}

// seconds reads a header of delta-seconds with parameters, as Session-Expires,
// or with a comment, as Retry-After.
func seconds(m sip.Message, names ...string) (n int, params string, ok bool) {
	v, ok := first(m, names...)
	if !ok {
		return 0, "", false
	}
	v, params, _ = strings.Cut(v, ";")
	v, _, _ = strings.Cut(v, "(")
	u, err := strconv.ParseUint(strings.TrimSpace(v), 10, 31)
	return int(u), params, err == nil
}

// param reads one parameter of a list like "refresher=uac;x".
func param(params, name string) string {
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

var (
	errBodyType = errors.New("sip: content of an unknown type")
	errBodyBad  = errors.New("sip: content that cannot be read")
)

// sdpBody is the session description in a message, nil if it has none. A body
// that need not be understood is passed over (RFC 3261 section 20.11).
func sdpBody(m sip.Message) ([]byte, error) {
	if len(m.Body()) == 0 {
		return nil, nil
	}
	if enc, ok := first(m, "Content-Encoding", "e"); ok && !strings.EqualFold(enc, "identity") {
		return nil, errBodyType
	}
	ct, ok := first(m, "Content-Type", "c")
	if !ok {
		return nil, errBodyBad
	}
	kind, params, err := mime.ParseMediaType(ct)
	if err != nil {
		return nil, errBodyBad
	}
	switch {
	case kind == typeSDP:
		return m.Body(), nil
	case strings.HasPrefix(kind, "multipart/"):
		return sdpPart(m.Body(), params["boundary"])
	}
	if d, ok := first(m, "Content-Disposition"); ok && strings.EqualFold(param(d, "handling"), "optional") {
		return nil, nil
	}
	return nil, errBodyType
}

// sdpPart finds the description among several bodies (RFC 5621).
func sdpPart(body []byte, boundary string) ([]byte, error) {
	if boundary == "" {
		return nil, errBodyBad
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for range 16 {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, errBodyType
		}
		if err != nil {
			return nil, errBodyBad
		}
		if kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind != typeSDP {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(p, maxMessage))
		if err != nil {
			return nil, errBodyBad
		}
		return b, nil
	}
	return nil, errBodyBad
}

// uriHost writes an address as a URI's host.
func uriHost(a netip.Addr) string {
	if a = a.WithZone(""); a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// hostAddr reads a URI's or Via's host as an address, if it is one.
func hostAddr(host string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(host), "[]"))
	return a.Unmap(), err == nil
}
