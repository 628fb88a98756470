package flow

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// lastTime is how long the one step after the end of a call may take.
const lastTime = 15 * time.Second

// lastly is the child to run although the call is over, "" if there is none.
func (w *walker) lastly(next Next, err error) string {
	if err != nil || !next.last || !w.s.ended() {
		return ""
	}
	name := w.at.node.pick(next.want)
	child := w.at.node.child(name)
	if child.Empty() || skips(child.Data) || !w.e.actions[child.Module].AfterEnd {
		return ""
	}
	return name
}

// finish runs the child of that name as the call's last step, if there is
// one. Nobody is there to go on with, so where it leads to is not gone to.
func (w *walker) finish(ctx context.Context, name string) {
	if name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
	defer cancel()
	w.move(Take(name))
	w.s.enter(w.at.path)
	n := w.at.node
	a := w.e.actions[n.Module]
	w.s.Add(event.Started{Module: n.Module, Data: event.Mask(n.Data)})
	began := time.Now()
	f := event.Finished{Module: n.Module, Ends: true}
	if _, err := w.act(ctx, a); err != nil {
		w.fail(a, err)
		f.Err = err.Error()
	}
	f.Took = event.Millis(time.Since(began))
	w.s.Add(f)
}

// ended says whether the leg is over, and not only taken away from us.
func (s *Session) ended() bool {
	select {
	case <-s.Leg.Ended():
		return true
	default:
		return false
	}
}

// Defer has give called when the call is over: after it was hung up and
// before its end is told, the latest first. It is how an action gives back
// what it holds beyond its step. give must not take long.
func (s *Session) Defer(give func()) { s.held = append(s.held, give) }

// release gives back what the call held.
func (s *Session) release() {
	for len(s.held) > 0 {
		last := len(s.held) - 1
		give := s.held[last]
		s.held = s.held[:last]
		s.guarded(give)
	}
}

// guarded does it. A panic is told and goes no further.
func (s *Session) guarded(do func()) {
	defer func() {
		if p := recover(); p != nil {
			s.Add(event.Failed{Code: "panic", Message: "the end of the call crashed: " + crashText(p)})
		}
	}()
	do()
}
