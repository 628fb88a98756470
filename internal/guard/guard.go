// Package guard slows down who guesses and who asks too much. It knows sources,
// which are addresses, and what they want to get into, which is any text.
package guard

import (
	"net/netip"
	"sync"
	"time"
)

// maxSources is how many sources are remembered.
const maxSources = 10_000

// How often strangers may be wrong (spec/crossbar-api.md section 1.8).
const (
	FreeErrors  = 5 // wrong credentials that cost nothing; each one more costs a wait
	longestWait = 5 * time.Minute
	ForgetAfter = 15 * time.Minute
	// An account at which many sources guess: new ones have nothing free.
	AttackAt   = 50 // wrong credentials from everywhere
	AttackWait = 5 * time.Second
	knownFor   = 30 * 24 * time.Hour // a source that has logged in to an account
)

// Guard slows down who guesses: a growing wait for a source that keeps sending
// wrong credentials, and one for every new source while many guess at one
// account. Nobody is locked out of an account by what others do: a source that
// has logged in to it before waits for its own mistakes only, and any other a
// few seconds. It remembers so many sources and no more.
type Guard struct {
	now func() time.Time

	mu    sync.Mutex
	wrong map[key]*mistakes
	known map[key]time.Time // when it last logged in
}

// key is a source and what it wants to get into. A source alone is all
// that it does, a target alone what is done by all sources.
type key struct {
	source netip.Prefix
	target string
	rare   bool // what is done rarely, and is no target that a stranger could name
}

type mistakes struct {
	count int
	last  time.Time
	until time.Time
}

// New makes a guard that has seen nobody.
func New(now func() time.Time) *Guard {
	return &Guard{now: now, wrong: map[key]*mistakes{}, known: map[key]time.Time{}}
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

// Try is how long a source must still keep its credentials for a target ("" is
// none in particular) to itself. If it need not, the try counts as a mistake
// until it has passed: many at the same time count as many.
func (g *Guard) Try(source netip.Addr, target string) (wait time.Duration, attacked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, pair := g.now(), key{source: network(source), target: target}
	if g.isKnown(pair, now) {
		m := g.mistakes(pair, now)
		if wait = m.until.Sub(now); wait <= 0 {
			m.add(now)
		}
		return max(0, wait), false
	}
	all, target0 := g.mistakes(key{source: pair.source}, now), key{target: target}
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
	return 0, m.count == AttackAt
}

// attackWait is how long a new source waits because so many guess: at first,
// and after each try.
func (g *Guard) attackWait(pair key, now time.Time) time.Duration {
	m := g.wrong[key{target: pair.target}]
	if pair.target == "" || m == nil || m.count < AttackAt || now.Sub(m.last) > ForgetAfter {
		return 0
	}
	its := g.mistakes(pair, now)
	if its.until.IsZero() {
		its.last, its.until = now, now.Add(AttackWait)
	}
	wait := its.until.Sub(now)
	if wait <= 0 {
		its.last, its.until = now, now.Add(AttackWait)
	}
	return wait
}

func (g *Guard) isKnown(pair key, now time.Time) bool {
	at, there := g.known[pair]
	return there && now.Sub(at) < knownFor
}

// mistakes are those under a key that are not forgotten yet.
func (g *Guard) mistakes(k key, now time.Time) *mistakes {
	m := g.wrong[k]
	if m == nil || now.Sub(m.last) > ForgetAfter {
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
	if over := m.count - FreeErrors; over > 0 {
		m.until = now.Add(min(longestWait, time.Second<<min(over-1, 16)))
	}
}

// takeBack takes back what a try has counted.
func (m *mistakes) takeBack() {
	if m != nil {
		m.count, m.until = max(0, m.count-1), time.Time{}
	}
}

// forget lets go of old mistakes, or of any if all are new.
func (g *Guard) forget(now time.Time) {
	if len(g.wrong) < maxSources {
		return
	}
	for k, m := range g.wrong {
		if now.Sub(m.last) > ForgetAfter {
			delete(g.wrong, k)
		}
	}
	shrink(g.wrong)
}

// Failed notes wrong credentials that were not held up before.
func (g *Guard) Failed(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.mistakes(key{source: network(source)}, now).add(now)
}

// Failures is how many mistakes of a source are remembered.
func (g *Guard) Failures(source netip.Addr) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.wrong[key{source: network(source)}]; m != nil {
		return m.count
	}
	return 0
}

// Passed says that the last try knew the right credentials. Mistakes at other
// targets stay: who guesses at one account may have another.
func (g *Guard) Passed(source netip.Addr, target string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, pair := g.now(), key{source: network(source), target: target}
	if !g.isKnown(pair, now) {
		g.wrong[key{source: pair.source}].takeBack()
		g.wrong[key{target: target}].takeBack()
	}
	delete(g.wrong, pair)
	if target != "" {
		shrink(g.known)
		g.known[pair] = now
	}
}

// Rarely says whether something was done so seldom lately that it may be done
// once more, and counts it.
func (g *Guard) Rarely(what string, times int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	m := g.mistakes(key{target: what, rare: true}, now)
	if m.count >= times {
		return false
	}
	m.count, m.last = m.count+1, now
	return true
}
