package openapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/api/sounds"
	"github.com/pivotvoice/pivot/internal/callflows"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/store"
)

// Answer is an example of an operation and what came of it.
type Answer struct {
	Method, Target string // as they were asked, names filled in
	Data           json.RawMessage
	Type, Body     string // what was sent that is no envelope
	Accept         string // the media type that was asked for, where it is not JSON
	Status         int
	Kind           string          // the media type of the answer
	JSON           json.RawMessage // the answer, where it is JSON
	Text           string          // where it is text
}

// Good says whether the operation did what it is for.
func (a Answer) Good() bool { return a.Status >= 200 && a.Status < 300 }

// Sample is a server of its own, in memory, that examples are tried on.
type Sample struct {
	server  *api.Server
	calls   *observe.Calls
	token   string
	version string
	url     string
	actions []flow.Action
	known   map[string]string // what {name} stands for
	made    map[string]string // the variables of paths, by the path up to them
}

// SampleConfig is what the sample has in common with the real server.
type SampleConfig struct {
	Checker   callflows.Checker
	Actions   []flow.Action
	Documents api.DocumentChecker
	URLs      api.URLChecker
	MP3       sounds.Encoder
	Version   string
	URL       string // where commands on the pages ask; "" is a server on this machine
}

// NewSample makes a sample server. Close it.
func NewSample(ctx context.Context, cfg SampleConfig) (*Sample, error) {
	kept := store.Memory()
	s := &Sample{version: cfg.Version, url: cfg.URL, actions: cfg.Actions, made: map[string]string{}}
	lamps := presence.New(kept)
	s.calls = observe.NewCalls(observe.Config{Journal: kept}) //nolint:contextcheck // lives until Close
	s.server = api.New(api.Config{                            //nolint:contextcheck // requests bring their own
		Docs: kept, Journal: kept, Blobs: kept.Blobs, Calls: s.calls, Interrupter: everyCall{},
		Checker: cfg.Checker, Actions: cfg.Actions, Documents: cfg.Documents, URLs: cfg.URLs, MP3: cfg.MP3,
		Version: cfg.Version, Node: sampleName, Mailer: outbox{s}, UIOrigins: []string{"https://ui.example.com"},
		Presence: lamps,
	})
	creds, err := identity.Bootstrap(ctx, kept, identity.BootstrapConfig{Account: sampleName, Admin: sampleAdmin})
	if err == nil {
		err = lamps.Load(ctx, creds.AccountID)
	}
	if err == nil {
		err = s.fill(ctx, kept, creds)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("openapi: sample: %w", err)
	}
	return s, nil
}

// Close ends the sample.
func (s *Sample) Close() { s.calls.Close() }

// Operations are those of the sample server.
func (s *Sample) Operations() []rest.Operation { return s.server.Operations() }

// everyCall takes every wish about a call.
type everyCall struct{}

// outbox takes mail, and what the links in it are for.
type outbox struct{ of *Sample }

// Mail is of accounts.Mailer.
func (o outbox) Mail(_ context.Context, _, _, _, text string) {
	_, id, _ := strings.Cut(text, "recovery=")
	id, _, _ = strings.Cut(id, "\n")
	o.of.known["reset_id"] = id
}

// Interrupt is of calls.Interrupter.
func (everyCall) Interrupt(string, flow.Next) bool { return true }

// Answers tries the example of every operation, each once, in an order in
// which what one needs was made by another, and what is deleted is not needed
// any more.
func (s *Sample) Answers(ctx context.Context) map[string]Answer {
	ops := s.Operations()
	slices.SortStableFunc(ops, func(a, b rest.Operation) int {
		return cmp.Or(cmp.Compare(turn(a), turn(b)), cmp.Compare(deep(a), deep(b)))
	})
	out := make(map[string]Answer, len(ops))
	for _, o := range ops {
		out[Key(o)] = s.try(ctx, o)
	}
	return out
}

// turn is when an operation's example has its turn.
func turn(o rest.Operation) int {
	return slices.Index([]string{
		http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodGet, http.MethodDelete,
	}, o.Method)
}

// deep is how long a path is: what lies in something is made after it and
// deleted before it.
func deep(o rest.Operation) int {
	n := strings.Count(o.Path, "/")
	if o.Method == http.MethodDelete {
		return -n
	}
	return n
}

// How long one example may take; one that streams is cut.
const (
	tryWithin    = 5 * time.Second
	streamWithin = 50 * time.Millisecond
)

func (s *Sample) try(ctx context.Context, o rest.Operation) Answer {
	vars := s.variables(o)
	a := Answer{
		Method: o.Method, Target: s.target(o, vars), Type: o.Example.Type, Body: s.replace(o.Example.Body, vars),
		Accept: o.Example.Accept,
	}
	body := []byte(a.Body)
	if o.Example.Data != "" {
		a.Data = json.RawMessage(s.replace(o.Example.Data, vars))
		a.Type = jsonType
		body, _ = json.Marshal(object{"data": a.Data}) // broken examples are told of below
	}
	within := tryWithin
	if strings.HasSuffix(o.Example.Accept, "event-stream") {
		within = streamWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, o.Method, a.Target, bytes.NewReader(body))
	if a.Type != "" {
		req.Header.Set("Content-Type", a.Type)
	}
	if a.Accept != "" {
		req.Header.Set("Accept", a.Accept)
	}
	if o.Who != rest.Anyone {
		req.Header.Set("X-Auth-Token", cmp.Or(s.known["token"], s.token))
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, req)
	a.Status, a.Kind = w.Code, w.Header().Get("Content-Type")
	got := w.Body.Bytes()
	if token := s.known["token"]; token != "" { // long, and of no use to who reads
		got = bytes.ReplaceAll(got, []byte(token), []byte("eyJhbGciOi…"))
	}
	switch {
	case json.Valid(got):
		a.JSON = got
	case strings.HasPrefix(a.Kind, "text/"):
		a.Text = string(got)
	}
	s.learn(o, a, vars)
	return a
}

// target is an example's path and query.
func (s *Sample) target(o rest.Operation, vars map[string]string) string {
	target := o.At(vars)
	if o.Example.Query != "" {
		target += "?" + s.replace(o.Example.Query, vars)
	}
	return target
}

// variables are what an example has in its path: its own words, what was made
// there before, or what the sample has of that name.
func (s *Sample) variables(o rest.Operation) map[string]string {
	out := map[string]string{}
	parts := strings.Split(o.Path, "/")
	for i, part := range parts {
		name, ok := rest.Variable(part)
		if !ok {
			continue
		}
		own, has := o.Example.Vars[name]
		if has {
			own = s.replace(own, nil)
		}
		out[name] = cmp.Or(own, s.made[strings.Join(parts[:i], "/")], s.known[name])
	}
	return out
}

// learn keeps the names of what an example has made.
func (s *Sample) learn(o rest.Operation, a Answer, vars map[string]string) {
	ofAccounts := o.Path == "accounts" || o.Path == "accounts/{account_id}" // the sample's own stays the one
	if o.Method != http.MethodPut || !a.Good() || ofAccounts {
		return
	}
	if at, name, ok := cutLast(o.Path); ok { // it was put under a name of its own
		if s.made[at] == "" {
			s.made[at] = vars[name]
		}
		return
	}
	var made struct {
		Data struct{ ID string } `json:"data"`
	}
	if json.Unmarshal(a.JSON, &made) == nil && made.Data.ID != "" {
		s.made[o.Path] = made.Data.ID
	}
}

// cutLast is a path before its last part, if that is a variable.
func cutLast(path string) (at, name string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	name, ok = rest.Variable(path[i+1:])
	return path[:max(i, 0)], name, ok
}

// replace puts what the sample has in the place of {name}.
func (s *Sample) replace(text string, vars map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	for _, known := range []map[string]string{vars, s.known} {
		for name, v := range known {
			text = strings.ReplaceAll(text, "{"+name+"}", v)
		}
	}
	return text
}

// Describe is the sample server with the answers it gave.
func (s *Sample) Describe(ctx context.Context) (Description, error) {
	refused, err := s.Refusals(ctx)
	return Description{
		Version: s.version, Operations: s.Operations(), Schemas: s.server.Schemas(), Names: s.server.SchemaNames(),
		Actions: s.actions, Answers: s.Answers(ctx), Refusals: refused, Account: s.known["account_id"], URL: s.url,
	}, err
}
