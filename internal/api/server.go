// Package api is the REST API: Kazoo's Crossbar, version 2, for what Pivot
// has (spec/crossbar-api.md). Operations are declared as data; one pipeline
// takes each request to its operation, and one function each error to its
// answer.
package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/guard"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Checker holds callflows to the actions there are.
type Checker interface {
	Check(program *flow.Node) (*flow.Node, schema.Faults)
}

// Interrupter takes live calls elsewhere.
type Interrupter interface {
	Interrupt(call string, next flow.Next) bool
}

// Calls is what is known of calls.
type Calls interface {
	Live(account string) []cdr.Record
	Events(ctx context.Context, account, call string) ([]event.Event, error)
	Follow(account, call string) *observe.Follower
	// Flush returns once the journal has what happened before.
	Flush(ctx context.Context)
}

// Config is what the API is made of.
type Config struct {
	Docs        store.Docs
	Journal     store.Journal
	Blobs       store.Blobs   // of media and recordings; nil: there are neither
	Checker     Checker       // of callflows
	Actions     []flow.Action // whose schemas are published
	Interrupter Interrupter   // nil: calls cannot be hung up through the API
	Calls       Calls
	Presence    Presence        // nil: there are no lamps
	Documents   DocumentChecker // nil: documents cannot be checked through the API
	URLs        URLChecker      // of what web servers are asked; nil takes every http and https URL
	MP3         Encoder         // nil: recordings are given as they were kept, or as WAV
	Speaker     Speaker         // of media that are made of a text; nil makes none
	Fetch       Fetcher         // of media that are named by a URL; nil fetches none
	// Decode reads a file of sound, to see whether it can be played; nil is
	// audio.Decode.
	Decode  func(io.Reader) (sound audio.Reader, format string, err error)
	Logger  *slog.Logger
	Version string
	Node    string // this server's name
	// Proxies may say whom they speak for, by X-Forwarded-For; nil is those
	// on loopback.
	Proxies   []netip.Prefix
	MaxUpload int64         // bytes of one sound file; 0 is 8,000,000
	LinkLife  time.Duration // how long links to recordings hold; 0 is seven days
	Rate      int           // requests a minute of one account from one address; 0 is DefaultRate
	Patience  time.Duration // how long a request may take to come in, its answer to be taken; 0 is a minute
	Mailer    Mailer        // nil: who has forgotten a password is told that no mail is sent
	UIOrigins []string      // "https://ui.example": the web clients that mail may link to
	// Changed is told of every document that was saved or deleted; nil is
	// nobody. It must not block.
	Changed func(resource.Change)
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	effort identity.Effort // of password hashes, in tests
}

// Server is the API as a handler of everything below /v1/ and /v2/.
type Server struct {
	cfg    Config
	people *identity.Directory
	log    *slog.Logger
	now    func() time.Time
	node   string
	guard  *guard.Guard
	// Requests of strangers, and of those who are known.
	strangers, clients *guard.Buckets
	schemas            map[string]*schema.Schema

	callflowsDef, numbersDef, mediaDef, recordingsDef resource.Resource

	locks     *resource.Locks     // of the documents that are being changed
	resources []resource.Resource // of an account: each is served as it is declared
	heavy     chan struct{}       // one for each large body that is worked on
	encoders  chan struct{}       // one for each sound that is being converted or made

	// Who changes which account is above which, or looks at that to make or
	// delete one.
	family sync.Mutex

	ops  []Operation
	root *node
}

// full is cfg with what it leaves open.
func (cfg Config) full() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.MaxUpload = cmp.Or(cfg.MaxUpload, MaxBody)
	cfg.Rate = cmp.Or(cfg.Rate, DefaultRate)
	cfg.Patience = cmp.Or(cfg.Patience, exchangeLimit)
	cfg.LinkLife = cmp.Or(cfg.LinkLife, linkLife)
	if cfg.Proxies == nil {
		cfg.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return cfg
}

// New makes the API.
func New(cfg Config) *Server {
	cfg = cfg.full()
	name := sha256.Sum256([]byte(cfg.Node))
	locks := resource.NewLocks()
	s := &Server{
		cfg: cfg, log: cfg.Logger, now: cfg.Now, node: base64.RawURLEncoding.EncodeToString(name[:16]),
		guard:     guard.New(cfg.Now),
		strangers: guard.NewBuckets(cfg.Now, bucketPerS, bucketSize),
		clients:   guard.NewBuckets(cfg.Now, float64(cfg.Rate)/60, cfg.Rate),
		people: identity.New(identity.Config{
			Docs: cfg.Docs, Locks: locks, Changed: cfg.Changed, Now: cfg.Now, Effort: cfg.effort,
			Accounts: func(r resource.Resource) resource.Resource { return withMetaflows(r, cfg.askable) },
		}),
		locks: locks, callflowsDef: callflowsResource(cfg.Checker, cfg.askable),
		encoders: make(chan struct{}, encodersAtOnce), heavy: make(chan struct{}, heavyAtOnce),
	}
	s.numbersDef, s.mediaDef = numbersResource(cfg.URLs), mediaResource()
	s.recordingsDef = recordingsResource(s.kinds)
	s.resources = append([]resource.Resource{s.callflowsDef}, declared(s.people.Users("").Resource, cfg.askable)...)
	if cfg.Blobs != nil {
		s.resources = append(s.resources, s.mediaDef, s.recordingsDef)
	}
	s.schemas = s.allSchemas()
	s.ops = slices.Concat(
		s.authOperations(), s.masqueradeOperations(), s.recoveryOperations(), s.restrictionOperations(),
		s.accountOperations(), s.familyOperations(), s.smallOperations(), s.schemaOperations(), s.callOperations(),
		s.cdrOperations(), s.debugOperations(), s.numberOperations(), s.signingOperations(),
		s.mediaOperations(), s.recordingOperations(), s.checkOperations(), s.presenceOperations(), s.documentOperations(),
	)
	for _, r := range s.resources {
		for _, op := range s.crud(s.ofAccount(r)) {
			if !slices.ContainsFunc(s.ops, op.same) { // some are more than that
				s.ops = append(s.ops, op)
			}
		}
	}
	s.root = plant(s.ops)
	return s
}

// Operations are all that the API does.
func (s *Server) Operations() []Operation { return slices.Clone(s.ops) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r := &Request{
		HTTP: req, ID: requestID(req), ctx: req.Context(), method: req.Method, vars: map[string]string{},
		query: req.URL.Query(), body: envelope{data: resource.Object{}, aside: resource.Object{}},
		source: s.source(req), accept: jsonType,
	}
	began := s.now()
	out := &writer{ResponseWriter: w}
	defer s.limit(w)()
	defer s.endTurn(r)
	defer func() {
		if v := recover(); v != nil {
			s.log.ErrorContext(r.ctx, "request panicked", "panic", v, "request_id", r.ID, "stack", string(debug.Stack()))
			s.writeError(out, r, says(http.StatusInternalServerError, "internal_error", "internal error"))
		}
		s.logRequest(out, r, s.now().Sub(began))
	}()
	commonHeaders(out.Header(), r)
	if req.Method == http.MethodOptions && isPreflight(req) {
		cors(out.Header())
		out.WriteHeader(http.StatusOK)
		return
	}
	reply, err := s.serve(out, r)
	s.endTurn(r) // those who take their answer slowly hold nobody up
	if err != nil {
		s.writeError(out, r, s.explain(r, err))
		return
	}
	s.writeReply(out, r, reply)
}

// explain is the answer to err; what is nobody's fault but ours is logged and
// not shown.
func (s *Server) explain(r *Request, err error) *Error {
	if e := asError(err, r.about()); e != nil {
		if errors.Is(err, store.ErrUnavailable) || e.Message == datastoreFault {
			s.log.ErrorContext(r.ctx, "the database cannot be used", "error", err, "request_id", r.ID)
		}
		return e
	}
	s.log.ErrorContext(r.ctx, "request failed", "error", err, "request_id", r.ID)
	return says(http.StatusInternalServerError, "internal_error", "internal error")
}

// logRequest notes a request by its route: a path can hold secrets.
func (s *Server) logRequest(w *writer, r *Request, took time.Duration) {
	route := "none"
	if r.op != nil {
		route = r.op.Path
	}
	s.log.DebugContext(r.ctx, "request", "method", r.method, "route", route, "status", w.status,
		"took", took, "source", r.source.String(), "request_id", r.ID)
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
	if verb := strings.ToUpper(r.Param("verb")); verb != "" && r.method == http.MethodPost {
		r.method = verb
	}
	if name := r.Param("jsonp"); name != "" && !callback.MatchString(name) {
		return Reply{}, schema.Invalid("jsonp", "pattern", "Failed to match pattern '"+callback.String()+"'",
			map[string]any{"target": callback.String(), "value": name})
	}
	if r.Auth, err = s.identify(r.ctx, r); err != nil {
		return Reply{}, s.unknown(r, err)
	}
	if err := s.meter(r); err != nil {
		return Reply{}, err
	}
	if err := s.find(r, path); err != nil {
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
	return r.op.Do(r)
}

// takeBody reads the envelope, or leaves the body to an operation that takes
// it as it is, and has more time for it.
func (s *Server) takeBody(w http.ResponseWriter, r *Request, path []string) error {
	ctl := http.NewResponseController(w)
	if s.takesRaw(r, path) {
		until := time.Now().Add(uploadLimit)
		_ = ctl.SetReadDeadline(until)
		_ = ctl.SetWriteDeadline(until.Add(exchangeLimit))
		return nil
	}
	body, err := readBody(w, r.HTTP)
	if errors.Is(err, errUnread) {
		w.Header().Set("Connection", "close") // nobody waits for the rest
		return schema.Invalid("json", "invalid", "The body could not be read", map[string]any{"target": "body"})
	}
	_ = ctl.SetReadDeadline(time.Time{})
	if err == nil {
		err = s.takeTurn(r, len(body))
	}
	if err != nil {
		return err
	}
	r.body, err = parseEnvelope(r.HTTP.Header.Get("Content-Type"), body)
	return err
}

// takesRaw says whether the operation of a path reads the body itself. One
// that takes an envelope as well, and no JSON besides, takes it as any other.
func (s *Server) takesRaw(r *Request, path []string) bool {
	if len(path) > 0 && path[0] == "account" {
		path = slices.Concat([]string{"accounts", "its"}, path[1:])
	}
	at := s.root.find(path)
	if at == nil || at.ops[r.method] == nil {
		return false
	}
	op := at.ops[r.method]
	if op.Body != nil && !slices.Contains(op.Consumes, jsonType) {
		kind, _, _ := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
		r.file = len(op.Consumes) > 0 && !carriesEnvelope(kind)
		return r.file
	}
	r.file = len(op.Consumes) > 0
	return r.file
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
		return nil, says(http.StatusGone, "gone", "version 1 of the API is not supported; use /v2")
	case len(path) == 0 || path[0] != "v2":
		return nil, errNoRoute()
	}
	return path[1:], nil
}

// find is the operation asked for.
func (s *Server) find(r *Request, path []string) error {
	if len(path) > 0 && path[0] == "account" {
		if r.Auth == nil {
			return s.unknown(r, errInvalidCredentials())
		}
		path = slices.Concat([]string{"accounts", r.Auth.Account.ID}, path[1:])
	}
	at := s.root.find(path)
	if at == nil {
		if r.Auth == nil && (len(path) == 0 || s.root.fixed[path[0]] == nil && !strangersMayAsk[path[0]]) {
			return s.unknown(r, errInvalidCredentials())
		}
		return errNoRoute()
	}
	op := at.ops[r.method]
	if op == nil {
		e := errMethod()
		e.Allow = at.methods()
		return e
	}
	r.op, r.path = op, path
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
		return says(http.StatusNotFound, "bad identifier", "invalid account_id '"+id+"'")
	}
	doc, err := s.people.Accounts().Get(r.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return errBadIdentifier(id)
	}
	r.Account = &doc
	return err
}

// authorize says whether the request may be.
func (s *Server) authorize(r *Request) error {
	switch {
	case r.op.Who == Anyone:
		if r.Auth == nil {
			return s.mayAsk(r)
		}
		return nil
	case r.op.Who == Linked && s.linked(r):
		r.link = true
		return nil
	case r.Auth == nil:
		return s.unknown(r, errInvalidCredentials())
	case r.op.Who == Master && !r.Auth.Master(), r.op.Who != AnyToken && !r.Auth.Reaches(r.Account):
		return errForbidden()
	case s.restricted(r):
		e := errForbidden()
		e.Data = map[string]any{"message": "forbidden", "cause": "access denied by token restrictions"}
		return e
	case !r.Auth.Admin():
		return r.mayUser()
	default:
		return nil
	}
}

// unknown is err, unless the stranger asks too much.
func (s *Server) unknown(r *Request, err error) error {
	if busy := s.mayAsk(r); busy != nil {
		return busy
	}
	return err
}
