package openapi

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

//go:embed pages
var files embed.FS

var page = template.Must(
	template.New("page.html").Funcs(template.FuncMap{"says": says}).ParseFS(files, "pages/page.html"),
)

// says is a text in which names are in backquotes.
func says(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if part = html.EscapeString(part); i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) //nolint:gosec // every part was escaped
}

// view is what a page is made of.
type view struct {
	Title, Version, Here string
	Groups, Actions      []string // for the way around
	Index                []group
	Group                *group
	Action               *actionView
}

type group struct {
	Name       string
	Operations []operationView
}

type operationView struct {
	rest.Operation

	ID, Path string
	Fields   []schema.Field
	Answer   *answerView
}

type answerView struct {
	Answer

	Curl, Shown string
}

type actionView struct {
	Name, Summary string
	Doc           []string // paragraphs
	Aliases       []string
	Branches      []string
	Answers       bool
	Fields        []schema.Field
	Examples      []exampleView
}

type exampleView struct{ Says, JSON string }

// pages are all pages, by the path below /docs.
func (d Description) pages() (map[string][]byte, error) {
	groups := d.groups()
	all := view{Version: d.Version, Index: groups, Title: "Reference"}
	for _, g := range groups {
		all.Groups = append(all.Groups, g.Name)
	}
	byName := func(a, b flow.Action) int { return cmp.Compare(a.Name, b.Name) }
	actions := slices.SortedFunc(slices.Values(d.Actions), byName)
	for _, a := range actions {
		all.Actions = append(all.Actions, a.Name)
	}
	out := map[string][]byte{}
	render := func(path string, v view) error {
		var b bytes.Buffer
		err := page.Execute(&b, v)
		out[path] = b.Bytes()
		return err
	}
	if err := render("", all); err != nil {
		return nil, err
	}
	for i := range groups {
		v := all
		v.Title, v.Here, v.Group = groups[i].Name, groups[i].Name, &groups[i]
		if err := render("/api/"+groups[i].Name, v); err != nil {
			return nil, err
		}
	}
	for _, a := range actions {
		v := all
		v.Title, v.Here, v.Action = a.Name, a.Name, viewOf(a)
		if err := render("/actions/"+a.Name, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// groups are the operations by their group, both by name.
func (d Description) groups() []group {
	by := map[string][]operationView{}
	for _, o := range d.Operations {
		by[o.Group] = append(by[o.Group], d.viewOf(o))
	}
	var out []group
	for name, ops := range by {
		slices.SortStableFunc(ops, func(a, b operationView) int { return cmp.Compare(a.Path, b.Path) })
		out = append(out, group{name, ops})
	}
	slices.SortFunc(out, func(a, b group) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (d Description) viewOf(o rest.Operation) operationView {
	v := operationView{Operation: o, ID: operationID(o), Path: "/v2/" + o.Path}
	if o.Body != nil {
		v.Fields = o.Body.Describe()
	}
	if a, ok := d.Answers[Key(o)]; ok {
		v.Answer = &answerView{Answer: a, Curl: a.curl(o.Who), Shown: shown(a)}
	}
	return v
}

func viewOf(a flow.Action) *actionView {
	v := &actionView{
		Name: a.Name, Summary: a.Summary, Aliases: a.Aliases, Branches: a.Branches,
		Answers: a.Needs == flow.Answer, Fields: a.Schema.Describe(),
	}
	if a.Doc != "" {
		v.Doc = strings.Split(strings.TrimSpace(a.Doc), "\n\n")
	}
	for _, x := range a.Examples {
		raw, _ := json.MarshalIndent(object{"module": a.Name, "data": json.RawMessage(x.Data)}, "", "  ")
		v.Examples = append(v.Examples, exampleView{x.Says, string(raw)})
	}
	return v
}

// maxShown is how much of an answer a page shows, in bytes.
const maxShown = 8 << 10

func shown(a Answer) string {
	text := a.Text
	if a.JSON != nil {
		var b bytes.Buffer
		if json.Indent(&b, a.JSON, "", "  ") == nil {
			text = b.String()
		}
	}
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "\n…"
	}
	return text
}

// curl is the command that does an example.
func (a Answer) curl(w rest.Who) string {
	var b strings.Builder
	b.WriteString("curl")
	if a.Method != "GET" {
		b.WriteString(" -X " + a.Method)
	}
	fmt.Fprintf(&b, " 'http://127.0.0.1:8000%s'", a.Target)
	if w != rest.Anyone {
		b.WriteString(" \\\n  -H \"X-Auth-Token: $TOKEN\"")
	}
	if a.Accept != "" {
		fmt.Fprintf(&b, " \\\n  -H 'Accept: %s'", a.Accept)
	}
	if a.Type != "" {
		fmt.Fprintf(&b, " \\\n  -H 'Content-Type: %s'", a.Type)
	}
	switch {
	case a.Data != nil:
		fmt.Fprintf(&b, " \\\n  -d '{\"data\": %s}'", strings.ReplaceAll(string(a.Data), "'", `'\''`))
	case strings.HasPrefix(a.Type, "audio/"):
		b.WriteString(" \\\n  --data-binary @sound.wav")
	case a.Body != "":
		fmt.Fprintf(&b, " \\\n  -d '%s'", strings.ReplaceAll(a.Body, "'", `'\''`))
	}
	return b.String()
}
