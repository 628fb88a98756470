package docs

import (
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/prompts"
)

// Prompts is the page of all prompts, in Markdown.
func Prompts(all []prompts.Prompt) string {
	var b strings.Builder
	b.WriteString("# Prompts\n\nMade from the code; `go test ./internal/docs -update` writes it anew.\n\n" +
		"How an account replaces one is in [prompts](../prompts.md).\n\n" +
		"| id | text, or tone | when it is heard |\n|---|---|---|\n")
	for _, p := range all {
		text := p.Text
		if text == "" {
			text = "`" + p.Tone + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.ID, cell(text), cell(p.When))
	}
	return b.String()
}
