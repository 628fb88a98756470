package api

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestHeavy has more large bodies than may be worked on at one time: one that
// is too many waits for its turn, and is told to come again where none comes.
func TestHeavy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{heavy: make(chan struct{}, heavyAtOnce)}
		var all []*Request
		for range heavyAtOnce {
			r := &Request{ctx: t.Context()}
			if err := s.takeTurn(r, heavyFrom); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		small, late := &Request{ctx: t.Context()}, &Request{ctx: t.Context()}
		if err := s.takeTurn(small, heavyFrom-1); err != nil {
			t.Errorf("a small one has to wait: %v", err)
		}
		began := time.Now()
		if err := s.takeTurn(late, heavyFrom); err == nil || !strings.Contains(err.Error(), "503") || time.Since(began) != heavyWait {
			t.Errorf("one too many: %v after %v", err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { s.endTurn(all[0]) })
		if err := s.takeTurn(late, heavyFrom); err != nil {
			t.Errorf("no turn comes: %v", err)
		}
		for _, r := range append(all[1:], small, late) {
			s.endTurn(r)
		}
		if len(s.heavy) != 0 {
			t.Errorf("%d turns are left behind", len(s.heavy))
		}
	})
}

// TestHeavyBody sends a large body through: its turn is over with it.
func TestHeavyBody(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/menus", `{"name":"large","note":"`+strings.Repeat("x", heavyFrom)+`"}`)
	w.must(400, "PUT A/menus", `{"note":"`+strings.Repeat("x", heavyFrom)+`"}`)
	if len(w.heavy) != 0 {
		t.Errorf("%d turns are left behind", len(w.heavy))
	}
}
