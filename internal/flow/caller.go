package flow

import "github.com/pivotvoice/pivot/internal/event"

// callers is who calls, in layers: section 5.6 of spec/callflow-modules.md,
// steps 6 and 7.
type callers struct {
	known   Party // as the call came, until an action knows better
	prefix  Party // goes in front of known
	rewrite Party // shown instead of both, where it says something
}

func (c callers) shown() Party {
	p := Party{Name: c.prefix.Name + c.known.Name, Number: c.prefix.Number + c.known.Number}
	if c.rewrite.Name != "" {
		p.Name = c.rewrite.Name
	}
	if c.rewrite.Number != "" {
		p.Number = c.rewrite.Number
	}
	return p
}

// Caller is who calls, as web servers and the legs that this call dials are
// told. Leg.Info stays as the call came.
func (s *Session) Caller() Party { return s.callers.shown() }

// KnownCaller is who calls without what SetCallerPrefix and RewriteCaller
// show instead: what lists and rules are asked about.
func (s *Session) KnownCaller() Party { return s.callers.known }

// SetCaller says who calls.
func (s *Session) SetCaller(p Party) {
	s.setCallers(callers{known: p, prefix: s.callers.prefix, rewrite: s.callers.rewrite})
}

// RewriteCaller shows p instead, each part that is not empty; the zero Party
// shows the caller again.
func (s *Session) RewriteCaller(p Party) {
	s.setCallers(callers{known: s.callers.known, prefix: s.callers.prefix, rewrite: p})
}

// CallerPrefix is what is shown in front of the caller's name and number.
func (s *Session) CallerPrefix() Party { return s.callers.prefix }

// SetCallerPrefix shows p in front of the caller's name and number.
func (s *Session) SetCallerPrefix(p Party) {
	s.setCallers(callers{known: s.callers.known, prefix: p, rewrite: s.callers.rewrite})
}

// setCallers tells what changes for those who look.
func (s *Session) setCallers(to callers) {
	before, after := s.callers.shown(), to.shown()
	s.callers = to
	if before.Name != after.Name {
		s.Add(event.Set{Name: "Caller-ID-Name", Value: after.Name})
	}
	if before.Number != after.Number {
		s.Add(event.Set{Name: "Caller-ID-Number", Value: after.Number})
	}
}

// The channel variables that say who a call is made by, with Kazoo's names.
const (
	AuthorizingID   = "Authorizing-ID"
	AuthorizingType = "Authorizing-Type" // "device", "mobile", "user" …
	OwnerID         = "Owner-ID"
)

// Authorizing is the document that the call is made by, and its type; "" and
// "" for a call by nobody that the account knows, which is every call until
// phones can register.
func (s *Session) Authorizing() (kind, id string) {
	kind, id = s.Channel[AuthorizingType], s.Channel[AuthorizingID]
	if kind == "" || id == "" {
		return "", ""
	}
	return kind, id
}

// Owner is the user whose call it is, "" if that is not known.
func (s *Session) Owner() string { return s.Channel[OwnerID] }

// Branches are the names of the running node's children besides Else, in
// order.
func (s *Session) Branches() []string { return s.node.branches() }
