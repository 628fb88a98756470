// Package answering decides what answers a call: whose it is, whether that
// account wants it, and which callflow or web server has its number. Servers
// and the simulator ask the same Exchange.
package answering

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// Exchange knows the numbers of accounts. What it has read it keeps until
// Changed says that it is another, or others need the room. It is safe for use
// by many goroutines, and is an actions.Flows.
type Exchange struct {
	docs store.Docs

	mu       sync.Mutex
	accounts map[string]*account
	owners   map[string]string // account by what was dialled
	asked    uint64            // counts what is asked for
	writes   int               // counts callflows that were written
	bytes    int               // of all accounts, about
	most     int               // of them
}

// mostBytes is about how much memory the accounts that are kept may take.
const mostBytes = 256 << 20

// account is what is known of one.
type account struct {
	used  uint64 // when it was last asked for
	bytes int

	rules   *rules // nil is not read
	changes int    // of what rules are read from

	program *program       // nil is not read
	reading *reading       // whoever updates it, nil is nobody
	written map[string]int // by id: the last write that it does not have
}

// New returns an exchange of the accounts in docs.
func New(docs store.Docs) *Exchange {
	return &Exchange{docs: docs, accounts: map[string]*account{}, owners: map[string]string{}, most: mostBytes}
}

// at is what is known of an account. x.mu is held.
func (x *Exchange) at(id string) *account {
	a := x.accounts[id]
	if a == nil {
		a = &account{written: map[string]int{}}
		x.accounts[id] = a
		x.resize(a)
	}
	x.asked++
	a.used = x.asked
	return a
}

// perAccount is what an account takes of which nothing is kept, about.
const perAccount = 512

// resize counts what an account takes by now, and forgets others, those first
// that were not asked for the longest time, if that is too much. x.mu is held.
func (x *Exchange) resize(a *account) {
	size := perAccount
	if a.rules != nil {
		size += a.rules.bytes
	}
	if a.program != nil {
		size += a.program.kept + a.program.index
	}
	x.bytes += size - a.bytes
	a.bytes = size
	for x.bytes > x.most {
		last := ""
		for id, other := range x.accounts {
			if other != a && other.reading == nil && (last == "" || other.used < x.accounts[last].used) {
				last = id
			}
		}
		if last == "" {
			return
		}
		x.drop(last)
	}
}

// drop forgets an account. x.mu is held.
func (x *Exchange) drop(id string) {
	if a := x.accounts[id]; a != nil {
		x.bytes -= a.bytes
		a.bytes = 0
		delete(x.accounts, id)
	}
}

// Changed is told of every document that was saved or deleted.
func (x *Exchange) Changed(c resource.Change) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch d := c.New; {
	case d.Type == documents.AccountType && d.Deleted:
		x.drop(d.ID)
	case d.Type == documents.AccountType:
		x.reconsider(d.ID)
	case d.Type == documents.Blacklists.Type:
		x.reconsider(d.Account)
	case d.Type == documents.CallflowType:
		x.rewritten(d.Account, d.ID)
	}
}

// Answer is what is done with a call of an account. The error is what could
// not be read; the call is answered as well as can be without it.
func (x *Exchange) Answer(ctx context.Context, account string, info call.Info) (flow.Start, error) {
	r, err := x.rulesOf(ctx, account)
	if why := r.unwanted(info.CallerNumber); why != "" {
		return Decline(account, info.Request, event.DeclinedBlacklist, why), err
	}
	start, failed := x.start(ctx, account, info.Request, r)
	start.Language = r.language
	return start, errors.Join(err, failed)
}

// start finds what answers a number, and says why that: a callflow that has
// it, else the URL of the number itself, else a callflow with a pattern for
// it, else the one for everything else.
func (x *Exchange) start(ctx context.Context, account, number string, r *rules) (flow.Start, error) {
	result, found, err := x.Match(ctx, account, number)
	if err == nil && !result.Exact {
		n, missing := x.number(ctx, account, number)
		if missing == nil {
			return n.start(account, number), nil
		}
		if !errors.Is(missing, store.ErrNotFound) {
			err = missing
		}
	}
	if err != nil {
		start := Decline(account, number, event.DeclinedUnavailable, "callflows cannot be read")
		return start, fmt.Errorf("callflows: %w", err)
	}
	if !result.Found || found.Flow == nil {
		return flow.Start{
			Account: account, Program: response(404, "Not Found"),
			Before: []event.Fact{event.Unrouted{Number: number, Why: result.Why}},
		}, nil
	}
	return flow.Start{
		Account: account, Program: r.preflow(found.Flow), Captured: result.Captured,
		Before: []event.Fact{event.Routed{FlowID: found.ID, Flow: found.name(), Number: number, Why: result.Why}},
	}, nil
}

// Decline refuses a call to a number for one of the reasons event.Declined….
func Decline(account, number, reason, why string) flow.Start {
	program := response(503, "Service Unavailable")
	switch reason {
	case event.DeclinedBlacklist:
		program = response(603, "Decline")
	case event.DeclinedLimit:
		program = response(486, "Busy Here")
	}
	return flow.Start{Account: account, Program: program, Before: []event.Fact{
		event.Declined{Number: number, Reason: reason, Why: why},
	}}
}

// Declined says whether start refuses a call that somebody could have answered.
func Declined(start flow.Start) bool {
	for _, f := range start.Before {
		if _, is := f.(event.Declined); is {
			return true
		}
	}
	return false
}

// response is a program that refuses.
func response(code int, message string) *flow.Node {
	return &flow.Node{Module: "response", Data: fmt.Appendf(nil, `{"code":%d,"message":%q}`, code, message)}
}

// Owner is whose call it is: that of the number's owner, else that of the realm
// that was dialled, "" if that is nobody's. While that cannot be read it is
// whose the last such call was.
func (x *Exchange) Owner(ctx context.Context, info call.Info) (string, error) {
	owner, err := x.findOwner(ctx, info)
	dialled := info.Request + "@" + info.RequestRealm
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil {
		return cmp.Or(x.owners[dialled], owner), err
	}
	if len(x.owners) >= mostOwners {
		clear(x.owners)
	}
	if owner != "" {
		x.owners[dialled] = owner
	}
	return owner, nil
}

// mostOwners is how many addresses are remembered that were dialled.
const mostOwners = 10_000

func (x *Exchange) findOwner(ctx context.Context, info call.Info) (string, error) {
	owner, err := x.claimed(ctx, info.Request)
	if err == nil && owner != "" {
		return owner, nil
	}
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	docs, failed := x.docs.List(ctx, store.Query{
		Type: documents.AccountType, Where: map[string]string{"realm": strings.ToLower(info.RequestRealm)}, Limit: 1,
	})
	if len(docs) > 0 {
		owner = docs[0].ID
	}
	return owner, errors.Join(err, failed)
}

// claimed is the account that a public number belongs to.
func (x *Exchange) claimed(ctx context.Context, number string) (string, error) {
	k := store.Key{Type: documents.NumberClaimType, ID: route.Normalise(number)}
	if !strings.HasPrefix(k.ID, "+") {
		return "", store.ErrNotFound // each account may have it
	}
	d, err := get(ctx, x.docs, k)
	if err != nil {
		return "", err
	}
	var by documents.NumberClaim
	err = json.Unmarshal(d.JSON, &by)
	return by.Account, err
}
