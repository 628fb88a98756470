package answering

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// writeFlow saves or, without numbers, deletes a callflow, and tells f.
func writeFlow(tb testing.TB, docs store.Docs, f *Exchange, id string, numbers ...string) {
	tb.Helper()
	k := store.Key{Account: "a", Type: documents.CallflowType, ID: id}
	d, err := docs.Get(tb.Context(), k)
	rev := d.Rev
	if past, gone := docs.History(tb.Context(), k, 1); err != nil && gone == nil {
		rev = past[0].Rev // of a tombstone
	}
	if len(numbers) == 0 {
		if err == nil {
			err = docs.Delete(tb.Context(), k, rev, false)
		} else {
			err = nil
		}
	} else {
		body := fmt.Appendf(nil, `{"name":%q,"numbers":["%s"],"flow":{"module":"tts","data":{"text":%q}}}`,
			id, strings.Join(numbers, `","`), strings.Repeat("Hello. ", 100))
		_, err = docs.Put(tb.Context(), store.Doc{Key: k, Rev: rev, JSON: body})
	}
	if err != nil {
		tb.Fatal(err)
	}
	f.Changed(resource.Change{New: resource.Doc{Account: "a", Type: documents.CallflowType, ID: id}})
}

// TestFlowsFollowWrites changes callflows at random beside others who look:
// what is found is what somebody finds who reads them anew.
func TestFlowsFollowWrites(t *testing.T) {
	docs := store.Memory().Docs
	f := New(docs)
	stop := make(chan struct{})
	var lookers sync.WaitGroup
	for range 2 {
		lookers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _, _ = f.Match(t.Context(), "a", "100")
				}
			}
		})
	}
	defer lookers.Wait()
	defer close(stop)
	for range 500 {
		for range rand.N(3) + 1 {
			var numbers []string
			for range rand.N(3) {
				numbers = append(numbers, fmt.Sprint(100+rand.N(10)))
			}
			writeFlow(t, docs, f, fmt.Sprint("flow", rand.N(10)), numbers...)
		}
		anew := New(docs)
		for n := range 10 {
			number := fmt.Sprint(100 + n)
			got, _, err := f.Match(t.Context(), "a", number)
			want, _, err2 := anew.Match(t.Context(), "a", number)
			if err != nil || err2 != nil || got.Found != want.Found || got.Flow.ID != want.Flow.ID {
				t.Fatalf("%s: %+v, not %+v (%v, %v)", number, got, want, err, err2)
			}
		}
	}
}

// TestFlowsManyWrites is more writes than are read one by one.
func TestFlowsManyWrites(t *testing.T) {
	docs := store.Memory().Docs
	f := New(docs)
	for range 2 {
		for i := range rereadMost + 50 {
			writeFlow(t, docs, f, fmt.Sprint("flow", i), fmt.Sprint(1000+i))
		}
		if r, _, err := f.Match(t.Context(), "a", "1240"); err != nil || !r.Found || r.Flow.ID != "flow240" {
			t.Errorf("%+v, %v", r, err)
		}
		if left := len(f.accounts["a"].written); left != 0 {
			t.Errorf("%d writes are to be read still", left)
		}
	}
}

// BenchmarkMatchAfterWrite finds a number among those of 10,000 callflows, of
// which one was written before.
func BenchmarkMatchAfterWrite(b *testing.B) {
	docs := store.Memory().Docs
	f := New(docs)
	for i := range 10_000 {
		writeFlow(b, docs, f, fmt.Sprint("flow", i), fmt.Sprint(10_000+i))
	}
	for i := 0; b.Loop(); i++ {
		writeFlow(b, docs, f, "flow5000", "15000", fmt.Sprint(50_000+i))
		if r, _, err := f.Match(b.Context(), "a", "15000"); err != nil || r.Flow.ID != "flow5000" {
			b.Fatalf("%+v, %v", r, err)
		}
	}
}

// TestLargeFlowsAreReadWhenCalled: an account's callflows take only so much
// memory, and all of them answer.
func TestLargeFlowsAreReadWhenCalled(t *testing.T) {
	docs := store.Memory().Docs
	f := New(docs)
	long := strings.Repeat("x", keptBytes/4)
	for i := range 10 {
		k := store.Key{Account: "a", Type: documents.CallflowType, ID: fmt.Sprint(i)}
		body := fmt.Appendf(nil, `{"numbers":["10%d"],"flow":{"module":"tts","data":{"text":%q}}}`, i, long)
		if _, err := docs.Put(t.Context(), store.Doc{Key: k, JSON: body}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		_, c, err := f.Match(t.Context(), "a", fmt.Sprintf("10%d", i))
		if err != nil || c.Flow == nil || len(c.Flow.Data) < len(long) {
			t.Errorf("%d: %v, %v", i, c.Flow != nil, err)
		}
	}
	kept := 0
	for _, c := range f.accounts["a"].program.flows {
		if c.Flow != nil {
			kept++
		}
	}
	if kept != 3 {
		t.Errorf("%d flows are kept", kept)
	}
	writeFlow(t, docs, f, "x", "200")
	if _, c, err := f.Match(t.Context(), "a", "200"); err != nil || c.Flow == nil {
		t.Error(err)
	}
}

// gets counts what is read one by one, and waits for leave to do so.
type gets struct {
	store.Docs
	leave chan struct{}
	n     atomic.Int64
}

func (g *gets) Get(ctx context.Context, k store.Key) (store.Doc, error) {
	g.n.Add(1)
	select {
	case <-g.leave:
		return g.Docs.Get(ctx, k)
	case <-ctx.Done():
		return store.Doc{}, ctx.Err()
	}
}

// TestOneReadsForAll: after a write, one of many calls brings the account's
// callflows up to date, and not each of them all; if that one is hung up,
// another does.
func TestOneReadsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &gets{Docs: store.Memory().Docs, leave: make(chan struct{})}
		f := New(docs)
		writeFlow(t, docs.Docs, f, "x", "100")
		if _, _, err := f.Match(t.Context(), "a", "100"); err != nil {
			t.Fatal(err)
		}
		writeFlow(t, docs.Docs, f, "y", "200")
		hungUp, hangUp := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() { _, _, _ = f.Match(hungUp, "a", "200") })
		synctest.Wait()
		for range 50 {
			calls.Go(func() {
				if r, _, err := f.Match(t.Context(), "a", "200"); err != nil || !r.Found {
					t.Errorf("%v, %v", r.Found, err)
				}
			})
		}
		synctest.Wait()
		if n := docs.n.Load(); n != 1 {
			t.Errorf("%d read at once", n)
		}
		hangUp()
		synctest.Wait()
		close(docs.leave)
		calls.Wait()
		if n := docs.n.Load(); n != 2 {
			t.Errorf("%d were read", n)
		}
	})
}
