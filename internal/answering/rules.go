package answering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// rules are what an account says of all its calls. They never change.
type rules struct {
	language string
	before   string      // the id of the callflow that runs before all others, "" if there is none
	limit    int         // of calls at one time, -1 for as many as the server takes
	lists    []blacklist // that are in force
	bytes    int         // that they take, about
}

// blacklist is a list of callers that are not wanted.
type blacklist struct {
	name    string
	shy     bool // those who show no number are not wanted
	numbers map[string]struct{}
}

// reconsider is told that what an account says of its calls may be another.
// x.mu is held.
func (x *Exchange) reconsider(id string) {
	if a := x.accounts[id]; a != nil {
		a.rules = nil
		a.changes++
		x.resize(a)
	}
}

// Limit is how many calls an account may have at one time, -1 for as many as
// the server takes.
func (x *Exchange) Limit(ctx context.Context, account string) (int, error) {
	r, err := x.rulesOf(ctx, account)
	return r.limit, err
}

// rulesOf are the rules of an account, in which what cannot be read is left
// out.
func (x *Exchange) rulesOf(ctx context.Context, id string) (*rules, error) {
	x.mu.Lock()
	a := x.at(id)
	had, changes := a.rules, a.changes
	x.mu.Unlock()
	if had != nil {
		return had, nil
	}
	r, err := x.readRules(ctx, id)
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil && changes == a.changes && x.accounts[id] == a {
		a.rules = r
		x.resize(a)
	}
	return r, err
}

func (x *Exchange) readRules(ctx context.Context, id string) (*rules, error) {
	r := &rules{limit: -1}
	d, err := resource.Collection{Resource: resource.Resource{Type: documents.AccountType}, Docs: x.docs}.Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return r, nil
	} else if err != nil {
		return r, fmt.Errorf("settings: %w", err)
	}
	r.language, r.before = Language(d.Public), resource.Text(d.Public, "preflow.always")
	if v, ok := d.Private[documents.Limits]; ok {
		_, err = fmt.Sscan(fmt.Sprint(v), &r.limit)
	}
	all := []error{err}
	for _, list := range resource.Strings(d.Public, "blacklists") {
		if err := x.readBlacklist(ctx, r, id, list); err != nil {
			all = append(all, fmt.Errorf("blacklist %s: %w", list, err))
		}
	}
	return r, errors.Join(all...)
}

// Language is that of an account's calls, "" if its document names none.
func Language(settings resource.Object) string {
	return strings.ToLower(resource.Text(settings, "language"))
}

// readBlacklist adds a blacklist to the rules; one that is not there has nobody.
func (x *Exchange) readBlacklist(ctx context.Context, r *rules, account, id string) error {
	k := store.Key{Account: account, Type: documents.Blacklists.Type, ID: id}
	d, err := get(ctx, x.docs, k)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	var list struct {
		Name    string                     `json:"name"`
		Shy     bool                       `json:"should_block_anonymous"`
		Numbers map[string]json.RawMessage `json:"numbers"`
	}
	if err := json.Unmarshal(d.JSON, &list); err != nil {
		return err
	}
	b := blacklist{list.Name, list.Shy, make(map[string]struct{}, len(list.Numbers))}
	for n := range list.Numbers {
		b.numbers[n] = struct{}{}
		r.bytes += len(n) + perNumber
	}
	r.lists = append(r.lists, b)
	return nil
}

// get is store.ErrNotFound, too, for a key that nothing can have.
func get(ctx context.Context, docs store.Docs, k store.Key) (store.Doc, error) {
	if k.Check() != nil {
		return store.Doc{}, store.ErrNotFound
	}
	return docs.Get(ctx, k)
}

// perNumber is what a number in a map takes besides its digits, about, in bytes.
const perNumber = 32

// unwanted says why an account does not want a call, "" if it does: a
// blacklist that is in force, which is one in the account's "blacklists", has
// the caller's number, or wants no calls without a number.
func (r *rules) unwanted(caller string) string {
	number := route.Normalise(caller)
	for _, list := range r.lists {
		if anonymous(number) {
			if list.shy {
				return "blacklist " + list.name + ": the caller shows no number"
			}
			continue
		}
		if _, there := list.numbers[number]; there {
			return "blacklist " + list.name + " has " + number
		}
	}
	return ""
}

// anonymous says whether a caller's number is none (RFC 3323 section 4.1.1.3).
func anonymous(number string) bool { return number == "" || strings.EqualFold(number, "anonymous") }

// preflow puts the callflow that runs before all others of an account, if
// there is one, in front of what answers (spec/callflow-modules.md section
// 4.4).
func (r *rules) preflow(program *flow.Node) *flow.Node {
	if r.before == "" {
		return program
	}
	data, _ := json.Marshal(map[string]string{"id": r.before}) // strings can always be written
	return &flow.Node{Module: "callflow", Data: data, Children: map[string]*flow.Node{flow.Else: program}}
}
