package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/twiml"
)

// nobody is what answers a number that no callflow has.
var nobody = &flow.Node{Module: "response", Data: json.RawMessage(`{"code":404,"message":"Not Found"}`)}

// broken is what answers while callflows cannot be read.
var broken = &flow.Node{Module: "response", Data: json.RawMessage(`{"code":503,"message":"Service Unavailable"}`)}

// full is what answers while an account has as many calls as it may have.
var full = &flow.Node{Module: "response", Data: json.RawMessage(`{"code":486,"message":"Busy Here"}`)}

// onCall takes one call from its first message to its end.
func (a *App) onCall(ctx context.Context, leg call.Leg) {
	start := a.route(ctx, leg.Info())
	limit, err := a.api.CallLimit(ctx, start.Account)
	switch {
	case err != nil:
		a.log.Error("the limit of an account cannot be read", "account_id", start.Account, "error", err)
	case a.lines.take(start.Account, limit):
		defer a.lines.free(start.Account)
	default:
		start.Program = full
		start.Before = []event.Fact{event.Unrouted{Number: leg.Info().Request, Why: []string{
			fmt.Sprintf("the account has as many calls as it may have at one time: %d", limit),
		}}}
	}
	if err := a.engine.Run(ctx, leg, start); err != nil {
		a.log.Error("call failed", "call_id", leg.Info().ID, "error", err)
	}
}

// settings are what an account's document says; nothing while it cannot be
// read, which is told when callflows are.
func (a *App) settings(ctx context.Context, account string) resource.Object {
	doc, err := a.documents().Account(ctx, account)
	if err != nil {
		return nil
	}
	return doc
}

// preflow puts the callflow that runs before all others of an account, if
// there is one, in front of what answers (spec/callflow-modules.md section
// 4.4).
func preflow(settings resource.Object, program *flow.Node) *flow.Node {
	id := resource.Text(settings, "preflow.always")
	if id == "" {
		return program
	}
	data, _ := json.Marshal(map[string]string{"id": id}) // strings can always be written
	return &flow.Node{Module: "callflow", Data: data, Children: map[string]*flow.Node{flow.Else: program}}
}

// route finds what answers a call, and says why that: a callflow that has the
// number, else the URL of the number itself, else a callflow with a pattern
// for it, else the one for everything else.
func (a *App) route(ctx context.Context, info call.Info) flow.Start {
	account := a.account(ctx, info)
	settings := a.settings(ctx, account)
	if why := a.unwanted(ctx, account, settings, info); why != "" {
		return flow.Start{Account: account, Program: declined, Before: []event.Fact{
			event.Unrouted{Number: info.Request, Why: []string{why}},
		}}
	}
	start := a.answering(ctx, info, account, settings)
	start.Language = strings.ToLower(resource.Text(settings, "language"))
	return start
}

func (a *App) answering(ctx context.Context, info call.Info, account string, settings resource.Object) flow.Start {
	result, found, err := a.flows.match(ctx, account, info.Request)
	if err == nil && !result.Exact {
		if n, missing := a.api.PhoneNumber(ctx, account, info.Request); missing == nil {
			return byURL(account, info.Request, n)
		} else if !errors.Is(missing, store.ErrNotFound) {
			err = missing
		}
	}
	start := flow.Start{Account: account, Program: nobody}
	switch {
	case err != nil:
		a.log.Error("callflows cannot be read", "account_id", account, "error", err)
		start.Program = broken
		start.Before = []event.Fact{event.Unrouted{Number: info.Request, Why: []string{"callflows cannot be read"}}}
	case !result.Found || found.Flow == nil:
		start.Before = []event.Fact{event.Unrouted{Number: info.Request, Why: result.Why}}
	default:
		start.Program, start.Captured = preflow(settings, found.Flow), result.Captured
		start.Before = []event.Fact{event.Routed{
			FlowID: result.Flow.ID, Flow: name(found), Number: info.Request, Why: result.Why,
		}}
	}
	return start
}

// byURL is a number that has a web server of its own, asked as Twilio would.
func byURL(account, number string, n api.PhoneNumber) flow.Start {
	data := map[string]any{
		"voice_url": n.VoiceURL, "method": n.VoiceMethod, "req_format": twiml.Name, "compat": string(twiml.Twilio),
	}
	if n.FallbackURL != "" {
		data["fallback_url"], data["fallback_method"] = n.FallbackURL, n.FallbackMethod
	}
	if n.StatusCallback != "" {
		data["status_callback"], data["status_callback_method"] = n.StatusCallback, n.StatusMethod
		data["status_callback_event"] = n.StatusEvents
	}
	raw, _ := json.Marshal(data) // strings can always be written
	return flow.Start{
		Account: account, Program: &flow.Node{Module: "pivot", Data: raw},
		Before: []event.Fact{event.Routed{
			Flow: n.VoiceURL, Number: number, Why: []string{"number " + number + " has a voice_url of its own"},
		}},
	}
}

// name is what people call a callflow: its name, else its numbers.
func name(c callflow) string {
	if c.Name != "" {
		return c.Name
	}
	return strings.Join(append(append([]string(nil), c.Numbers...), c.Patterns...), ", ")
}

// owned gives the calls that the SIP server refuses by itself (full, no codec
// in common, no hops left) an account, so that they are found with the others.
type owned struct {
	log   event.Log
	owner func(ctx context.Context, i call.Info) string
}

// ownerWithin is how long the account of a refused call is looked for: the
// call's messages wait for it.
const ownerWithin = 100 * time.Millisecond

// Add is event.Log.
func (o owned) Add(e event.Event) {
	if w, ok := e.What.(event.Offered); ok && w.Account == "" {
		ctx, cancel := context.WithTimeout(context.Background(), ownerWithin)
		defer cancel()
		at := strings.LastIndexByte(w.Request, '@')
		w.Account = o.owner(ctx, call.Info{Request: w.Request[:max(at, 0)], RequestRealm: w.Request[at+1:]})
		e.What = w
	}
	o.log.Add(e)
}

// account is whose call it is: that of the number's owner, else that of the
// realm that was dialled, else the first one.
func (a *App) account(ctx context.Context, info call.Info) string {
	if owner, err := a.api.NumberOwner(ctx, info.Request); err == nil && owner != "" {
		return owner
	}
	docs, err := a.store.List(ctx, store.Query{
		Type: accountType, Where: map[string]string{"realm": strings.ToLower(info.RequestRealm)}, Limit: 1,
	})
	if err != nil || len(docs) == 0 {
		return a.Credentials.AccountID // a store that cannot be read is told when callflows are
	}
	return docs[0].ID
}
