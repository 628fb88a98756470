package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// pondering is a store after whose answers others have their turn.
type pondering struct{ store.Docs }

func (p pondering) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	found, err := p.Docs.List(ctx, q)
	for range 20 {
		runtime.Gosched()
	}
	return found, err
}

// all are the statuses of requests that are made at once, "METHOD PATH BODY".
func (w *world) all(requests ...string) []int {
	codes := make([]int, len(requests))
	var done sync.WaitGroup
	begin := make(chan struct{})
	for i, what := range requests {
		part := strings.SplitN(what, " ", 3)
		req := httptest.NewRequest(part[0], part[1], strings.NewReader(`{"data":`+part[2]+`}`))
		req.Header.Set("X-Auth-Token", w.token)
		done.Go(func() {
			rec := httptest.NewRecorder()
			<-begin
			w.ServeHTTP(rec, req)
			codes[i] = rec.Code
		})
	}
	close(begin)
	done.Wait()
	return codes
}

// TestOneOfManyHasIt saves at the same moment, in two accounts, what only one
// document of all may have.
func TestOneOfManyHasIt(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Docs = pondering{c.Docs} })
	other := w.child(w.creds.AccountID, "Other")
	for what, body := range map[string]string{
		"devices":     `{"name":"n","sip":{"username":"u%d","realm":"r.example","password":"12345"}}`,
		"devices/ip":  `{"name":"n","sip":{"method":"ip","ip":"192.0.2.%d"}}`,
		"faxboxes":    `{"name":"n","custom_smtp_email_address":"f%d@example.com"}`,
		"conferences": `{"name":"n","conference_numbers":["30%d"]}`,
	} {
		name, _, _ := strings.Cut(what, "/")
		for round := range 10 {
			var all []string
			for i := range 8 {
				account := w.creds.AccountID
				if i%2 > 0 && name != "conferences" {
					account = other
				}
				all = append(all, "PUT /v2/accounts/"+account+"/"+name+" "+fmt.Sprintf(body, round))
			}
			codes := w.all(all...)
			slices.Sort(codes)
			if !slices.Equal(codes, []int{201, 400, 400, 400, 400, 400, 400, 400}) {
				t.Fatalf("%s: %v", what, codes)
			}
		}
	}
}

// TestNoAccountBelowOneThatIsGone makes accounts below one that is deleted at
// the same moment, and moves two below each other.
func TestNoAccountBelowOneThatIsGone(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Docs = pondering{c.Docs} })
	for round := range 20 {
		a := w.child(w.creds.AccountID, fmt.Sprint("A", round))
		codes := w.all(
			"DELETE /v2/accounts/"+a+" {}", fmt.Sprintf(`PUT /v2/accounts/%s {"name":"a%d"}`, a, round),
			fmt.Sprintf(`PUT /v2/accounts/%s {"name":"b%d"}`, a, round),
		)
		if made := slices.Contains(codes[1:], http.StatusCreated); made == (codes[0] == http.StatusOK) {
			t.Fatalf("deleted, made, made: %v", codes)
		}
	}
	for round := range 20 {
		a, b := w.child(w.creds.AccountID, fmt.Sprint("M", round)), w.child(w.creds.AccountID, fmt.Sprint("N", round))
		w.all("POST /v2/accounts/"+a+`/move {"to":"`+b+`"}`, "POST /v2/accounts/"+b+`/move {"to":"`+a+`"}`)
		for _, id := range []string{a, b} {
			if above := w.must(200, "GET /v2/accounts/"+id+"/parents", "").ids(); strings.Contains(above, id) {
				t.Fatalf("%s is below itself: %s", id, above)
			}
		}
	}
}

// slowly is a store that lets others in between any reading and writing.
type slowly struct{ store.Docs }

func (s slowly) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	for range 50 {
		runtime.Gosched()
	}
	return s.Docs.Put(ctx, d)
}

// TestManyWriters has many change one document at the same moment: who names
// no revision is never refused, and what they wrote is there.
func TestManyWriters(t *testing.T) {
	const writers = 40
	w := newWorld(t, func(c *Config) { c.Docs = slowly{c.Docs} })
	w.must(201, "PUT A/users", `{"id":"hot","first_name":"A","last_name":"B"}`)
	w.must(201, "PUT A/menus", `{"id":"hot","name":"Hot"}`)
	for _, path := range []string{"/menus/hot", "/users/hot", ""} { // each has its own collection
		path = "/v2/accounts/" + w.creds.AccountID + path
		var all []string
		for i := range writers {
			all = append(all, fmt.Sprintf(`PATCH %s {"by%d":true}`, path, i))
		}
		codes := w.all(all...)
		refused := slices.DeleteFunc(slices.Clone(codes), func(code int) bool { return code == http.StatusOK })
		d := w.must(200, "GET "+path, "").data()
		for i := range writers {
			if codes[i] == http.StatusOK && d[fmt.Sprint("by", i)] != true {
				t.Errorf("%s: what writer %d wrote is lost", path, i)
			}
		}
		if len(refused) > 0 {
			t.Errorf("%s: refused: %v", path, refused)
		}
	}
}
