package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Config is what an engine is made of.
type Config struct {
	Actions  []Action
	Log      event.Log
	Steps    int // a call is stopped after this many steps; 0 is 10,000
	Branches int // and after this many callflow branches; 0 is 50
}

// Engine runs flows of the actions it knows.
type Engine struct {
	actions map[string]Action
	log     event.Log
	steps   int

	mu   sync.Mutex
	live map[string]*Session
}

// NewEngine returns an engine that knows cfg.Actions.
func NewEngine(cfg Config) *Engine {
	e := &Engine{actions: map[string]Action{}, log: cfg.Log, steps: cfg.Steps, live: map[string]*Session{}}
	for _, a := range cfg.Actions {
		e.actions[a.Name] = a
	}
	return e
}

// Action is the action of that name (or alias), and whether there is one.
func (e *Engine) Action(name string) (Action, bool) { a, ok := e.actions[name]; return a, ok }

// Check returns program with its defaults filled in, and everything wrong with
// it, before any of it is run. Paths start at program: "children._.data.text".
func (e *Engine) Check(program *Node) (*Node, schema.Faults) { return program, nil }

// Start is how a call enters the engine.
type Start struct {
	Account  string
	Language string
	Captured map[string]string
	Program  *Node
	// Before are facts to put on the timeline right after the call was
	// offered: how it was routed.
	Before []event.Fact
}

// Run takes leg through a program until the flow or the call is over, then
// hangs up. It returns nil unless the engine itself failed.
func (e *Engine) Run(ctx context.Context, leg call.Leg, start Start) error {
	return errors.New("flow: not built yet")
}

// Interrupt stops what a live call is doing and takes it to next. It reports
// whether there is such a call. Safe from any goroutine.
func (e *Engine) Interrupt(id string, next Next) bool { return false }

// ErrTooLong stops a flow that goes round and round.
var ErrTooLong = errors.New("flow: too many steps")

// interruption is why a step's context ended when someone outside the call
// wanted it elsewhere.
type interruption struct{ next Next }

func (*interruption) Error() string { return "flow: interrupted" }

var _ = fmt.Sprint
var _ = time.Now
