package openapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/pivotvoice/pivot/internal/openapi"
)

// TestFailureIsNotKept: a reference that could not be made is made when it is
// asked for again.
func TestFailureIsNotKept(t *testing.T) {
	asked := 0
	h := openapi.Handler(func(context.Context) (openapi.Description, error) {
		if asked++; asked == 1 {
			return openapi.Description{}, errors.New("too busy")
		}
		return openapi.Description{Version: "1"}, nil
	})
	for i, want := range []int{500, 200, 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/openapi.json", nil))
		if w.Code != want {
			t.Errorf("request %d: %d %.200s", i, w.Code, w.Body)
		}
	}
	if asked != 2 {
		t.Errorf("made %d times", asked)
	}
}

// TestNobodyWaitsInVain: whose client has gone does not wait for another
// request's reference, which is made all the same.
func TestNobodyWaitsInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let, asked := make(chan struct{}), 0
		h := openapi.Handler(func(context.Context) (openapi.Description, error) {
			asked++
			<-let
			return openapi.Description{Version: "1"}, nil
		})
		ask := func(ctx context.Context) <-chan int {
			out := make(chan int, 1)
			go func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/openapi.json", nil))
				out <- w.Code
			}()
			synctest.Wait()
			return out
		}
		first, leave := context.WithCancel(t.Context())
		makes := ask(first)
		second, goes := context.WithCancel(t.Context())
		waits, stays := ask(second), ask(t.Context())
		goes()
		leave()
		if code := <-waits; code != 500 {
			t.Errorf("who has gone got %d", code)
		}
		close(let)
		if a, b := <-makes, <-stays; a != 200 || b != 200 || asked != 1 {
			t.Errorf("%d and %d, made %d times", a, b, asked)
		}
	})
}
