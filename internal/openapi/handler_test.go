package openapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

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
