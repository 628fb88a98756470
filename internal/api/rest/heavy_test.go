package rest

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/store"
)

// served is a server of operations without accounts.
func served(ops ...Operation) *Server {
	return New(Config{People: identity.New(identity.Config{Docs: store.Memory().Docs})}, ops)
}

// TestHeavy has more large bodies than may be worked on at one time: one that
// is too many waits for its turn, and is told to come again where none comes.
func TestHeavy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{heavy: make(chan struct{}, heavyAtOnce)}
		var all []*Request
		for range heavyAtOnce {
			r := &Request{by: s, ctx: t.Context()}
			if err := r.takeTurn(heavyFrom); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		small, late := &Request{by: s, ctx: t.Context()}, &Request{by: s, ctx: t.Context()}
		if err := small.takeTurn(heavyFrom - 1); err != nil {
			t.Errorf("a small one has to wait: %v", err)
		}
		began := time.Now()
		if err := late.takeTurn(heavyFrom); err == nil || !strings.Contains(err.Error(), "503") || time.Since(began) != heavyWait {
			t.Errorf("one too many: %v after %v", err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { all[0].endTurn() })
		if err := late.takeTurn(heavyFrom); err != nil {
			t.Errorf("no turn comes: %v", err)
		}
		for _, r := range append(all[1:], small, late) {
			r.endTurn()
		}
		if len(s.heavy) != 0 {
			t.Errorf("%d turns are left behind", len(s.heavy))
		}
	})
}

// TestHeavyBody sends a large body through: its turn is over with it.
func TestHeavyBody(t *testing.T) {
	took := 0
	s := served(Operation{Method: "POST", Path: "x", Who: Anyone, Do: func(r *Request) (Reply, error) {
		took++
		return Reply{}, map[bool]error{true: Says(400, "bad", "bad")}[r.Data()["bad"] == true]
	}})
	for _, bad := range []string{"false", "true"} {
		body := `{"data":{"bad":` + bad + `,"note":"` + strings.Repeat("x", heavyFrom) + `"}}`
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/v2/x", strings.NewReader(body)))
	}
	if took != 2 {
		t.Errorf("%d requests were served", took)
	}
	if len(s.heavy) != 0 {
		t.Errorf("%d turns are left behind", len(s.heavy))
	}
}
