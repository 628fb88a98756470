package twiml

import (
	"bytes"
	"encoding/json"
	"errors"
	flags "flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

var update = flags.Bool("update", false, "write the golden files anew")

// dashes is between a golden file's source and its results.
const dashes = "----------------------------------------\n"

// jsonStub reads any JSON as a program.
type jsonStub struct{}

func (jsonStub) Decode(_ string, body []byte, check func(*flow.Node) (*flow.Node, schema.Faults)) (*flow.Node, error) {
	var n flow.Node
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, err
	}
	full, faults := check(&n)
	return full, faults.Err()
}

// fine finds nothing wrong.
func fine(n *flow.Node) (*flow.Node, schema.Faults) { return n, nil }

// header is the first lines of a golden file: "# key: value".
func header(src string) (map[string]string, string) {
	h := map[string]string{}
	for strings.HasPrefix(src, "# ") {
		line, rest, _ := strings.Cut(src, "\n")
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		h[key] = value
		src = rest
	}
	return h, src
}

// TestGolden holds every case in testdata to its result in each profile: the
// program, the warnings, or what is wrong. "# profile: twilio" at its top tries
// one profile only, "# lenient: true", "# type: text/plain", "# url: …" and
// "# says: …" (what the case shows) do as they say.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			all, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			src, want, _ := strings.Cut(string(all), dashes)
			got := results(src)
			if *update {
				if err := os.WriteFile(f, []byte(src+dashes+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// results is what a case comes to, one profile after the other, or once if
// they agree.
func results(src string) string {
	h, body := header(src)
	profiles := []Profile{Pivot, Twilio}
	if h["profile"] != "" {
		profiles = []Profile{Profile(h["profile"])}
	}
	var texts []string
	for _, p := range profiles {
		texts = append(texts, strings.TrimSpace(result(p, h, body))+"\n")
	}
	if len(texts) == 2 && strings.ReplaceAll(texts[0], `"compat":"pivot"`, "") == strings.ReplaceAll(texts[1], `"compat":"twilio"`, "") {
		return "both:\n" + texts[1]
	}
	var b strings.Builder
	for i, text := range texts {
		fmt.Fprintf(&b, "%s:\n%s", profiles[i], text)
	}
	return b.String()
}

func result(p Profile, h map[string]string, body string) string {
	d := New(p)
	d.Lenient, d.Callflows = h["lenient"] == "true", jsonStub{}
	a := webhook.Answer{ContentType: h["type"], Body: []byte(strings.TrimSuffix(body, "\n")), URL: h["url"]}
	program, warnings, err := d.Read(a, fine)
	var b strings.Builder
	for _, w := range warnings {
		b.WriteString("warning " + shown(w))
	}
	var parse *event.ParseError
	var faults schema.Faults
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			b.WriteString("fault " + shown(f))
		}
	case errors.As(err, &parse):
		fmt.Fprintf(&b, "no XML: %v (%q here %q)\n", parse, parse.Before, parse.After)
	case err != nil:
		fmt.Fprintf(&b, "error: %v\n", err)
	default:
		b.WriteString(tree(program, ""))
	}
	return b.String()
}

func shown(f schema.Fault) string {
	line, column := position(f)
	return fmt.Sprintf("%d:%d %v %s %s: %s\n", line, column, f.Extra["code"], f.Rule, f.Dotted(), f.Message)
}

// tree is a program as text: one line a node, "_" straight below.
func tree(n *flow.Node, indent string) string {
	if n == nil {
		return indent + "nothing\n"
	}
	out := indent + n.Module
	if len(n.Data) > 0 {
		out += " " + string(n.Data)
	}
	out += "\n"
	names := make([]string, 0, len(n.Children))
	for name := range n.Children {
		if name != flow.Else {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		out += indent + "  " + name + ":\n" + tree(n.Children[name], indent+"    ")
	}
	if n.Children[flow.Else] != nil {
		out += tree(n.Children[flow.Else], indent)
	}
	return out
}

// TestCoverage demands a case in testdata for every attribute, value and noun
// of the verbs that are built.
func TestCoverage(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	var sources bytes.Buffer
	used := map[string]bool{} // "Gather@timeout", "Gather/Say@voice"
	for _, f := range files {
		all, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		src, _, _ := strings.Cut(string(all), dashes)
		_, body := header(src)
		sources.WriteString(body)
		for _, p := range []Profile{Pivot, Twilio} {
			c := New(p).compiler("")
			if parsed, err := parse([]byte(body)); err == nil {
				c.root(parsed.root)
				note(parsed.root, used)
			}
		}
	}
	for _, p := range []Profile{Pivot, Twilio} {
		for _, w := range vocabulary(p).verbs {
			demand(t, w, "", used, 0)
		}
	}
}

// note remembers what a document uses.
func note(e *element, used map[string]bool) {
	for _, kid := range e.children() {
		if kid.word == nil {
			continue
		}
		used[kid.word.name] = true
		for name := range kid.values {
			used[kid.word.name+"@"+name] = true
		}
		note(kid, used)
	}
}

func demand(t *testing.T, w *word, above string, used map[string]bool, deep int) {
	t.Helper()
	if !used[w.name] {
		t.Errorf("no case has %s%s", above, w.name)
	}
	if w.later || deep > 1 {
		return
	}
	for _, a := range w.attrs {
		if !used[w.name+"@"+a.name] {
			t.Errorf("no case has %s%s %s=", above, w.name, a.name)
		}
	}
	for _, in := range w.inside {
		demand(t, in, above+w.name+"/", used, deep+1)
	}
}
