package resource_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// slow is a store that takes a second to write.
type slow struct{ store.Docs }

func (s slow) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	time.Sleep(time.Second)
	return s.Docs.Put(ctx, d)
}

// TestManyWriters has many change one document at the same moment: nobody is
// refused, and nothing is lost.
func TestManyWriters(t *testing.T) {
	const writers = 40
	synctest.Test(t, func(t *testing.T) {
		res := resource.Define(resource.Def[struct{}]{Name: "things", Type: "thing"})
		c := resource.Collection{
			Resource: res, Docs: slow{store.Memory().Docs}, Account: "a", Locks: resource.NewLocks(),
		}
		if _, err := c.Create(t.Context(), resource.Object{"id": "hot"}); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var refused atomic.Int32
		for i := range writers {
			all.Go(func() {
				if _, err := c.Patch(t.Context(), "hot", resource.Object{"k" + strconv.Itoa(i): true}, ""); err != nil {
					refused.Add(1)
				}
			})
		}
		all.Wait()
		d, err := c.Get(t.Context(), "hot")
		if err != nil || refused.Load() != 0 || len(d.Public) != writers {
			t.Errorf("%d were refused, %d of %d changes are there (%v)", refused.Load(), len(d.Public), writers, err)
		}
	})
}

// TestWaitingForALockEnds gives up one who waits, and lets the next in.
func TestWaitingForALockEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res := resource.Define(resource.Def[struct{}]{Name: "things", Type: "thing"})
		c := resource.Collection{
			Resource: res, Docs: slow{store.Memory().Docs}, Account: "a", Locks: resource.NewLocks(),
		}
		if _, err := c.Create(t.Context(), resource.Object{"id": "hot"}); err != nil {
			t.Fatal(err)
		}
		patch := func(ctx context.Context) error {
			_, err := c.Patch(ctx, "hot", resource.Object{"a": "b"}, "")
			return err
		}
		first := make(chan error, 1)
		go func() { first <- patch(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := patch(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second: %v", err)
		}
		if err := <-first; err != nil {
			t.Errorf("the first: %v", err)
		}
		if err := patch(t.Context()); err != nil {
			t.Errorf("the third: %v", err)
		}
	})
}
