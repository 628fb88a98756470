package documents_test

import (
	"fmt"
	"testing"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
)

// TestFeatures: a feature is a word of its own, also where another one begins
// like it.
func TestFeatures(t *testing.T) {
	d := resource.Doc{Public: resource.Object{
		"caller_id": resource.Object{"external": resource.Object{"number": "+12025550100"}},
		"smartpbx": resource.Object{
			"caller": resource.Object{"enabled": true}, "conferencing": resource.Object{"enabled": true},
			"caller_id": resource.Object{"enabled": true}, "faxing": resource.Object{"enabled": false},
		},
	}}
	got := documents.Users.Row(d)["features"]
	if want := "[caller caller_id conferencing]"; fmt.Sprint(got) != want {
		t.Errorf("%v, not %s", got, want)
	}
}
