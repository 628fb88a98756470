package docs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
)

// API is the page of all operations, in Markdown.
func API(ops []rest.Operation) string {
	var b strings.Builder
	b.WriteString("# Operations of the REST API\n\n" +
		"Made from the code; `go test ./internal/docs -update` writes it anew.\n\n" +
		"What they have in common (logging in, the envelope, lists, errors) is in [the REST API](../api.md).\n")
	groups := map[string][]rest.Operation{}
	for _, o := range ops {
		groups[o.Group] = append(groups[o.Group], o)
	}
	names := make([]string, 0, len(groups))
	for g := range groups {
		names = append(names, g)
	}
	slices.Sort(names)
	for _, g := range names {
		fmt.Fprintf(&b, "\n## %s\n\n| | | who |\n|---|---|---|\n", g)
		for _, o := range groups[g] {
			fmt.Fprintf(&b, "| `%s /v2/%s` | %s | %s |\n", o.Method, o.Path, cell(o.Tells()+params(o)), o.For())
		}
	}
	return b.String()
}

// listFrom is more parameters than anything but a list takes.
const listFrom = 6

// params are what an operation takes and gives; those of lists are told once.
func params(o rest.Operation) string {
	var b strings.Builder
	own := o.Params
	if len(own) > listFrom {
		b.WriteString("<br>takes the parameters of lists")
		own = nil
	}
	for _, p := range own {
		fmt.Fprintf(&b, "<br>`%s`: %s", p.Name, p.Summary)
	}
	if len(o.Consumes) > 0 {
		fmt.Fprintf(&b, "<br>body: `%s`", strings.Join(o.Consumes, "`, `"))
	}
	if len(o.Produces) > 0 {
		fmt.Fprintf(&b, "<br>besides JSON: `%s`", strings.Join(o.Produces, "`, `"))
	}
	return b.String()
}
