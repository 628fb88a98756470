// Package docs writes reference pages from the code's own declarations.
package docs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/flow"
)

// Actions is the page of all actions, in Markdown.
func Actions(all []flow.Action) (string, error) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b flow.Action) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString("# Actions\n\nMade from the code; `go test ./internal/docs -update` writes it anew.\n\n" +
		"A callflow is a tree of nodes `{\"module\", \"data\", \"children\"}`. After an action the flow goes on\n" +
		"to the child that the action chose, else to `_`; where neither is there, the flow is over. An action that\n" +
		"could not do its work goes to the child `error` where there is one, else to `_`, with the reason on the\n" +
		"call's timeline. Every node's data may say `\"skip_module\": true`: the action is passed over.\n\n")
	for _, a := range all {
		fmt.Fprintf(&b, "[%s](#%s) ", a.Name, a.Name)
	}
	b.WriteString("\n")
	for _, a := range all {
		if err := action(&b, a); err != nil {
			return "", fmt.Errorf("docs: %s: %w", a.Name, err)
		}
	}
	return b.String(), nil
}

func action(b *strings.Builder, a flow.Action) error {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", a.Name, a.Summary)
	if len(a.Aliases) > 0 {
		fmt.Fprintf(b, "\nAlso called: `%s`.\n", strings.Join(a.Aliases, "`, `"))
	}
	if a.Doc != "" {
		fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(a.Doc))
	}
	if a.Needs == flow.Answer {
		b.WriteString("\nAnswers the call first.\n")
	}
	if len(a.Branches) > 0 {
		fmt.Fprintf(b, "\nBranches: `%s`, `_`.\n", strings.Join(a.Branches, "`, `"))
	}
	fields(b, a)
	for _, x := range a.Examples {
		node, err := json.MarshalIndent(map[string]any{"module": a.Name, "data": json.RawMessage(x.Data)}, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "\n%s\n\n```json\n%s\n```\n", x.Says, node)
	}
	return nil
}

func fields(b *strings.Builder, a flow.Action) {
	all := a.Schema.Describe()
	if len(all) == 0 {
		return
	}
	b.WriteString("\n| data | type | default | |\n|---|---|---|---|\n")
	for _, f := range all {
		fallback := "–"
		switch {
		case f.Default != "":
			fallback = "`" + f.Default + "`"
		case f.Required:
			fallback = "required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, fallback, cell(f.Says))
	}
}

// cell makes a text fit for a table.
func cell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }
