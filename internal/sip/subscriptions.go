package sip

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Subscriptions bounds the subscriptions of phones. Zeros are the defaults.
type Subscriptions struct {
	Max        int // at one time, 20,000; more are answered 503
	PerAccount int // of one account, half of Max
	PerSource  int // from one address, half of Max
	// Shortest is the least that one may last unless it only asks, a minute;
	// less is answered 423. Longest is the most that one lasts without being
	// renewed, an hour.
	Shortest, Longest time.Duration
}

func (b Subscriptions) good() bool {
	return min(b.Max, b.PerAccount, b.PerSource) >= 0 && min(b.Shortest, b.Longest) >= 0
}

func (b Subscriptions) orDefault() Subscriptions {
	b.Max = cmp.Or(b.Max, 20_000)
	b.PerAccount, b.PerSource = cmp.Or(b.PerAccount, (b.Max+1)/2), cmp.Or(b.PerSource, (b.Max+1)/2)
	b.Shortest, b.Longest = cmp.Or(b.Shortest, time.Minute), cmp.Or(b.Longest, time.Hour)
	return b
}

// maxPerID is how many subscriptions may have one Call-ID.
const maxPerID = 32

// subscriptions are all there are, by Call-ID.
type subscriptions struct {
	bounds Subscriptions

	mu       sync.Mutex
	calls    map[string][]*subscription
	n        int
	accounts map[string]int
	sources  map[netip.Addr]int
	empty    chan struct{} // closed when n becomes 0; nil unless awaited
}

func newSubscriptions(b Subscriptions) *subscriptions {
	return &subscriptions{
		bounds: b, calls: map[string][]*subscription{}, accounts: map[string]int{}, sources: map[netip.Addr]int{},
	}
}

// add reports whether there is room for one more.
func (x *subscriptions) add(u *subscription) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	id, account := u.dialog.callID, u.watch.Account()
	if x.n >= x.bounds.Max || x.accounts[account] >= x.bounds.PerAccount || x.sources[u.source] >= x.bounds.PerSource ||
		len(x.calls[id]) >= maxPerID {
		return false
	}
	x.calls[id] = append(x.calls[id], u)
	x.n++
	x.accounts[account]++
	x.sources[u.source]++
	return true
}

// drop takes one out, once.
func (x *subscriptions) drop(u *subscription) {
	x.mu.Lock()
	defer x.mu.Unlock()
	id, account := u.dialog.callID, u.watch.Account()
	i := slices.Index(x.calls[id], u)
	if i < 0 {
		return
	}
	x.calls[id] = slices.Delete(x.calls[id], i, i+1)
	if len(x.calls[id]) == 0 {
		delete(x.calls, id)
	}
	less(x.accounts, account)
	less(x.sources, u.source)
	if x.n--; x.n == 0 && x.empty != nil {
		close(x.empty)
		x.empty = nil
	}
}

// less counts one down.
func less[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] <= 0 {
		delete(m, k)
	}
}

// find is the one whose own tag it is.
func (x *subscriptions) find(callID, tag string) (*subscription, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, u := range x.calls[callID] {
		if u.tag == tag {
			return u, true
		}
	}
	return nil, false
}

// merged finds a request that came by another way (RFC 3261 section 8.2.2.2)
// within d. After that it is a phone that has forgotten its dialogs, and begins
// with the same numbers again.
func (x *subscriptions) merged(req *sip.Request, d time.Duration) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(x.calls[req.CallID().Value()], func(u *subscription) bool {
		return u.first == req.CSeq().SeqNo && u.dialog.farTag() == fromTag(req) && time.Since(u.since) < d
	})
}

func (x *subscriptions) all() []*subscription {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make([]*subscription, 0, x.n)
	for _, list := range x.calls {
		out = append(out, list...)
	}
	return out
}

// gone is closed when none is left.
func (x *subscriptions) gone() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.empty == nil {
		x.empty = make(chan struct{})
	}
	empty := x.empty
	if x.n == 0 {
		close(x.empty)
		x.empty = nil
	}
	return empty
}

// Subscribers is how many subscriptions there are.
func (s *Server) Subscribers() int {
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	return s.subs.n
}

// deactivate has every phone subscribe anew, elsewhere or after a restart.
func (s *Server) deactivate() {
	for _, u := range s.subs.all() {
		u.thread.must(func() { u.end(endDeactivated) })
	}
}

// farewellTime, in T1s, is how long the phones may take to answer that.
const farewellTime = 4

// farewell waits until the phones know that their subscriptions ended, but not
// for those that are switched off.
func (s *Server) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewellTime*s.tx.timers.T1)
	defer cancel()
	select {
	case <-s.subs.gone():
	case <-ctx.Done():
		s.logger.Debug("sip: subscriptions whose end nobody confirmed", "subscriptions", s.Subscribers())
	}
}
