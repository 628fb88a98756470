package callbacks_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/callbacks"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// post keeps what is posted.
type post struct {
	mu  sync.Mutex
	all []actions.Callback
}

func (p *post) Post(_ string, c actions.Callback) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, c)
}

func (*post) Settle(context.Context) error { return nil }

func (p *post) got() []actions.Callback {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// TestPromises has one call end and another be cut off with its server: at
// the next start the second one's end is told, once.
func TestPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.Memory()
		log := slog.New(slog.DiscardHandler)
		var first post
		promises := callbacks.NewPromises(kept, &first, log)
		reader := callbacks.NewReader(&first, promises)
		for _, call := range []string{"ends", "cut"} {
			for _, f := range []event.Fact{
				event.Offered{Account: "a", Direction: "inbound"},
				event.StatusCallback{Target: "http://x/status", Method: "POST", Events: []string{"answered", "completed"}},
				event.Answered{},
			} {
				reader.Add(event.Event{At: time.Now(), Call: call, What: f})
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		reader.Add(event.Event{At: time.Now(), Call: "ends", What: event.Ended{Cause: "NORMAL_CLEARING", By: "caller"}})
		promises.Close()
		if n := len(first.got()); n != 3 {
			t.Errorf("%d callbacks before the crash: %+v", n, first.got())
		}
		for start, want := range []int{1, 0} {
			var later post
			next := callbacks.NewPromises(kept, &later, log)
			time.Sleep(time.Second)
			next.Close()
			got := later.got()
			if len(got) != want {
				t.Fatalf("start %d: %+v", start, got)
			}
			if want == 1 && (got[0].Call != "cut" || got[0].Event != "completed" || got[0].Params.Get("CallStatus") != "failed" ||
				got[0].Params.Get("SequenceNumber") != "1" || got[0].URL != "http://x/status") {
				t.Errorf("told %+v", got[0])
			}
		}
	})
}

// away is a store that cannot be reached for a while: reading fails after so
// many reads, and writing.
type away struct {
	store.Docs
	mu     sync.Mutex
	lists  int  // that work
	closed bool // for writes
}

var errAway = errors.New("the database is away")

func (a *away) set(lists int, closed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lists, a.closed = lists, closed
}

func (a *away) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	a.mu.Lock()
	a.lists--
	fails := a.lists < 0
	a.mu.Unlock()
	if fails {
		return nil, errAway
	}
	return a.Docs.List(ctx, q)
}

func (a *away) write() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return errAway
	}
	return nil
}

func (a *away) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	if err := a.write(); err != nil {
		return d, err
	}
	return a.Docs.Put(ctx, d)
}

func (a *away) Delete(ctx context.Context, k store.Key, rev int64, hard bool) error {
	if err := errors.Join(ctx.Err(), a.write()); err != nil {
		return err
	}
	return a.Docs.Delete(ctx, k, rev, hard)
}

// kept is how many promises there are.
func kept(t *testing.T, docs store.Docs) int {
	t.Helper()
	all, err := docs.List(context.WithoutCancel(t.Context()), store.Query{Type: "pvt_callback_promise", AnyAccount: true})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// promised leaves n promises as of a process that was killed.
func promised(t *testing.T, docs store.Docs, n int) {
	t.Helper()
	p := callbacks.NewPromises(docs, &post{}, slog.New(slog.DiscardHandler))
	for i := range n {
		p.Keep("a", actions.Callback{Call: fmt.Sprint("old", i), Event: "completed"})
	}
	p.Close()
	if k := kept(t, docs); k != n {
		t.Fatalf("%d are kept", k)
	}
}

// TestPromisesStoreAway: what was promised before is told once, although the
// store cannot be read at first, then only in part, and then not be written
// to; and what is promised meanwhile is kept.
func TestPromisesStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &away{Docs: store.Memory()}
		docs.set(1000, false)
		promised(t, docs, 50)
		docs.set(0, true)
		var later post
		p := callbacks.NewPromises(docs, &later, slog.New(slog.DiscardHandler))
		p.Keep("a", actions.Callback{Call: "new", Event: "completed"})
		time.Sleep(time.Minute)
		docs.set(1, true)
		time.Sleep(time.Minute)
		docs.set(1000, true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(later.got()); n != 50 {
			t.Errorf("told %d", n)
		}
		docs.set(1000, false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := kept(t, docs.Docs); n != 1 {
			t.Errorf("%d are kept, not the new one alone", n)
		}
		p.Forget("a", "new")
		p.Close()
		if n, told := kept(t, docs.Docs), len(later.got()); n != 0 || told != 50 {
			t.Errorf("%d are kept, %d were told", n, told)
		}
	})
}

// TestPromisesClosedAtOnce: what was told is not told again, however soon the
// next end comes.
func TestPromisesClosedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &away{Docs: store.Memory()}
		docs.set(1000, false)
		promised(t, docs, 3)
		var told post
		callbacks.NewPromises(docs, &told, slog.New(slog.DiscardHandler)).Close()
		if n := kept(t, docs.Docs); n+len(told.got()) != 3 {
			t.Errorf("%d were told, %d are kept", len(told.got()), n)
		}
	})
}

// slow is a store that takes a minute to write what is to be told.
type slow struct{ store.Docs }

func (s slow) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	if d.Type == callbacks.Type {
		time.Sleep(time.Minute)
	}
	return s.Docs.Put(ctx, d)
}

// TestPromiseUntilKept: a promise stays until what is told in its place is
// kept, so that a process which is killed between loses nothing.
func TestPromiseUntilKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := slow{store.Memory()}
		q := open(docs, newWeb(map[string][]int{"/cb": {0}}), nil)
		p := callbacks.NewPromises(docs, q, slog.New(slog.DiscardHandler))
		c := callback("c", "http://a.test/cb", "completed")
		p.Keep("a", c)
		synctest.Wait()
		q.Post("a", c)
		p.Forget("a", "c")
		time.Sleep(30 * time.Second)
		if n := kept(t, docs); n != 1 {
			t.Errorf("%d are kept before the callback is", n)
		}
		time.Sleep(time.Minute)
		if n := kept(t, docs); n != 0 {
			t.Errorf("%d are kept after it", n)
		}
		p.Close()
		q.Close()
	})
}

// TestPromiseWithdrawn: who does not want to know the end any more is not
// told by the next process.
func TestPromiseWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := store.Memory()
		p := callbacks.NewPromises(docs, &post{}, slog.New(slog.DiscardHandler))
		defer p.Close()
		r := callbacks.NewReader(&post{}, p)
		add := func(f event.Fact) { r.Add(event.Event{At: time.Now(), Call: "c", What: f}); synctest.Wait() }
		add(event.Offered{Account: "a", Direction: "inbound"})
		for _, c := range []struct {
			events []string
			want   int
		}{{[]string{"completed"}, 1}, {[]string{"answered"}, 0}, {[]string{"answered", "completed"}, 1}} {
			add(event.StatusCallback{Target: "http://x/", Method: "POST", Events: c.events})
			if n := kept(t, docs); n != c.want {
				t.Errorf("%q: %d are kept", c.events, n)
			}
		}
	})
}
