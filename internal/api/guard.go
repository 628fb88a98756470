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
	// An account at which many sources guess: new ones have nothing free.
	attackAt   = 50 // wrong credentials from everywhere
	attackWait = 5 * time.Second
	knownFor   = 30 * 24 * time.Hour // a source that has logged in to an account
)

// guard slows down who guesses: a growing wait for a source that keeps sending
// wrong credentials, and one for every new source while many guess at one
// account. Nobody is locked out of an account by what others do: a source that
// has logged in to it before waits for its own mistakes only, and any other a
// few seconds. It remembers so many sources and no more.
type guard struct {
	now func() time.Time

	mu    sync.Mutex
	wrong map[guardKey]*mistakes
	known map[guardKey]time.Time // when it last logged in
}

// guardKey is a source and what it wants to get into. A source alone is all
// that it does, a target alone what is done by all sources.
type guardKey struct {
	source netip.Prefix
	target string
	rare   bool // what is done rarely, and is no target that a stranger could name
}

type mistakes struct {
	count int
	last  time.Time
	until time.Time
}

func newGuard(now func() time.Time) *guard {
	return &guard{now: now, wrong: map[guardKey]*mistakes{}, known: map[guardKey]time.Time{}}
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

// shrink makes a full map a tenth smaller at once, so that strangers who fill
// it do not have it searched for each of them.
func shrink[K comparable, V any](m map[K]V) {
	if len(m) < maxSources {
		return
	}
	for k := range m {
		if len(m) <= maxSources*9/10 {
			return
		}
		delete(m, k)
	}
}

// try is how long a source must still keep its credentials for a target ("" is
// none in particular) to itself. If it need not, the try counts as a mistake
// until it has passed: many at the same time count as many.
func (g *guard) try(source netip.Addr, target string) (wait time.Duration, attacked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, pair := g.now(), guardKey{source: network(source), target: target}
	if g.isKnown(pair, now) {
		m := g.mistakes(pair, now)
		if wait = m.until.Sub(now); wait <= 0 {
			m.add(now)
		}
		return max(0, wait), false
	}
	all, target0 := g.mistakes(guardKey{source: pair.source}, now), guardKey{target: target}
	if wait = all.until.Sub(now); wait > 0 {
		return wait, false
	}
	if wait = g.attackWait(pair, now); wait > 0 {
		return wait, false
	}
	all.add(now)
	if target == "" {
		return 0, false
	}
	m := g.mistakes(target0, now)
	m.count, m.last = m.count+1, now
	return 0, m.count == attackAt
}

// attackWait is how long a new source waits because so many guess: at first,
// and after each try.
func (g *guard) attackWait(pair guardKey, now time.Time) time.Duration {
	m := g.wrong[guardKey{target: pair.target}]
	if pair.target == "" || m == nil || m.count < attackAt || now.Sub(m.last) > forgetAfter {
		return 0
	}
	its := g.mistakes(pair, now)
	if its.until.IsZero() {
		its.last, its.until = now, now.Add(attackWait)
	}
	wait := its.until.Sub(now)
	if wait <= 0 {
		its.last, its.until = now, now.Add(attackWait)
	}
	return wait
}

func (g *guard) isKnown(pair guardKey, now time.Time) bool {
	at, there := g.known[pair]
	return there && now.Sub(at) < knownFor
}

// mistakes are those under a key that are not forgotten yet.
func (g *guard) mistakes(k guardKey, now time.Time) *mistakes {
	m := g.wrong[k]
	if m == nil || now.Sub(m.last) > forgetAfter {
		g.forget(now)
		m = &mistakes{last: now}
		g.wrong[k] = m
	}
	return m
}

// add counts one more.
func (m *mistakes) add(now time.Time) {
	m.count++
	m.last = now
	if over := m.count - freeErrors; over > 0 {
		m.until = now.Add(min(longestWait, time.Second<<min(over-1, 16)))
	}
}

// take back what a try has counted.
func (m *mistakes) takeBack() {
	if m != nil {
		m.count, m.until = max(0, m.count-1), time.Time{}
	}
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

// failed notes wrong credentials that were not held up before.
func (g *guard) failed(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.mistakes(guardKey{source: network(source)}, now).add(now)
}

// failures is how many mistakes of a source are remembered.
func (g *guard) failures(source netip.Addr) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.wrong[guardKey{source: network(source)}]; m != nil {
		return m.count
	}
	return 0
}

// passed says that the last try knew the right credentials. Mistakes at other
// targets stay: who guesses at one account may have another.
func (g *guard) passed(source netip.Addr, target string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, pair := g.now(), guardKey{source: network(source), target: target}
	if !g.isKnown(pair, now) {
		g.wrong[guardKey{source: pair.source}].takeBack()
		g.wrong[guardKey{target: target}].takeBack()
	}
	delete(g.wrong, pair)
	if target != "" {
		shrink(g.known)
		g.known[pair] = now
	}
}

// rarely says whether something was done so seldom lately that it may be done
// once more, and counts it.
func (g *guard) rarely(what string, times int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	m := g.mistakes(guardKey{target: what, rare: true}, now)
	if m.count >= times {
		return false
	}
	m.count, m.last = m.count+1, now
	return true
}

// buckets are requests that may be made: of each source and account.
type buckets struct {
	now  func() time.Time
	perS float64 // that come back
	size int

	mu  sync.Mutex
	all map[guardKey]*rate.Limiter
}

func newBuckets(now func() time.Time, perS float64, size int) *buckets {
	return &buckets{now: now, perS: perS, size: size, all: map[guardKey]*rate.Limiter{}}
}

// take takes n requests from a bucket: whether they were there, and what is
// left.
func (b *buckets) take(source netip.Addr, account string, n int) (ok bool, left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	k := guardKey{source: network(source), target: account}
	l := b.all[k]
	if l == nil {
		if n == 0 {
			return true, b.size
		}
		b.makeRoom(now)
		l = rate.NewLimiter(rate.Limit(b.perS), b.size)
		b.all[k] = l
	}
	ok = l.AllowN(now, n)
	return ok, max(0, int(l.TokensAt(now)))
}

// makeRoom forgets buckets that are full again, or any if all are in use.
func (b *buckets) makeRoom(now time.Time) {
	if len(b.all) < maxSources {
		return
	}
	for k, l := range b.all {
		if l.TokensAt(now) >= float64(b.size) {
			delete(b.all, k)
		}
	}
	shrink(b.all)
}
