// Package presence keeps what the lamps of phones show: whether an extension
// of an account is idle, rings or is busy. A state is set by hand (the action
// manual_presence, the REST API) and kept in the store, or read from the
// facts of live calls; the busiest of all counts. Who watches an extension is
// told when its state changes.
package presence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// State is what a lamp shows, in the words of RFC 4235 section 4.1.
type State string

// The states, from the least.
const (
	Idle    State = "terminated"
	Ringing State = "early"
	Busy    State = "confirmed"
)

// rank orders states; what is no state is below all.
func (s State) rank() int { return slices.Index([]State{Idle, Ringing, Busy}, s) }

// Valid says whether it is one of the states.
func (s State) Valid() bool { return s.rank() >= 0 }

// Named is the state that Kazoo's callflows call idle, ringing or busy.
func Named(status string) (State, error) {
	s, ok := map[string]State{"idle": Idle, "ringing": Ringing, "busy": Busy}[status]
	if !ok {
		return "", fmt.Errorf("%w: %q is not idle, ringing or busy", ErrBad, event.Clip(status, event.Short))
	}
	return s, nil
}

// What can be wrong with what is asked.
var (
	// ErrUnknown is a realm or an account that there is not.
	ErrUnknown = errors.New("presence: no such account")
	// ErrBad is a presence id or a state that cannot be.
	ErrBad = errors.New("presence: not possible")
	// ErrFull is an account with as many states set by hand as may be.
	ErrFull = errors.New("presence: too many states set by hand")
)

// The bounds of what is kept.
const (
	maxUser   = 128     // bytes of an id's user part
	maxManual = 10_000  // states set by hand in one account
	maxTalks  = 100_000 // calls whose ends are known; others light no lamps
)

// Status is what is known of one presence id.
type Status struct {
	Account, User, Realm string
	State                State
	Direction            string    // of the calls that make the state: "recipient", "initiator", "" for none
	Since                time.Time // when the state began; zero if it was never another
	Manual               State     // what was set by hand; "" is nothing
	Calls, Watchers      int
	Gone                 bool // the account is no more, or has another realm
}

// ID is the presence id, user@realm.
func (s Status) ID() string { return s.User + "@" + s.Realm }

// Board is the states of all presence ids. Its methods are safe from any
// goroutine.
type Board struct {
	docs  store.Docs
	write sync.Mutex // one change by hand at a time: the store and the board have them in the same order

	mu     sync.Mutex
	first  string            // the account of addresses
	realms map[string]string // realm → account
	names  map[string]string // account → realm
	manual map[string]int    // account → states set by hand
	lamps  map[key]*lamp
	talks  map[string]*talk   // by Call-ID
	people map[string]*people // by account
}

type key struct{ account, user string }

// lamp is one presence id that is not idle, or watched.
type lamp struct {
	state     State
	direction string
	since     time.Time
	manual    State
	calls     tally
	watchers  map[*Watch]bool
}

// New makes a board; Load fills it.
func New(docs store.Docs) *Board {
	return &Board{
		docs: docs, realms: map[string]string{}, names: map[string]string{}, manual: map[string]int{},
		lamps: map[key]*lamp{}, talks: map[string]*talk{}, people: map[string]*people{},
	}
}

// manualType is the type of the documents that are written here; the id is the
// user part of a presence id.
const manualType = "manual_presence"

// manualDoc is a state set by hand as it is kept.
type manualDoc struct {
	State State `json:"state"`
}

// Load reads the accounts, the states set by hand, the devices and the users.
// first is the account of who subscribes to an address in the place of a
// realm, as it is with calls.
func (b *Board) Load(ctx context.Context, first string) error {
	b.mu.Lock()
	b.first = first
	b.mu.Unlock()
	for _, kind := range []string{accountType, manualType, deviceType, userType} {
		all := store.Query{Type: kind, AnyAccount: kind != accountType}
		err := store.Each(ctx, b.docs, all, func(d store.Doc) (bool, error) {
			b.read(d)
			return true, nil
		})
		if err != nil {
			return fmt.Errorf("presence: %w", err)
		}
	}
	return nil
}

// read takes a document from the store. One that cannot be read lights nothing.
func (b *Board) read(d store.Doc) {
	if d.Type == manualType {
		var m manualDoc
		if json.Unmarshal(d.JSON, &m) == nil && m.State.Valid() {
			b.byHand(key{d.Account, d.ID}, m.State, d.Modified)
		}
		return
	}
	var all map[string]any
	if json.Unmarshal(d.JSON, &all) != nil {
		return
	}
	b.Learn(d.Key, func(path string) string {
		outer, inner, nested := strings.Cut(path, ".")
		v := all[outer]
		if o, ok := v.(map[string]any); ok && nested {
			v = o[inner]
		}
		s, _ := v.(string)
		return s
	})
}

// setRealm tells of an account and its realm. Who watched the account under
// another realm is told that it is gone.
func (b *Board) setRealm(account, realm string) {
	realm = strings.ToLower(realm)
	b.mu.Lock()
	old, known := b.names[account]
	if known && old == realm {
		b.mu.Unlock()
		return
	}
	if known && b.realms[old] == account {
		delete(b.realms, old)
	}
	b.names[account] = realm
	if realm != "" {
		b.realms[realm] = account
	}
	gone := b.dismiss(account)
	b.mu.Unlock()
	tell(gone)
}

// forget tells of an account that is no more.
func (b *Board) forget(account string) {
	b.mu.Lock()
	if realm := b.names[account]; b.realms[realm] == account {
		delete(b.realms, realm)
	}
	delete(b.names, account)
	delete(b.manual, account)
	delete(b.people, account)
	gone := b.dismiss(account)
	for k := range b.lamps {
		if k.account == account {
			delete(b.lamps, k)
		}
	}
	for _, t := range b.talks {
		if len(t.ends) > 0 && t.ends[0].account == account {
			t.ends = nil // its calls go on without lamps
		}
	}
	b.mu.Unlock()
	tell(gone)
}

// dismiss ends every watch of an account. b.mu is held.
func (b *Board) dismiss(account string) (gone []*Watch) {
	for k, l := range b.lamps {
		if k.account != account {
			continue
		}
		for w := range l.watchers {
			w.gone = true
			gone = append(gone, w)
		}
		l.watchers = nil
		b.tidy(k)
	}
	return gone
}

// key is the key of a presence id of an account: a user, or user@realm with
// the account's own realm. Users are the same in capitals and small letters.
// b.mu is held.
func (b *Board) key(account, id string) (key, error) {
	realm, known := b.names[account]
	if !known {
		return key{}, ErrUnknown
	}
	user := strings.ToLower(strings.TrimSpace(id))
	if at := strings.LastIndexByte(user, '@'); at >= 0 {
		if user[at+1:] != realm {
			return key{}, fmt.Errorf("%w: %q is of another realm than %s", ErrBad, event.Clip(id, event.Short), realm)
		}
		user = user[:at]
	}
	odd := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }
	if user == "" || len(user) > maxUser || strings.ContainsFunc(user, odd) {
		return key{}, fmt.Errorf("%w: %q is no presence id", ErrBad, event.Clip(id, event.Short))
	}
	return key{account, user}, nil
}

// lamp is the lamp of k, made if there is none. b.mu is held.
func (b *Board) lamp(k key) *lamp {
	l := b.lamps[k]
	if l == nil {
		l = &lamp{state: Idle}
		b.lamps[k] = l
	}
	return l
}

// tidy drops a lamp that is dark and unwatched. b.mu is held.
func (b *Board) tidy(k key) {
	if l := b.lamps[k]; l != nil && l.manual == "" && l.calls.empty() && len(l.watchers) == 0 {
		delete(b.lamps, k)
	}
}

// settle works out a lamp's state after a change and returns who is to be
// told, if anything is new. b.mu is held.
func (b *Board) settle(k key, at time.Time) (told []*Watch) {
	l := b.lamps[k]
	state, direction := l.calls.state()
	if l.manual.rank() > state.rank() {
		state, direction = l.manual, ""
	}
	if state != l.state || direction != l.direction {
		if state != l.state {
			l.since = at
		}
		l.state, l.direction = state, direction
		for w := range l.watchers {
			told = append(told, w)
		}
	}
	b.tidy(k)
	return told
}

// status is what is known of k. b.mu is held.
func (b *Board) status(k key) Status {
	s := Status{Account: k.account, User: k.user, Realm: b.names[k.account], State: Idle}
	if l := b.lamps[k]; l != nil {
		s.State, s.Direction, s.Since, s.Manual = l.state, l.direction, l.since, l.manual
		s.Calls, s.Watchers = l.calls.sum(), len(l.watchers)
	}
	return s
}

// Get is what is known of a presence id; one that nobody has heard of is idle.
func (b *Board) Get(account, id string) (Status, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.key(account, id)
	if err != nil {
		return Status{}, err
	}
	return b.status(k), nil
}

// List is every presence id of an account that is not idle, was set by hand or
// is watched, by user.
func (b *Board) List(account string) []Status {
	var all []Status
	b.mu.Lock()
	for k := range b.lamps {
		if k.account == account {
			all = append(all, b.status(k))
		}
	}
	b.mu.Unlock() // calls need not wait for the sorting
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.User, b.User) })
	return all
}

// isAddress says that a realm is an IP address.
func isAddress(realm string) bool {
	_, err := netip.ParseAddr(strings.Trim(realm, "[]"))
	return err == nil
}
