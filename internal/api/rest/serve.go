package rest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/guard"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Config is what a server is made of.
type Config struct {
	People  *identity.Directory
	Logger  *slog.Logger // nil: nothing is logged
	Version string
	Node    string // this server's name, as answers tell it
	// Proxies may say whom they speak for, by X-Forwarded-For; nil is those
	// on loopback.
	Proxies  []netip.Prefix
	Rate     int           // requests a minute of one account from one address; 0 is DefaultRate
	Patience time.Duration // how long a request may take to come in, its answer to be taken; 0 is a minute
	// Purge removes all that an account has, which is gone; nil does not.
	Purge func(ctx context.Context, account string) error
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// full is cfg with what it leaves open.
func (cfg Config) full() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Rate = cmp.Or(cfg.Rate, DefaultRate)
	cfg.Patience = cmp.Or(cfg.Patience, ExchangeLimit)
	if cfg.Proxies == nil {
		cfg.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return cfg
}

// Server takes requests, of everything below /v1/ and /v2/, to operations.
type Server struct {
	cfg    Config
	log    *slog.Logger
	now    func() time.Time
	people *identity.Directory
	guard  *guard.Guard
	// Requests of strangers, and of those who are known.
	strangers, clients *guard.Buckets
	heavy              chan struct{} // one for each large body that is worked on

	ops  []Operation
	root *node
}

// New makes a server of operations.
func New(cfg Config, ops []Operation) *Server {
	cfg = cfg.full()
	return &Server{
		cfg: cfg, log: cfg.Logger, now: cfg.Now, people: cfg.People, guard: guard.New(cfg.Now),
		strangers: guard.NewBuckets(cfg.Now, bucketPerS, bucketSize),
		clients:   guard.NewBuckets(cfg.Now, float64(cfg.Rate)/60, cfg.Rate),
		heavy:     make(chan struct{}, heavyAtOnce),
		ops:       ops, root: plant(ops),
	}
}

// Operations are all that the API does.
func (s *Server) Operations() []Operation { return slices.Clone(s.ops) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r := &Request{
		HTTP: req, ID: requestID(req), ctx: req.Context(), Method: req.Method, vars: map[string]string{},
		Query: req.URL.Query(), body: envelope{data: resource.Object{}, aside: resource.Object{}},
		Source: s.source(req), Accept: TypeJSON, by: s,
	}
	began := s.now()
	out := &writer{ResponseWriter: w}
	defer s.limit(w)()
	defer r.drop()
	defer func() {
		if v := recover(); v != nil {
			s.log.ErrorContext(r.ctx, "request panicked", "panic", v, "request_id", r.ID, "stack", string(debug.Stack()))
			s.writeError(out, r, Says(http.StatusInternalServerError, "internal_error", "internal error"))
		}
		s.logRequest(out, r, s.now().Sub(began))
	}()
	commonHeaders(out.Header(), r)
	if req.Method == http.MethodOptions && isPreflight(req) {
		cors(out.Header())
		out.WriteHeader(http.StatusOK)
		return
	}
	reply, err := s.serve(out, r) //nolint:contextcheck // a request has its own
	r.endTurn()                   // those who take their answer slowly hold nobody up
	if err != nil {
		s.writeError(out, r, r.Explain(err))
		return
	}
	s.writeReply(out, r, reply)
}

// Explain is the answer to err; what is nobody's fault but ours is logged and
// not shown.
func (r *Request) Explain(err error) *Error {
	if e := asError(err, r.about()); e != nil {
		if errors.Is(err, store.ErrUnavailable) || e.Message == datastoreFault {
			r.by.log.ErrorContext(r.ctx, "the database cannot be used", "error", err, "request_id", r.ID)
		}
		return e
	}
	r.by.log.ErrorContext(r.ctx, "request failed", "error", err, "request_id", r.ID)
	return Says(http.StatusInternalServerError, "internal_error", "internal error")
}

// logRequest notes a request by its route: a path can hold secrets.
func (s *Server) logRequest(w *writer, r *Request, took time.Duration) {
	route := "none"
	if r.Op != nil {
		route = r.Op.Path
	}
	s.log.DebugContext(r.ctx, "request", "method", r.Method, "route", route, "status", w.status,
		"took", took, "source", r.Source.String(), "request_id", r.ID)
}

// serve is the pipeline; its order decides which error wins
// (spec/crossbar-api.md section 1.1).
func (s *Server) serve(w http.ResponseWriter, r *Request) (Reply, error) {
	if u := r.HTTP.URL; len(u.Path)+len(u.RawPath)+len(u.RawQuery) > MaxURL {
		return Reply{}, errLongURL()
	}
	path, err := segments(r.HTTP.URL)
	if err != nil {
		return Reply{}, err
	}
	if err := s.takeBody(w, r, path); err != nil {
		return Reply{}, err
	}
	if verb := strings.ToUpper(r.Param("verb")); verb != "" && r.Method == http.MethodPost {
		r.Method = verb
	}
	if name := r.Param("jsonp"); name != "" && !callback.MatchString(name) {
		return Reply{}, schema.Invalid("jsonp", "pattern", "Failed to match pattern '"+callback.String()+"'",
			map[string]any{"target": callback.String(), "value": name})
	}
	if r.Auth, err = s.identify(r.ctx, r); err != nil {
		return Reply{}, r.Unknown(err)
	}
	if err := s.meter(r); err != nil {
		return Reply{}, err
	}
	if err := s.find(r, path); err != nil {
		return Reply{}, err
	}
	if err := r.shape(); err != nil {
		return Reply{}, err
	}
	if err := s.loadAccount(r); err != nil {
		return Reply{}, err
	}
	if err := s.authorize(r); err != nil {
		return Reply{}, err
	}
	if err := negotiate(r); err != nil {
		return Reply{}, err
	}
	who := resource.Actor{Request: r.ID}
	if r.Auth != nil {
		who.Account, who.User = r.Auth.Account.ID, r.Auth.UserID()
	}
	r.ctx = resource.WithActor(r.ctx, who)
	return s.do(r)
}

// do has the operation done. What it wrote to an account that was deleted
// meanwhile is removed: nobody could reach it, and what only one may have would
// be taken for ever.
func (s *Server) do(r *Request) (Reply, error) {
	reply, err := r.Op.Do(r)
	if r.Account == nil || r.Method == http.MethodGet || s.cfg.Purge == nil {
		return reply, err
	}
	ctx := context.WithoutCancel(r.ctx) // nobody could ask for it again
	if _, gone := s.people.Accounts().Get(ctx, r.Account.ID); errors.Is(gone, store.ErrNotFound) {
		err = errors.Join(err, s.cfg.Purge(ctx, r.Account.ID))
	}
	return reply, err
}

// takeBody reads the envelope, or leaves the body to an operation that takes
// it as it is, and has more time for it.
func (s *Server) takeBody(w http.ResponseWriter, r *Request, path []string) error {
	if s.takesRaw(r, path) {
		ctl := http.NewResponseController(w)
		until := time.Now().Add(uploadLimit)
		_ = ctl.SetReadDeadline(until)
		_ = ctl.SetWriteDeadline(until.Add(ExchangeLimit))
		return nil
	}
	told := r.HTTP.Header.Get("Content-Type")
	if kind, params, _ := mime.ParseMediaType(told); strings.HasPrefix(kind, "multipart/") {
		return r.inParts(w, params["boundary"])
	}
	body, err := r.readBody(w)
	if err != nil {
		return err
	}
	r.body, err = parseEnvelope(told, body)
	return err
}

// takesRaw says whether the operation of a path reads the body itself. One
// that takes an envelope as well, and no JSON besides, takes it as any other.
func (s *Server) takesRaw(r *Request, path []string) bool {
	if len(path) > 0 && path[0] == "account" {
		path = slices.Concat([]string{"accounts", "its"}, path[1:])
	}
	at := s.root.find(path)
	if at == nil || at.ops[r.Method] == nil {
		return false
	}
	op := at.ops[r.Method]
	if op.Body != nil && !slices.Contains(op.Consumes, TypeJSON) {
		kind, _, _ := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
		r.File = len(op.Consumes) > 0 && !CarriesEnvelope(kind)
		return r.File
	}
	r.File = len(op.Consumes) > 0
	return r.File
}

// segments is the path below /v2, in segments.
func segments(u *url.URL) ([]string, error) {
	var path []string
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		if part == "" {
			continue
		}
		segment, err := url.PathUnescape(part)
		if err != nil {
			return nil, errNoRoute()
		}
		path = append(path, segment)
	}
	switch {
	case len(path) > 0 && path[0] == "v1":
		return nil, Says(http.StatusGone, "gone", "version 1 of the API is not supported; use /v2")
	case len(path) == 0 || path[0] != "v2":
		return nil, errNoRoute()
	}
	return path[1:], nil
}

// find is the operation asked for.
func (s *Server) find(r *Request, path []string) error {
	if len(path) > 0 && path[0] == "account" {
		if r.Auth == nil {
			return r.Unknown(errInvalidCredentials())
		}
		path = slices.Concat([]string{"accounts", r.Auth.Account.ID}, path[1:])
	}
	at := s.root.find(path)
	if at == nil {
		if r.Auth == nil && (len(path) == 0 || s.root.fixed[path[0]] == nil && !openPaths[path[0]]) {
			return r.Unknown(errInvalidCredentials())
		}
		return errNoRoute()
	}
	op := at.ops[r.Method]
	if op == nil {
		e := errMethod()
		e.Allow = at.methods()
		return e
	}
	r.Op, r.path = op, path
	op.fill(r.vars, path)
	return nil
}

// loadAccount reads the account in the path: one that is not there is said
// before anything about tokens.
func (s *Server) loadAccount(r *Request) error {
	id, there := r.vars["account_id"]
	if !there {
		return nil
	}
	if len(id) != 32 {
		return Says(http.StatusNotFound, "bad identifier", "invalid account_id '"+id+"'")
	}
	doc, err := s.people.Accounts().Get(r.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return BadIdentifier(id)
	}
	r.Account = &doc
	return err
}

// authorize says whether the request may be.
func (s *Server) authorize(r *Request) error {
	switch {
	case r.Op.Who == Anyone:
		if r.Auth == nil {
			return r.Consume()
		}
		return nil
	case r.Op.Who == Linked && r.Op.Link(r):
		r.Link = true
		return nil
	case r.Auth == nil:
		return r.Unknown(errInvalidCredentials())
	case r.Op.Who == Master && !r.Auth.Master(), r.Op.Who != AnyToken && !r.Auth.Reaches(r.Account):
		return Forbidden()
	case s.restricted(r):
		e := Forbidden()
		e.Data = map[string]any{"message": "forbidden", "cause": "access denied by token restrictions"}
		return e
	case !r.Auth.Admin():
		return r.mayUser()
	default:
		return nil
	}
}

// Unknown is err, unless the stranger asks too much.
func (r *Request) Unknown(err error) error {
	if busy := r.Consume(); busy != nil {
		return busy
	}
	return err
}

// openPaths are the first segments of paths that web clients ask for
// before anybody has logged in: what is not there is 404 and not 401.
var openPaths = map[string]bool{"whitelabel": true}

// restricted says whether the restrictions of the token's account refuse a
// request.
func (s *Server) restricted(r *Request) bool {
	endpoint, args := s.endpoint(r.Op, r.path)
	return r.Auth.Restricted(r.Account, endpoint, args, r.Method)
}

// endpoint is the last part of a path that is an endpoint of accounts, or else
// its first part, and what comes after it.
func (s *Server) endpoint(op *Operation, path []string) (name string, args []string) {
	parts, of := strings.Split(op.Path, "/"), s.root.fixed["accounts"].any.fixed
	at := 0
	for i, part := range parts {
		if of[part] != nil && i > 1 {
			at = i
		}
	}
	return parts[at], path[at+1:]
}
