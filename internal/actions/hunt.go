package actions

import (
	"context"
	"fmt"
	"slices"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
)

// hunting is the rules by which a caller's number may lead to another
// callflow: all numbers, unless there is an expression for them.
type hunting struct{ allow, deny string }

// lets says whether a number may be hunted for. An expression that cannot be
// read is told; as what is allowed it lets nothing through, and as what is
// denied it stops nothing.
func (h hunting) lets(s *flow.Session, number string) bool {
	return (h.allow == "" || fits(s, "hunt_allow", h.allow, number)) &&
		(h.deny == "" || !fits(s, "hunt_deny", h.deny, number))
}

// fits says whether number matches the expression called name.
func fits(s *flow.Session, name, expression, number string) bool {
	re, err := route.Compile(expression)
	if err != nil {
		s.Add(event.Warned{Code: "regex.invalid", Message: fmt.Sprintf("%s cannot be read: %.200s", name, err)})
		return false
	}
	return re.MatchString(number)
}

// sought is a callflow that was looked for by number.
type sought struct {
	route.Result
	program *flow.Node
}

// seek is look, and tells why that.
func seek(ctx context.Context, s *flow.Session, flows Finder, number string, everything bool) (*sought, error) {
	found, why, err := look(ctx, s, flows, number, everything)
	if err == nil {
		s.Add(event.Decided{Why: why})
	}
	return found, err
}

// look looks for what answers a number, and why that. It is nil where nothing
// does, and for a flow for everything else unless that may be used (section
// 4.3).
func look(
	ctx context.Context, s *flow.Session, flows Finder, number string, everything bool,
) (found *sought, why []string, err error) {
	r, program, err := flows.Find(ctx, s.Account, number)
	if err != nil {
		return nil, nil, flow.Fail("callflow.unreadable", err)
	}
	why = r.Why
	if r.NoMatch && !everything {
		why = append(slices.Clone(why), "but this call may not go there from here")
	}
	if !r.Found || program == nil || r.NoMatch && !everything {
		return nil, why, nil // most numbers are nobody's
	}
	return &sought{r, program}, why, nil
}

// enter goes on with what was found: what its pattern captured takes the place
// of what was captured before.
func (f *sought) enter(s *flow.Session) flow.Next {
	s.Captured = f.Captured
	return flow.Branch(f.program)
}
