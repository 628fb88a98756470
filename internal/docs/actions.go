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
	if err := fields(b, a); err != nil {
		return err
	}
	for _, x := range a.Examples {
		node, err := json.MarshalIndent(map[string]any{"module": a.Name, "data": json.RawMessage(x.Data)}, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "\n%s\n\n```json\n%s\n```\n", x.Says, node)
	}
	return nil
}

// property is what a page says of one field.
type property struct {
	Type        any             `json:"type"`
	Description string          `json:"description"`
	Default     json.RawMessage `json:"default"`
	Enum        []any           `json:"enum"`
	Minimum     *json.Number    `json:"minimum"`
	Maximum     *json.Number    `json:"maximum"`
	MinLength   *int            `json:"minLength"`
	MaxLength   *int            `json:"maxLength"`
	MinItems    *int            `json:"minItems"`
	Pattern     string          `json:"pattern"`
	Items       *property       `json:"items"`
}

func fields(b *strings.Builder, a flow.Action) error {
	var s struct {
		Properties map[string]property `json:"properties"`
		Required   []string            `json:"required"`
	}
	if err := json.Unmarshal(a.Schema.JSON(), &s); err != nil {
		return err
	}
	names := a.Schema.Fields()
	if len(names) == 0 {
		return nil
	}
	b.WriteString("\n| data | type | default | |\n|---|---|---|---|\n")
	for _, name := range names {
		p := s.Properties[name]
		fallback := "–"
		switch {
		case p.Default != nil: // which is put in before anything is asked for
			fallback = "`" + string(p.Default) + "`"
		case slices.Contains(s.Required, name):
			fallback = "required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, p.kind(), fallback, cell(p.Description+p.limits()))
	}
	return nil
}

func (p property) kind() string {
	if p.Items != nil && p.Items.Type != nil {
		return fmt.Sprintf("%v of %v", p.Type, p.Items.Type)
	}
	if p.Type == nil {
		return "any"
	}
	return fmt.Sprint(p.Type)
}

// limits is what a value must hold to, as a sentence.
func (p property) limits() string {
	var all []string
	add := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	values := p.Enum
	if p.Items != nil && values == nil {
		values = p.Items.Enum
	}
	if values != nil {
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = fmt.Sprintf("`%v`", v)
		}
		add("one of %s", strings.Join(words, " "))
	}
	if p.Minimum != nil {
		add("at least %s", *p.Minimum)
	}
	if p.Maximum != nil {
		add("at most %s", *p.Maximum)
	}
	if p.MinLength != nil {
		add("at least %d characters", *p.MinLength)
	}
	if p.MaxLength != nil {
		add("at most %d characters", *p.MaxLength)
	}
	if p.MinItems != nil {
		add("at least %d items", *p.MinItems)
	}
	if p.Pattern != "" {
		add("matches `%s`", p.Pattern)
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// cell makes a text fit for a table.
func cell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }
