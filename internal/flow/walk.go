package flow

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/schema"
)

// place is a node of a program: where a flow is, or where it will go on.
type place struct {
	node *Node
	path string // a JSON pointer into the program
	base string // of the program's relative URLs
}

// walker is one call on its way through its flows.
type walker struct {
	e        *Engine
	s        *Session
	at       place
	parents  []place // what runs when the flow stops
	branches int     // taken so far
	steps    int
	pace     *rate.Limiter
}

// walk runs program and what it leads to, and returns why to hang up.
func (e *Engine) walk(ctx context.Context, s *Session, program *Node) call.Cause {
	w := &walker{e: e, s: s, at: place{node: program}, pace: rate.NewLimiter(perSecond, e.burst)}
	for {
		next, done := w.step(ctx)
		for done {
			i := s.close()
			if i == nil || s.gone(ctx) {
				return next.cause
			}
			next, done = w.settle(i.next)
		}
		w.move(next)
	}
}

// step runs the node where the flow is, and says where it goes from there, or
// that it is over: Next then has the cause.
func (w *walker) step(ctx context.Context) (next Next, done bool) {
	n := w.at.node
	if w.s.gone(ctx) {
		return Next{cause: call.Normal}, true
	}
	if n.Empty() {
		return w.settle(Stop)
	}
	w.s.enter(w.at.path)
	w.s.node, w.s.Base = n, w.at.base
	if err := w.spend(); err != nil {
		w.s.Add(event.Failed{Code: "flow.too_long", Message: err.Error()})
		return Next{cause: call.Cause{Name: "NORMAL_TEMPORARY_FAILURE", By: call.ByUs, Text: err.Error()}}, true
	}
	if skips(n.Data) {
		w.s.Add(event.Warned{Code: "module.skipped", Message: n.Module + " was skipped, as its data says (skip_module)"})
		return w.settle(Next{})
	}
	a, ok := w.e.actions[n.Module]
	if !ok {
		return w.settle(w.unknown(n))
	}
	return w.run(ctx, a)
}

// gone says whether the call is over. A leg's methods may know before its
// context does.
func (s *Session) gone(ctx context.Context) bool { return s.ended() || ctx.Err() != nil }

// spend takes one step from what the call may use.
func (w *walker) spend() error {
	if w.steps++; w.steps > w.e.steps {
		return fmt.Errorf("%w: %d", ErrTooLong, w.e.steps)
	}
	if !w.pace.Allow() {
		return fmt.Errorf("%w in a short time: the flow goes round and round", ErrTooLong)
	}
	return nil
}

// unknown is the way on from a node that no action fits. A node without a
// module is one of those.
func (w *walker) unknown(n *Node) Next {
	faults := w.e.unknownModule(n.Module)
	w.s.Add(event.Failed{Code: "module.unknown", Message: faults.Error(), Faults: faults.Facts()})
	return Take(Error)
}

// run carries out an action and tells of it.
func (w *walker) run(ctx context.Context, a Action) (Next, bool) {
	n := w.at.node
	w.s.Add(event.Started{Module: n.Module, Data: event.Mask(n.Data)})
	if !a.Silent {
		w.s.heard++
	}
	began := time.Now()
	stepCtx, end := w.s.begin(ctx)
	next, err := w.act(event.Telling(stepCtx, w.s.explain), a)
	interrupted := end()

	f := event.Finished{Module: n.Module}
	switch {
	case w.s.gone(ctx): // the call is over, whatever the action made of it
		f.Branch = w.lastly(next, err)
		f.Ends, f.Took = f.Branch == "", event.Millis(time.Since(began))
		w.s.Add(f)
		w.finish(ctx, f.Branch)
		return Next{cause: call.Normal}, true
	case interrupted != nil:
		next, f.Err = interrupted.next, interrupted.Error()
	case err != nil:
		w.fail(a, err)
		next, f.Err = Take(Error), err.Error()
	}
	next, done := w.settle(next)
	if next.isChild() {
		f.Branch = n.pick(next.want)
	}
	f.Ends = done || next.stop
	f.Took = event.Millis(time.Since(began))
	w.s.Add(f)
	return next, done
}

// act sees to what the action needs and runs it. A panic is its error.
func (w *walker) act(ctx context.Context, a Action) (next Next, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Fail("panic", fmt.Errorf("%s crashed: %s", a.Name, crashText(p)))
		}
	}()
	if a.Needs == Answer {
		if err := w.s.Answer(ctx); err != nil {
			return Next{}, Fail("answer.failed", fmt.Errorf("answer the call: %w", err))
		}
	}
	return a.run(ctx, w.s, w.at.node.Data)
}

// crashText is a panic and its line. It must be called by the deferred
// function that recovered.
func crashText(p any) string { return fmt.Sprintf("%v (%s)", p, crashSite()) }

// crashSite is the line that panicked, for crashText.
func crashSite() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s/%s:%d", path.Base(path.Dir(f.File)), path.Base(f.File), f.Line)
		}
	}
}

// fail puts an action's error on the timeline.
func (w *walker) fail(a Action, err error) {
	f := event.Failed{Code: a.Name + ".failed", Message: err.Error()}
	if coded, ok := errors.AsType[*CodedError](err); ok {
		f.Code = coded.Code
	}
	if faults, ok := errors.AsType[schema.Faults](err); ok {
		f.Code, f.Faults = "data.invalid", faults.Facts()
		f.Message = fmt.Sprintf("%s cannot run with this data: %s", a.Name, err)
	}
	w.s.Add(f)
}

// isChild says whether the flow goes on to a child.
func (n Next) isChild() bool { return !n.stop && !n.over && !n.become && !n.branch }

// settle makes of where an action wants to go what will happen: a child that
// is not there is a stop, and a stop without a parent is the end.
func (w *walker) settle(next Next) (Next, bool) {
	next = w.at.node.attempt(next)
	if next.cause == (call.Cause{}) {
		next.cause = call.Normal
	}
	switch {
	case next.over:
		return next, true
	case next.branch && w.branches >= w.e.branches:
		text := fmt.Sprintf("flow: more than %d callflows within callflows", w.e.branches)
		w.s.Add(event.Failed{Code: "flow.too_deep", Message: text})
		return Next{cause: call.Cause{Name: "NORMAL_TEMPORARY_FAILURE", By: call.ByUs, Text: text}}, true
	case next.isChild() && w.at.node.pick(next.want) == "":
		next.stop = true
	}
	return next, next.stop && len(w.parents) == 0
}

// move goes where next says.
func (w *walker) move(next Next) {
	switch n := w.at.node; {
	case next.stop:
		w.at = place{}
		if last := len(w.parents) - 1; last >= 0 {
			w.at, w.parents = w.parents[last], w.parents[:last]
		}
	case next.branch:
		w.branches++
		if back := n.child(Else); !back.Empty() {
			w.parents = append(w.parents, place{back, w.at.path + pointer(Else), w.at.base})
		}
		w.at = place{node: next.program, base: next.base}
	case next.become:
		w.at = place{node: next.program, base: next.base}
	default:
		name := n.pick(next.want)
		w.at = place{n.child(name), w.at.path + pointer(name), w.at.base}
	}
}

// escape is for the parts of a JSON pointer (RFC 6901 section 3).
var escape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is the JSON pointer from a node to its child.
func pointer(child string) string { return "/children/" + escape.Replace(child) }
