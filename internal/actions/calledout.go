package actions

import (
	"context"
	"errors"
	"fmt"

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

// Accounts knows the documents of accounts; documents.Library does.
type Accounts interface {
	// Account is what is not private of an account's document; where there is
	// none the error is store.ErrNotFound.
	Account(ctx context.Context, id string) (resource.Object, error)
}

// account is the document of the call's account; empty if there is none.
func account(ctx context.Context, s *flow.Session, accounts Accounts) (resource.Object, error) {
	doc, err := accounts.Account(ctx, s.Account)
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
	text := "the account may not call %s: it is of the class %s"
	s.Add(event.Warned{
		Code:    "call.restricted",
		Message: fmt.Sprintf(text, event.Clip(number, event.Short), route.Classify(number).Name),
	})
	if err := s.Answer(ctx); err != nil {
		return flow.Next{}, flow.Fail("answer.failed", err)
	}
	if err := a.prompt(ctx, s, "cf-unauthorized_call"); err != nil {
		return flow.Next{}, err
	}
	return flow.Over, nil
}
