package docs_test

import (
	"flag"
	"os"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/docs"
)

var update = flag.Bool("update", false, "write the pages anew")

// TestFresh fails when a page is not what the code says.
func TestFresh(t *testing.T) {
	page, err := docs.Actions(actions.All(actions.Deps{}))
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/reference/actions.md"
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(path); err != nil || string(old) != page {
		t.Errorf("%s is not what the actions declare (%v): go test ./internal/docs -update", path, err)
	}
}
