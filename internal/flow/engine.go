package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// Config is what an engine is made of.
type Config struct {
	Actions  []Action
	Later    []string // names of actions that are known and not built: who uses one is told so
	Log      event.Log
	Steps    int // a call is stopped after this many steps; 0 is 10,000
	Branches int // and after this many callflow branches; 0 is 50
	// Burst is how many steps a call may take at full speed before it is held
	// to 20 a second, beyond which it is stopped as going round and round; 0
	// is 1,000. Kazoo has buckets of tokens for this (section 3.8).
	Burst int
}

// perSecond is the pace of a call that has used up its burst of steps.
const perSecond = 20

// lastWait is how long the end of a call may take: a BYE that is never
// answered is given up after 32 s (RFC 3261 section 17.1.2.2, timer F).
const lastWait = 40 * time.Second

// Engine runs flows of the actions it knows. It is safe for any number of
// calls at once.
type Engine struct {
	actions  map[string]Action
	later    []string
	log      event.Log
	steps    int
	branches int
	burst    int

	mu   sync.Mutex
	live map[string]*Session
}

// NewEngine returns an engine that knows cfg.Actions.
func NewEngine(cfg Config) *Engine {
	e := &Engine{
		actions: map[string]Action{}, later: cfg.Later, log: cfg.Log, live: map[string]*Session{},
		steps: or(cfg.Steps, 10_000), branches: or(cfg.Branches, 50), burst: or(cfg.Burst, 1000),
	}
	if e.log == nil {
		e.log = event.Discard
	}
	for _, a := range cfg.Actions {
		e.actions[a.Name] = a
		for _, alias := range a.Aliases {
			e.actions[alias] = a
		}
	}
	return e
}

func or(n, instead int) int {
	if n == 0 {
		return instead
	}
	return n
}

// Action is the action of that name (or alias), and whether there is one.
func (e *Engine) Action(name string) (Action, bool) { a, ok := e.actions[name]; return a, ok }

// Start is how a call enters the engine.
type Start struct {
	Account  string
	Language string // "" is "en-us"
	Captured map[string]string
	Program  *Node
	// Before are facts to put on the timeline right after the call was
	// offered: how it was routed.
	Before []event.Fact
}

// ErrTooLong stops a flow that goes round and round.
var ErrTooLong = errors.New("flow: too many steps")

// Run takes leg through a program until the flow or the call is over, then
// hangs up and waits for the leg's end. The timeline begins with Offered and
// Start.Before, and Ended is its last fact. A flow that runs out hangs up with
// call.Normal: a BYE for a call that was answered, else 480, as Kazoo does. If
// ctx ends the call is hung up as a temporary failure. The error is that of a
// leg that would not end; a flow that fails is on the timeline.
func (e *Engine) Run(ctx context.Context, leg call.Leg, start Start) error {
	live, cancel := call.Context(ctx, leg)
	defer cancel()
	s := e.newSession(leg, start)
	s.Add(offered(leg.Info(), start.Account))
	for _, f := range start.Before {
		s.Add(f)
	}
	e.keep(s)
	stop := s.listen()
	why := e.walk(live, s, start.Program)
	e.forget(s)
	s.enter("")
	why, err := s.hangup(ctx, why)
	at := time.Now() // what is given back is not part of the call
	s.conclude(why)
	s.release()
	stop()
	s.log.Add(event.Event{At: at, Call: leg.Info().ID, What: ended(why, s.answered)})
	return err
}

// hangup ends the leg and returns why it is over.
func (s *Session) hangup(ctx context.Context, why call.Cause) (call.Cause, error) {
	if ctx.Err() != nil {
		why = call.Cause{Name: "NORMAL_TEMPORARY_FAILURE", By: call.ByUs, Text: context.Cause(ctx).Error()}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWait)
	defer cancel()
	err := s.Leg.Hangup(ctx, why)
	if err != nil {
		cancel() // it may have ended all the same, but there is nothing to wait for
	}
	select {
	case <-s.Leg.Ended():
		return s.Leg.Cause(), nil
	default:
	}
	select {
	case <-s.Leg.Ended():
		return s.Leg.Cause(), nil
	case <-ctx.Done():
		err = cmp.Or(err, context.Cause(ctx))
	}
	why.Text = "the leg would not end: " + err.Error()
	return why, fmt.Errorf("flow: hang up %s: %w", s.Leg.Info().ID, err)
}

func offered(i call.Info, account string) event.Fact {
	f := event.Offered{
		Account: account, Direction: string(i.Direction),
		From: call.Address(i.From, i.FromRealm), To: call.Address(i.To, i.ToRealm),
		Request:    call.Address(i.Request, i.RequestRealm),
		CallerName: i.CallerName, CallerNumber: i.CallerNumber, UserAgent: i.UserAgent,
	}
	if i.Source != (netip.AddrPort{}) {
		f.Source = i.Source.String()
	}
	return f
}

func ended(c call.Cause, answered bool) event.Fact {
	f := event.Ended{Cause: c.Name, SIP: c.SIP, By: c.By, Text: c.Text}
	if f.SIP == 0 && !answered {
		f.SIP = c.Code()
	}
	return f
}

func (e *Engine) keep(s *Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.live[s.Leg.Info().ID] = s
}

func (e *Engine) forget(s *Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if id := s.Leg.Info().ID; e.live[id] == s {
		delete(e.live, id)
	}
}

// Interrupt stops what a live call is doing and takes it to next. It reports
// whether there is such a call. Safe from any goroutine.
func (e *Engine) Interrupt(id string, next Next) bool {
	e.mu.Lock()
	s := e.live[id]
	e.mu.Unlock()
	return s != nil && s.interrupt(next)
}

// interruption is why a step's context ended when someone outside the call
// wanted it elsewhere.
type interruption struct{ next Next }

func (*interruption) Error() string { return "flow: interrupted" }
