package twiml

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	pageFile  = "../../docs/twiml-compatibility.md"
	pageBegin = "<!-- made from the code: go test ./internal/twiml -run TestPage -update -->\n"
	pageEnd   = "<!-- end -->\n"
)

// TestPage holds the tables of the page to the code.
func TestPage(t *testing.T) {
	raw, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), pageBegin)
	was, after, ended := strings.Cut(rest, pageEnd)
	if !ok || !ended {
		t.Fatal("the page has no place for the tables")
	}
	tables := page()
	if was == tables {
		return
	}
	if !*update {
		t.Fatal("the page is not what the code says; run with -update")
	}
	if err := os.WriteFile(pageFile, []byte(before+pageBegin+tables+pageEnd+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// page is both tables: of what there is, and of the attributes of what is
// built.
func page() string {
	var b strings.Builder
	b.WriteString("\n| element | | may hold |\n|---|---|---|\n")
	verbs := vocabulary(Pivot).verbs // it has all that Twilio's has
	for _, w := range verbs {
		rows(&b, w, "", w.later)
	}
	b.WriteString("\nAttributes of what is built; those in *italics* are Kazoo's, not Twilio's.\n\n" +
		"| element | attribute | value | if not given |\n|---|---|---|---|\n")
	seen := map[string]bool{}
	for _, w := range verbs {
		if !w.later {
			attributes(&b, w, seen)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// rows are w and its nouns.
func rows(b *strings.Builder, w *word, above string, later bool) {
	later = later || w.later
	state := "done"
	if later {
		state = "refused: not built yet"
	}
	if w.only != "" {
		state += ", profile " + string(w.only) + " only"
	}
	name := above + "`<" + w.name + ">`"
	if len(w.also) > 0 {
		name += " (also `<" + strings.Join(w.also, ">` `<") + ">`)"
	}
	may := ""
	if w.text {
		may = "text"
	}
	if len(w.inside) > 0 {
		may = strings.TrimPrefix(may+", `<"+strings.Join(names(w.inside), ">` `<")+">`", ", ")
	}
	fmt.Fprintf(b, "| %s | %s | %s |\n", name, state, may)
	for _, in := range w.inside {
		if strings.ToLower(in.name) == in.name || slices.Contains([]string{"Say", "Play", "Pause", "Parameter"}, in.name) {
			continue // SSML and the like is in the row above
		}
		rows(b, in, above+w.name+" / ", later)
	}
}

// attributes are those of w and of what stands in it.
func attributes(b *strings.Builder, w *word, seen map[string]bool) {
	if seen[w.name] {
		return
	}
	seen[w.name] = true
	for _, a := range w.attrs {
		name := "`" + a.name + "`"
		if a.own {
			name = "*" + name + "*"
		}
		if len(a.also) > 0 {
			name += " (also `" + strings.Join(a.also, "`, `") + "`)"
		}
		says := a.kind.says
		if twin := find(all(Twilio), w.name); twin != nil && twin.attr(a.name) != nil {
			if other := twin.attr(a.name).kind.says; other != says {
				says = fmt.Sprintf("%s; in `twilio` %s", says, other)
			}
		}
		if a.unused != "" {
			says += "; no effect: " + a.unused
		}
		if a.with != "" {
			says += "; with `" + a.with + "` only"
		}
		fmt.Fprintf(b, "| `<%s>` | %s | %s | %s |\n", w.name, name, strings.ReplaceAll(says, "|", `\|`), a.unset)
	}
	for _, in := range w.inside {
		if !in.later {
			attributes(b, in, seen)
		}
	}
}

// all are the verbs of a profile that are built.
func all(p Profile) []*word {
	return slices.DeleteFunc(vocabulary(p).verbs, func(w *word) bool { return w.later })
}
