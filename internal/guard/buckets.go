package guard

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Buckets are requests that may be made: of each source and account.
type Buckets struct {
	now  func() time.Time
	perS float64 // that come back
	size int

	mu  sync.Mutex
	all map[key]*rate.Limiter
}

// NewBuckets makes buckets of size requests, of which perS come back each
// second.
func NewBuckets(now func() time.Time, perS float64, size int) *Buckets {
	return &Buckets{now: now, perS: perS, size: size, all: map[key]*rate.Limiter{}}
}

// Take takes n requests from a bucket: whether they were there, and what is
// left.
func (b *Buckets) Take(source netip.Addr, account string, n int) (ok bool, left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	k := key{source: network(source), target: account}
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
func (b *Buckets) makeRoom(now time.Time) {
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
