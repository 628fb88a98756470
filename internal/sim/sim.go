// Package sim takes calls without a phone: a flow, a web application or a
// document is run by the server's own engine, with a person on the far end
// who reads what would be heard and types what would be pressed. No sound is
// made. A call is over in an instant, because its time jumps ahead whenever
// everything waits, or takes as long as it takes. Calls can be kept as tests
// and run again.
package sim

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/media"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Account is whose calls simulated ones are, where nothing else is known.
const Account = "5a1d0000000000000000000000000000"

// Call is one call to take.
type Call struct {
	From, To, Name string
	At             time.Time // when it comes; zero is now
	Account        string    // "" is Account
	Language       string    // "" is "en-us"
	Program        *flow.Node
	Captured       map[string]string
	Before         []event.Fact  // how it was routed
	Flows          actions.Flows // for callflow nodes; nil has none
	// Documents are the account's menus, lists and the like, which the call may
	// change; the zero Library has none.
	Documents documents.Library
	Key       string // signs requests; "" signs none
	// Web answers the call's requests; nil is the network, where media are
	// fetched too.
	Web http.RoundTripper
	// Files answers what is asked of FileHost; nil is nothing.
	Files http.RoundTripper

	Steps    []Step // what the person does
	Ask      Asker  // who is asked afterwards; nil is nobody
	Realtime bool   // take as long as a real call
	// Limit is when the person hangs up; 0 is ten minutes.
	Limit time.Duration
	Tell  func(event.Event) // gets what happens as it does; nil is nobody
	Did   func(Step)        // gets what the person does; nil is nobody
}

const defaultLimit = 10 * time.Minute

// owner is whose call it is.
func (c Call) owner() string { return cmp.Or(c.Account, Account) }

// info is what is known of the call before it is taken.
func (c Call) info() call.Info {
	return call.Info{
		From: c.From, FromRealm: realm, To: c.To, ToRealm: realm, Request: c.To, RequestRealm: realm,
		CallerName: c.Name, CallerNumber: c.From, Direction: call.Inbound,
		Transport: "UDP", UserAgent: "Pivot simulator", Source: netip.MustParseAddrPort("127.0.0.1:5060"),
	}
}

// answered has the call, of a number, answered as x does.
func (c *Call) answered(ctx context.Context, x *answering.Exchange) error {
	start, err := x.Answer(ctx, c.owner(), c.info())
	c.Language, c.Program, c.Captured, c.Before = start.Language, start.Program, start.Captured, start.Before
	return err
}

// Result is how a call went.
type Result struct {
	Events []event.Event
	Heard  []string      // the words of all that was heard, in order
	Last   string        // the module of the last step that ran
	Ended  event.Ended   // why it is over
	Length time.Duration // in the call's own time
	Done   []Done        // what the person did
	Undone []Step        // and did not come to
}

// Run takes the call. An error is one of the simulator; what goes wrong on
// the call is among its events.
func (c Call) Run(ctx context.Context) (Result, error) {
	out := openOutside(ctx)
	defer out.close()
	web := webhook.New(webhook.Config{
		Guard:     webhook.Guard{AllowLoopback: true, Allow: everywhere()},
		UserAgent: "Pivot", Transport: c.Web,
	})
	defer web.Close()
	files := webhook.New(webhook.Config{UserAgent: "Pivot", Transport: c.Files})
	defer files.Close()
	room := sounds{out: out}
	if c.Web == nil {
		library := media.New(media.Config{Fetch: web})
		defer library.Close()
		room.library = library
	}
	run := &running{call: c, out: out, web: web, files: files, sounds: room}
	if c.Realtime {
		err := run.talk(ctx)
		return run.result, err
	}
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	if at.Year() < 2000 {
		return Result{}, fmt.Errorf("sim: a call cannot come before the year 2000")
	}
	var failed error
	// The call's context is made in its own time; when ctx ends, what is
	// asked of the world ends, and with it the call.
	err := instantly(at, func() { failed = run.talk(context.WithoutCancel(ctx)) })
	if err == nil {
		err = failed
	}
	return run.result, err
}

// running is a call while it lasts.
type running struct {
	call   Call
	out    *outside
	web    *webhook.Client
	files  *webhook.Client
	sounds sounds
	speech speech
	result Result
}

// talk runs the flow and the person side by side until both are done.
func (r *running) talk(ctx context.Context) error {
	c := r.call
	s := newScene(c.Tell)
	began := time.Now()
	info := c.info()
	info.ID, info.Began = "try-"+began.UTC().Format("20060102150405.000"), began
	leg := fake.New(info, s)
	limit := c.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	p := &person{
		hands: typist{leg}, scene: s, ended: leg.Ended(), limit: timer.C, settle: settled, steps: c.Steps, said: c.Did,
		speech: &r.speech, since: began,
	}
	if c.Realtime {
		p.settle, p.anytime = func() { calm(s) }, true
	}
	if c.Ask != nil {
		p.ask = r.asked(ctx, leg)
	}
	var people sync.WaitGroup
	people.Go(func() { r.result.Undone = p.live() })
	err := r.engine(s).Run(ctx, leg, flow.Start{
		Account: c.owner(), Language: c.Language, Program: c.Program, Captured: c.Captured, Before: c.Before,
	})
	people.Wait()
	r.result.Done = p.done
	r.keep(s, began)
	return err
}

// asked asks whoever types what the person does.
func (r *running) asked(ctx context.Context, leg call.Leg) func() ([]Step, bool) {
	if r.call.Realtime {
		return func() ([]Step, bool) {
			live, cancel := call.Context(ctx, leg)
			defer cancel()
			return r.call.Ask.Next(live)
		}
	}
	return func() (steps []Step, more bool) {
		r.out.do(func(ctx context.Context) { steps, more = r.call.Ask.Next(ctx) })
		return steps, more
	}
}

// realm is where simulated callers are.
const realm = "simulator.test"

// engine is the server's engine, with nothing of the server behind it.
func (r *running) engine(log event.Log) *flow.Engine {
	deps := Deps(crossing{r.out, r.web, r.files, r.call.Web == nil})
	deps.Media, deps.Recogniser, deps.Callbacks = r.sounds, &r.speech, callbacks{log}
	deps.Mail = mailbox{log}
	if r.call.Flows != nil {
		deps.Flows = flowsOut{r.out, r.call.Flows}
	}
	if docs := r.call.Documents; docs.Docs != nil {
		docs.Docs = docsOut{docs.Docs, r.out}
		deps.Documents, deps.Lists = docs, documents.NewPhonebook(docs.Docs)
	}
	if key := r.call.Key; key != "" {
		deps.Keys = func(context.Context, string) []string { return []string{key} }
	}
	return flow.NewEngine(flow.Config{Log: log, Actions: actions.All(deps), Later: actions.Later()})
}

// Deps is what simulated actions reach: texts, and web.
func Deps(web actions.Asker) actions.Deps {
	docs := store.Memory()
	return actions.Deps{
		Voice: voice{}, Media: sounds{}, Flows: noFlows{}, Recordings: tapes{}, Sounds: tapes{}, Web: web,
		Documents: documents.Library{Docs: docs}, Lists: documents.NewPhonebook(docs), Dialects: dialects(),
		Presence: noPhones{},
	}
}

// noPhones has no lamps that anybody sees.
type noPhones struct{}

// Set implements actions.Presence.
func (noPhones) Set(_ context.Context, _, id string, state presence.State) (presence.Status, error) {
	user, _, _ := strings.Cut(id, "@")
	return presence.Status{User: user, Realm: realm, State: state, Manual: state}, nil
}

// noFlows has no callflows.
type noFlows struct{}

// Callflow implements actions.Flows.
func (noFlows) Callflow(context.Context, string, string) (*flow.Node, string, error) {
	return nil, "", store.ErrNotFound
}

// Find implements actions.Flows.
func (noFlows) Find(_ context.Context, _, number string) (route.Result, *flow.Node, error) {
	return route.Match(number, nil), nil, nil
}

// keep makes the result of what happened.
func (r *running) keep(s *scene, began time.Time) {
	r.result.Events, r.result.Last = s.all(), s.module
	r.result.Length = time.Since(began)
	for _, e := range r.result.Events {
		switch w := e.What.(type) {
		case event.Playing:
			if !silence(w.Sound) {
				r.result.Heard = append(r.result.Heard, s.whole(words(w.Sound)))
			}
		case event.Ended:
			r.result.Ended = w
		}
	}
}

// crossing asks web servers from within an instant call.
type crossing struct {
	out   *outside
	web   *webhook.Client
	files *webhook.Client
	// takes says that the real time of a request is time of the call, too.
	takes bool
}

// CheckURL implements actions.Asker.
func (c crossing) CheckURL(raw string) error { return c.web.CheckURL(raw) }

// Ask implements actions.Asker. The call's context is of no use out there: a
// call that waits for an answer in no time cannot end meanwhile.
func (c crossing) Ask(_ context.Context, r webhook.Request) (got event.Fetched, answer webhook.Answer) {
	began, from := time.Now(), c.web
	if isFile(r.URL) {
		from = c.files
	}
	c.out.do(func(ctx context.Context) { got, answer = from.Ask(ctx, r) })
	if left := time.Duration(got.Took) - time.Since(began); c.takes && left > 0 {
		<-time.After(left)
	}
	return got, answer
}

// calmTime is how long nothing must happen on a real call for it to count as
// waiting: there is less than that between two prompts.
const calmTime = 300 * time.Millisecond

// calm waits until nothing has happened for a while, or the call is over.
func calm(s *scene) {
	timer := time.NewTimer(calmTime)
	defer timer.Stop()
	for seen := -1; ; {
		n := s.count()
		if n == seen {
			return
		}
		seen = n
		timer.Reset(calmTime)
		<-timer.C
	}
}

// Failed is the first thing that went wrong on the call, "" if nothing did.
func (r Result) Failed() string {
	for _, e := range r.Events {
		switch w := e.What.(type) {
		case event.Fetched:
			if w.Failure != "" {
				address, _ := asked(w)
				return address + ": " + w.Err
			}
		case event.Failed:
			return w.Message
		case event.Unrouted:
			return "nothing answers " + w.Number
		case event.Declined:
			return w.Number + " is declined: " + w.Why
		}
	}
	return ""
}
