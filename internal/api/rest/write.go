package rest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
)

// The media types the API answers with.
const (
	TypeJSON   = "application/json" // exactly so: clients compare it
	TypeForm   = "application/x-www-form-urlencoded"
	TypeCSV    = "text/csv"
	TypeText   = "text/plain"
	TypeEvents = "text/event-stream"
	TypeVCard  = "text/vcard" // RFC 6350 section 10
)

// writer remembers what was written.
type writer struct {
	http.ResponseWriter
	status int
}

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tame is a request id that may stand in a header and in logs.
var tame = regexp.MustCompile(`^[A-Za-z0-9._:@/+=-]{1,128}$`)

func requestID(req *http.Request) string {
	if id := req.Header.Get("X-Request-ID"); tame.MatchString(id) {
		return id
	}
	return resource.NewID()
}

func commonHeaders(h http.Header, r *Request) {
	h.Set("X-Request-ID", r.ID)
	h.Set("Expires", "Fri, 01 Jan 1999 00:00:00 GMT")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.HTTP.Header.Get("Origin") != "" || isPreflight(r.HTTP) {
		cors(h)
	}
}

func isPreflight(req *http.Request) bool {
	return req.Header.Get("Origin") != "" || req.Header.Get("Access-Control-Request-Method") != "" ||
		req.Header.Get("Access-Control-Request-Headers") != ""
}

// cors lets every site ask: tokens travel in headers, never in cookies.
func cors(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, PUT, POST, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "content-type, depth, user-agent, x-http-method-override, x-file-size, "+
		"x-requested-with, if-modified-since, x-file-name, cache-control, x-auth-token, x-kazoo-cluster-id, "+
		"if-match, if-none-match, authorization, x-request-id, x-pretty-print, last-event-id, range")
	h.Set("Access-Control-Expose-Headers",
		"content-type, x-auth-token, x-request-id, x-kazoo-cluster-id, location, etag, "+
			"content-disposition, content-range, accept-ranges")
	h.Set("Access-Control-Max-Age", "86400")
}

// negotiate picks the media type of the answer and looks at that of the body.
func negotiate(r *Request) error {
	if r.body.other {
		return Bare(http.StatusUnsupportedMediaType)
	}
	offers := append([]string{TypeJSON}, r.Op.Produces...)
	if r.Accept = Choose(r.Wanted(), offers); r.Accept == "" {
		return Bare(http.StatusNotAcceptable)
	}
	return nil
}

// shortTypes are media types as the parameter accept may name them.
var shortTypes = map[string]string{
	"csv": TypeCSV, "json": TypeJSON, "text": TypeText, "wav": TypeWAV, "mp3": TypeMP3,
}

// Wanted is the media types that the client wants.
func (r *Request) Wanted() string {
	p := strings.ToLower(r.Param("accept"))
	if p == "" || r.Method != http.MethodGet {
		return r.HTTP.Header.Get("Accept")
	}
	if strings.Contains(p, "/") {
		return p
	}
	return cmp.Or(shortTypes[p], "application/"+p)
}

// aliases are other names of what we can answer with.
var aliases = map[string]string{
	"application/x-json": TypeJSON, "text/json": TypeJSON,
	"text/comma-separated-values": TypeCSV, "application/octet-stream": TypeCSV,
	"audio/x-wav": TypeWAV, "audio/wave": TypeWAV, "audio/vnd.wave": TypeWAV,
	"text/x-vcard": TypeVCard, "text/directory": TypeVCard,
	"audio/mp3": TypeMP3, "audio/x-mp3": TypeMP3, "audio/mpeg3": TypeMP3,
}

// Choose is the first of offers that an Accept header likes best, "" if it
// takes none of them.
func Choose(accept string, offers []string) string {
	if strings.TrimSpace(accept) == "" {
		return offers[0]
	}
	best, bestQ := "", 0.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil || math.IsNaN(q) {
				continue
			}
		}
		if other, ok := aliases[kind]; ok {
			kind = other
		}
		for _, offer := range offers {
			family, all := strings.CutSuffix(kind, "*")
			if (kind == "*/*" || kind == offer || all && strings.HasPrefix(offer, family)) && q > bestQ {
				best, bestQ = offer, q
				break
			}
		}
	}
	return best
}

// writeReply answers with success.
func (s *Server) writeReply(w *writer, r *Request, reply Reply) {
	h := w.Header()
	if len(r.Op.Produces) > 0 {
		h.Set("Vary", "Accept")
	}
	if reply.Take != nil {
		reply.Take(w)
		return
	}
	revision := reply.Revision
	if reply.List != nil && r.Method == http.MethodGet {
		revision = listRevision(reply.Data)
	}
	if revision != "" && r.Accept == TypeJSON {
		h.Set("ETag", `"`+revision+`"`)
		if none := r.HTTP.Header.Get("If-None-Match"); none != "" && r.Method == http.MethodGet &&
			resource.Matches(none, revision) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if r.Accept == TypeCSV {
		writeCSV(w, r, reply.Data)
		return
	}
	body := s.envelope(r, "success", reply.Data)
	s.addList(body, reply.List)
	if reply.Token != "" {
		body["auth_token"] = reply.Token
		h.Set("X-Auth-Token", reply.Token)
	}
	if revision != "" {
		body["revision"] = revision
	}
	maps.Copy(body, reply.Extra)
	if reply.Location != "" {
		h.Set("Location", reply.Location)
	}
	s.writeJSON(w, r, statusOf(r, reply), body)
}

// statusOf is 201 for every PUT, and for what was made by way of POST.
func statusOf(r *Request, reply Reply) int {
	if r.HTTP.Method == http.MethodPut || r.Method == http.MethodPut && reply.Location != "" {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (s *Server) addList(body map[string]any, list *ListInfo) {
	if list == nil || list.Size < 0 {
		return
	}
	body["page_size"] = list.Size
	if list.Start != "" {
		body["start_key"] = list.Start
	}
	if list.Next != "" {
		body["next_start_key"] = list.Next
	}
}

// listRevision is a hash of a list's rows; an empty one has none.
func listRevision(data any) string {
	if v := reflect.ValueOf(data); v.Kind() != reflect.Slice || v.Len() == 0 {
		return ""
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// writeError answers with e.
func (s *Server) writeError(w *writer, r *Request, e *Error) {
	if w.status != 0 {
		return // it is too late to say anything
	}
	h := w.Header()
	cors(h)
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	if e.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.Retry.Seconds()))))
	}
	if e.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if e.Bare {
		w.WriteHeader(e.Status)
		return
	}
	data := e.Data
	if data == nil {
		data = map[string]any{}
	}
	body := s.envelope(r, "error", data)
	body["error"], body["message"] = strconv.Itoa(e.Status), e.Message
	s.writeJSON(w, r, e.Status, body)
}

// envelope is what stands around data in every answer
// (spec/crossbar-api.md section 1.3).
func (s *Server) envelope(r *Request, status string, data any) map[string]any {
	account := "no_account"
	if r.Account != nil {
		account = r.Account.ID
	}
	_, left := s.strangers.Take(r.Source, account, 0)
	body := map[string]any{
		"data": data, "status": status, "request_id": r.ID, "node": s.cfg.Node,
		"timestamp": s.now().UTC().Format(time.RFC3339),
		"tokens":    map[string]any{"consumed": r.consume, "remaining": left},
	}
	if r.Auth != nil {
		body["version"] = s.cfg.Version
		if r.Auth.Token != "" {
			body["auth_token"] = r.Auth.Token
		}
	}
	return body
}

func (s *Server) writeJSON(w *writer, r *Request, status int, body map[string]any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if r.HTTP.Header.Get("X-Pretty-Print") == "true" || r.Param("pretty_print") == "true" {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(body); err != nil {
		s.log.ErrorContext(r.ctx, "answer cannot be written as JSON", "error", err, "request_id", r.ID)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	kind, out := TypeJSON, b.Bytes()
	if name := r.Param("jsonp"); callback.MatchString(name) {
		kind, out = "application/javascript", slices.Concat([]byte(name+"("), bytes.TrimSpace(out), []byte(");"))
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(out) // nobody is left to be told of an error
}

// callback is the name of a function that an answer may be wrapped into.
var callback = regexp.MustCompile(`^[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,7}$`)

// The media types of sound.
const (
	TypeWAV = "audio/wav"
	TypeMP3 = "audio/mpeg"
)

// Canonical is the one name of a media type that has several.
func Canonical(kind string) string {
	kind, _, _ = mime.ParseMediaType(kind)
	return cmp.Or(aliases[kind], kind)
}
