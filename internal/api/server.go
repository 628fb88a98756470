// Package api is the REST API: Kazoo's Crossbar, version 2, for what Pivot
// has (spec/crossbar-api.md). Operations are declared as data; one pipeline
// takes each request to its operation, and one function each error to its
// answer.
package api

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/api/accounts"
	"github.com/pivotvoice/pivot/internal/api/calls"
	"github.com/pivotvoice/pivot/internal/api/numbers"
	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/api/sounds"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/callflows"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Config is what the API is made of.
type Config struct {
	Docs        store.Docs
	Journal     store.Journal
	Blobs       store.Blobs       // of media and recordings; nil: there are neither
	Checker     callflows.Checker // of callflows
	Actions     []flow.Action     // whose schemas are published
	Interrupter calls.Interrupter // nil: calls cannot be hung up through the API
	Calls       calls.Known
	Presence    Presence        // nil: there are no lamps
	Documents   DocumentChecker // nil: documents cannot be checked through the API
	URLs        URLChecker      // of what web servers are asked; nil takes every http and https URL
	MP3         sounds.Encoder  // nil: recordings are given as they were kept, or as WAV
	Speaker     sounds.Speaker  // of media that are made of a text; nil makes none
	Fetch       sounds.Fetcher  // of media that are named by a URL; nil fetches none
	// Decode reads a file of sound, to see whether it can be played; nil is
	// audio.Decode.
	Decode  func(io.Reader) (sound audio.Reader, format string, err error)
	Logger  *slog.Logger
	Version string
	Node    string // this server's name
	// Proxies may say whom they speak for, by X-Forwarded-For; nil is those
	// on loopback.
	Proxies   []netip.Prefix
	MaxUpload int64           // bytes of one sound file; 0 is 8,000,000
	LinkLife  time.Duration   // how long links to recordings hold; 0 is seven days
	Rate      int             // requests a minute of one account from one address; 0 is DefaultRate
	Patience  time.Duration   // how long a request may take to come in, its answer to be taken; 0 is a minute
	Mailer    accounts.Mailer // nil: who has forgotten a password is told that no mail is sent
	UIOrigins []string        // "https://ui.example": the web clients that mail may link to
	// Changed is told of every document that was saved or deleted; nil is
	// nobody. It must not block.
	Changed func(resource.Change)
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	effort identity.Effort // of password hashes, in tests
}

// Server is the API as a handler of everything below /v1/ and /v2/.
type Server struct {
	*rest.Server
	cfg     Config
	people  *identity.Directory
	log     *slog.Logger
	now     func() time.Time
	node    string
	schemas map[string]*schema.Schema
	judges  map[string]resource.Resource // see judged

	callflowsDef resource.Resource
	numbers      *numbers.Handler
	accounts     *accounts.Handler
	sounds       *sounds.Sounds
	calls        *calls.Handler

	locks     *resource.Locks     // of the documents that are being changed
	resources []resource.Resource // of an account: each is served as it is declared
}

// full is cfg with what it leaves open.
func (cfg Config) full() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
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
		people: identity.New(identity.Config{
			Docs: cfg.Docs, Locks: locks, Changed: cfg.Changed, Now: cfg.Now, Effort: cfg.effort,
			Accounts: func(r resource.Resource) resource.Resource { return withMetaflows(r, cfg.askable) },
		}),
		locks: locks, callflowsDef: callflows.Resource(cfg.Checker).Checking(numbers.Unclaimed).
			Checking(metaflowsIn("metaflow", cfg.askable)),
	}
	s.numbers = numbers.New(numbers.Config{
		Docs: cfg.Docs, In: s.in, Callflows: s.Callflows, URLs: cfg.askable, Now: cfg.Now,
	})
	s.accounts = accounts.New(accounts.Config{
		People: s.people, Docs: cfg.Docs, Purge: s.purge, Mailer: cfg.Mailer, UIOrigins: cfg.UIOrigins, Logger: cfg.Logger,
		Node: s.node, Now: cfg.Now,
	})
	s.sounds = sounds.New(sounds.Config{
		In: s.in, Account: s.people.Accounts().Get, Remove: s.removeDoc, Own: s.own, Blobs: cfg.Blobs, MP3: cfg.MP3,
		Speaker: cfg.Speaker, Fetch: cfg.Fetch, URLs: cfg.askable, Decode: cfg.Decode, MaxUpload: cfg.MaxUpload,
		LinkLife: cfg.LinkLife, Now: cfg.Now,
	})
	s.calls = calls.New(calls.Config{
		Calls: cfg.Calls, Journal: cfg.Journal, Interrupter: cfg.Interrupter, Logger: cfg.Logger, Node: s.node, Now: cfg.Now,
	})
	s.resources = append([]resource.Resource{s.callflowsDef}, declared(s.people.Users("").Resource, cfg.askable)...)
	s.resources = append(s.resources, s.sounds.Resources()...)
	s.schemas, s.judges = s.allSchemas(), s.judged()
	ops := slices.Concat(
		s.accounts.Operations(), s.smallOperations(), s.schemaOperations(), s.calls.Operations(),
		s.numbers.Operations(),
		s.sounds.Operations(), s.checkOperations(), s.presenceOperations(), s.documentOperations(),
	)
	for _, r := range s.resources {
		for _, op := range s.crud(s.ofAccount(r)) {
			if !slices.ContainsFunc(ops, op.Same) { // some are more than that
				ops = append(ops, op)
			}
		}
	}
	s.Server = rest.New(rest.Config{
		People: s.people, Logger: cfg.Logger, Version: cfg.Version, Node: s.node, Proxies: cfg.Proxies, Rate: cfg.Rate,
		Patience: cfg.Patience, Purge: s.purge, Now: cfg.Now,
	}, ops)
	return s
}
