package flow

import "github.com/pivotvoice/pivot/internal/call"

// Outcome is what became of a caller, beyond how the call ended.
type Outcome struct {
	Bridged bool // the caller was connected with somebody
	Message bool // a message was left
	Moved   bool // the call was transferred: it goes on without us
}

// AtEnd has do called once the call was hung up, before its end is told, the
// first one first: Kazoo's termination handlers (spec section 3.5). A call
// that was moved does not end here, and then nothing is called. do must not
// take long.
func (s *Session) AtEnd(do func(why call.Cause)) { s.atEnd = append(s.atEnd, do) }

// conclude calls what AtEnd was given.
func (s *Session) conclude(why call.Cause) {
	if s.Outcome.Moved {
		return
	}
	for _, do := range s.atEnd {
		s.guarded(func() { do(why) })
	}
}
