package callbacks_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestAgain is a callback with a patience of its own: it is tried again as
// often as it says where there was no answer, and no other failure is.
func TestAgain(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int
		times   int
		want    string // the second of each request
	}{
		"never":        {[]int{0}, 3, "0 2 4 6"},
		"in the end":   {[]int{0, 0, 200}, 3, "0 2 4"},
		"once":         {[]int{0}, 0, "0"},
		"the last one": {[]int{0, 0, 0, 200}, 3, "0 2 4 6"},
		"busy":         {[]int{503}, 3, "0"},
		"refused":      {[]int{404}, 3, "0"},
		"then busy":    {[]int{0, 500}, 3, "0 2"},
		"taken":        {[]int{204}, 3, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				docs, w, l := store.Memory(), newWeb(map[string][]int{"/cb": c.answers}), &log{}
				q := open(docs, w, l)
				defer q.Close()
				x := callback("c1", "http://a.test/cb", "x")
				x.Again = &actions.Again{Times: c.times, Every: 2 * time.Second}
				q.Post("acc", x)
				time.Sleep(time.Hour)
				synctest.Wait()
				var at string
				for _, line := range w.asked {
					at += " " + line[:len(line)-2]
				}
				if at != " "+c.want {
					t.Errorf("asked at%s, want %s", at, c.want)
				}
				tries := l.tries()
				last := tries[len(tries)-1]
				if good := c.answers[len(c.answers)-1]/100 == 2; last.Over == good || (last.Err == "") != good {
					t.Errorf("told %+v", last)
				}
				if n := left(t, docs); n != 0 {
					t.Errorf("%d are kept", n)
				}
			})
		})
	}
}

// TestAgainAfterRestart keeps the patience, and counts the tries before.
func TestAgainAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, w := store.Memory(), newWeb(map[string][]int{"/cb": {0}})
		x := callback("c1", "http://a.test/cb", "x")
		x.Again = &actions.Again{Times: 3, Every: 2 * time.Second}
		for _, open := range []func(){
			func() {
				q := open(docs, w, nil)
				q.Post("acc", x)
				time.Sleep(3 * time.Second)
				synctest.Wait()
				q.Close()
			},
			func() {
				q := open(docs, w, nil)
				time.Sleep(time.Hour)
				synctest.Wait()
				q.Close()
			},
		} {
			open()
		}
		if n := len(w.asked); n != 4 {
			t.Errorf("asked %d times: %q", n, w.asked)
		}
	})
}
