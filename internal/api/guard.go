package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How much strangers may ask (spec/crossbar-api.md section 1.8), and how
// often they may be wrong.
const (
	bucketSize  = 100 // requests
	bucketPerS  = 10  // requests that come back each second
	maxSources  = 10_000
	freeErrors  = 5 // wrong credentials before each next one costs a wait
	longestWait = 5 * time.Minute
	forgetAfter = 15 * time.Minute
)

// guard slows down strangers: a bucket of requests for each source and
// account, and a growing wait for a source that keeps sending wrong
// credentials. Sources that prove who they are are not held up.
type guard struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[bucketKey]*rate.Limiter
	wrong   map[netip.Prefix]*mistakes
}

type bucketKey struct {
	source  netip.Prefix
	account string
}

type mistakes struct {
	count int
	last  time.Time
	until time.Time
}

func newGuard(now func() time.Time) *guard {
	return &guard{now: now, buckets: map[bucketKey]*rate.Limiter{}, wrong: map[netip.Prefix]*mistakes{}}
}

// network is what counts as one source: an IPv4 address, or the /64 that an
// IPv6 host can pick its addresses from.
func network(source netip.Addr) netip.Prefix {
	source = source.Unmap().WithZone("")
	bits := source.BitLen()
	if source.Is6() {
		bits = 64
	}
	p, _ := source.Prefix(bits) // of an invalid address: the one for all of them
	return p
}

// take takes n requests from a bucket: whether they were there, and what is
// left.
func (g *guard) take(source netip.Addr, account string, n int) (ok bool, left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	k := bucketKey{network(source), account}
	b := g.buckets[k]
	if b == nil {
		if n == 0 {
			return true, bucketSize
		}
		g.makeRoom(now)
		b = rate.NewLimiter(bucketPerS, bucketSize)
		g.buckets[k] = b
	}
	ok = b.AllowN(now, n)
	return ok, max(0, int(b.TokensAt(now)))
}

// makeRoom forgets buckets that are full again, or any if all are in use.
func (g *guard) makeRoom(now time.Time) {
	if len(g.buckets) < maxSources {
		return
	}
	for k, b := range g.buckets {
		if b.TokensAt(now) >= bucketSize {
			delete(g.buckets, k)
		}
	}
	shrink(g.buckets)
}

// shrink makes a full map a tenth smaller at once, so that strangers who fill
// it do not have it searched for each of them.
func shrink[K comparable, V any](m map[K]V) {
	for k := range m {
		if len(m) <= maxSources*9/10 {
			return
		}
		delete(m, k)
	}
}

// wait is how long a source must still keep its credentials to itself.
func (g *guard) wait(source netip.Addr) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.wrong[network(source)]
	if m == nil {
		return 0
	}
	return max(0, m.until.Sub(g.now()))
}

// failed notes wrong credentials: how many there were by now.
func (g *guard) failed(source netip.Addr) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, k := g.now(), network(source)
	m := g.wrong[k]
	if m == nil || now.Sub(m.last) > forgetAfter {
		g.forget(now)
		m = &mistakes{}
		g.wrong[k] = m
	}
	m.count++
	m.last = now
	if over := m.count - freeErrors; over > 0 {
		m.until = now.Add(min(longestWait, time.Second<<min(over-1, 16)))
	}
	return m.count
}

// forget lets go of old mistakes, or of any if all are new.
func (g *guard) forget(now time.Time) {
	if len(g.wrong) < maxSources {
		return
	}
	for k, m := range g.wrong {
		if now.Sub(m.last) > forgetAfter {
			delete(g.wrong, k)
		}
	}
	shrink(g.wrong)
}

// passed forgets a source's mistakes: it knew the right ones.
func (g *guard) passed(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wrong, network(source))
}
