package resource

import (
	"errors"
	"net/url"
	"testing"

	"github.com/pivotvoice/pivot/internal/schema"
)

func TestBadQueries(t *testing.T) {
	for query, want := range map[string]error{
		"page_size=0": ErrPageTooFew, "page_size=-3": ErrPageTooFew, "page_size=x": ErrPageSize,
	} {
		params, _ := url.ParseQuery(query)
		if _, err := ParseQuery(params, params.Get); !errors.Is(err, want) {
			t.Errorf("%s: %v", query, err)
		}
	}
	byAge := open(t)
	byAge.ByCreated = true
	for _, q := range []Query{{Start: "k"}, {End: "k"}, {Start: Cursor("x", "k")}} {
		var faults schema.Faults
		if _, err := byAge.List(t.Context(), q); !errors.As(err, &faults) || faults[0].Rule != "invalid" {
			t.Errorf("%+v of a list by time: %v", q, err)
		}
	}
	params := url.Values{"created_from": {"yesterday"}}
	var faults schema.Faults
	if _, err := ParseQuery(params, params.Get); !errors.As(err, &faults) || faults[0].Rule != "date_range" {
		t.Errorf("a bad bound: %v", err)
	}
}
