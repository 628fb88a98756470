package docs_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/docs"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/store"
)

var update = flag.Bool("update", false, "write the pages anew")

// TestFresh fails when a page is not what the code says.
func TestFresh(t *testing.T) {
	all := actions.All(actions.Deps{})
	page, err := docs.Actions(all)
	if err != nil {
		t.Fatal(err)
	}
	engine := flow.NewEngine(flow.Config{Actions: all})
	kept := store.Memory()
	server := api.New(api.Config{
		Docs: kept, Journal: kept, Blobs: kept.Blobs, Checker: engine, Actions: all, Interrupter: engine,
		Documents: documents{}, Presence: presence.New(kept),
	})
	fresh(t, "../../docs/reference/actions.md", page)
	fresh(t, "../../docs/reference/api.md", docs.API(server.Operations()))
	fresh(t, "../../docs/reference/prompts.md", docs.Prompts(prompts.All()))
}

// documents takes every document.
type documents struct{}

func (documents) CheckDocument(context.Context, api.Document) api.Report { return api.Report{} }

func fresh(t *testing.T, path, page string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(path); err != nil || string(old) != page {
		t.Errorf("%s is not what the code declares (%v): go test ./internal/docs -update", path, err)
	}
}
