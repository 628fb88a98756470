package callbacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// TestReadInPart tells each callback once, though what is kept can at first be
// read only in part.
func TestReadInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &away{Docs: store.Memory()}
		docs.set(1000, false)
		q := open(docs, newWeb(map[string][]int{"/cb": {0}}), nil)
		for i := range 50 {
			q.Post("acc", callback(fmt.Sprint("c", i), "http://a.test/cb", fmt.Sprint(i)))
		}
		synctest.Wait()
		q.Close()
		docs.set(1, false)
		w := newWeb(nil)
		q = open(docs, w, nil)
		defer q.Close()
		time.Sleep(time.Second)
		docs.set(1000, false)
		time.Sleep(time.Minute)
		synctest.Wait()
		got := strings.Fields(w.events())
		slices.Sort(got)
		if n := len(slices.Compact(slices.Clone(got))); len(got) != 50 || n != 50 {
			t.Errorf("told %d, %d of them different", len(got), n)
		}
	})
}
