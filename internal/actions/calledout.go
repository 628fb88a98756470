package actions

import (
	"context"
	"errors"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// What actions share that send a call on to another number, as the account's.

// redirect makes number the one that the call is on its way to.
func redirect(s *flow.Session, number string) {
	s.Request = number
	s.Add(event.Set{Name: "Request", Value: number})
}

// channel sets a channel variable of this call and of those it dials.
func channel(s *flow.Session, name, value string) {
	s.Channel[name], s.Exported[name] = value, true
	s.Add(event.Set{Name: name, Value: value})
}

// account is the document of the call's account; empty if there is none.
func account(ctx context.Context, s *flow.Session, docs documents.Library) (resource.Object, error) {
	doc, err := docs.Account(ctx, s.Account)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, flow.Fail("account.unreadable", err)
	}
	return doc, nil
}

// forbidden says whether an account restricts calls to numbers such as this
// one (call_restriction; section 4.5).
func forbidden(account resource.Object, number string) bool {
	rules, _ := account["call_restriction"].(resource.Object)
	rule, _ := rules[route.Classify(number).Name].(resource.Object)
	return rule["action"] == "deny"
}

// unauthorised tells a caller, whose call is taken for it, that they may not
// call that number, and hangs up.
func (a announcer) unauthorised(ctx context.Context, s *flow.Session, number string) (flow.Next, error) {
	s.Add(event.Warned{
		Code:    "call.restricted",
		Message: "the account may not call " + event.Clip(number, event.Short) + ": it is of the class " + route.Classify(number).Name,
	})
	if err := s.Answer(ctx); err != nil {
		return flow.Next{}, flow.Fail("answer.failed", err)
	}
	if err := a.prompt(ctx, s, "cf-unauthorized_call"); err != nil {
		return flow.Next{}, err
	}
	return flow.Over, nil
}
