package openapi

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"maps"
	"net/http"
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
	Title, Version, Here, URL string
	Groups                    []string // for the way around
	Actions                   []*actionView
	Index                     []group
	Group                     *group
	Action                    *actionView
	Errors                    []refusalView
	Asked                     string // in a search
	Found                     []entry
	Most                      int // of Found
}

type group struct {
	Name       string
	Operations []operationView
}

type operationView struct {
	rest.Operation

	ID, Path string
	Long     bool           // of Params
	Fields   []schema.Field // of the body, or
	Same     string         // the ID of an operation that has the same body
	Part     bool           // of that body
	Gives    []schema.Field // of the answer
	Answer   *answerView
}

type answerView struct {
	Answer

	Curl, Shown string
}

type refusalView struct {
	Refusal

	ID     string
	Answer *answerView
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

// site is all pages: ready ones by the path below /docs, and what searches
// look through.
type site struct {
	pages   map[string][]byte
	all     view
	entries []entry
}

func (v view) render() ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, v)
	return b.Bytes(), err
}

// site makes all pages.
func (d Description) site() (site, error) {
	all := view{Version: d.Version, Index: d.groups(), Title: "Reference", URL: d.url()}
	for _, g := range all.Index {
		all.Groups = append(all.Groups, g.Name)
	}
	byName := func(a, b flow.Action) int { return cmp.Compare(a.Name, b.Name) }
	for _, a := range slices.SortedFunc(slices.Values(d.Actions), byName) {
		all.Actions = append(all.Actions, viewOf(a))
	}
	for i, r := range d.Refusals {
		v := refusalView{Refusal: r, ID: fmt.Sprintf("e%d", i)}
		if r.Answer.Status != 0 {
			v.Answer = d.answerOf(r.Answer, r.Try.Who)
		}
		all.Errors = append(all.Errors, v)
	}
	out := site{all: all, pages: map[string][]byte{}, entries: entries(all)}
	for path, v := range all.each() {
		raw, err := v.render()
		if err != nil {
			return site{}, err
		}
		out.pages[path] = raw
	}
	return out, nil
}

// each are the views of all pages, by the path below /docs.
func (v view) each() map[string]view {
	out := map[string]view{"": v}
	at := func(path, title string, change func(*view)) {
		one := v
		one.Title, one.Here = title, path
		change(&one)
		out[path] = one
	}
	at("/errors", "Errors", func(*view) {})
	for i, g := range v.Index {
		at("/api/"+g.Name, g.Name, func(one *view) { one.Group = &v.Index[i] })
	}
	for _, a := range v.Actions {
		at("/actions/"+a.Name, a.Name, func(one *view) { one.Action = a })
	}
	return out
}

// groups are the operations by their group, both by name.
func (d Description) groups() []group {
	by := map[string][]rest.Operation{}
	for _, o := range d.Operations {
		by[o.Group] = append(by[o.Group], o)
	}
	var out []group
	for name, ops := range by {
		slices.SortStableFunc(ops, func(a, b rest.Operation) int { return cmp.Compare(a.Path, b.Path) })
		g, told := group{Name: name}, map[*schema.Schema]string{}
		for _, o := range ops {
			g.Operations = append(g.Operations, d.viewOf(o, told))
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b group) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// manyParams is more parameters than anything but a list takes.
const manyParams = 6

// viewOf is an operation on the page of its group; told are the schemas whose
// keys that page has already, by the ID of the operation that has them.
func (d Description) viewOf(o rest.Operation, told map[*schema.Schema]string) operationView {
	v := operationView{
		Operation: o, ID: operationID(o), Path: "/v2/" + o.Path, Long: len(o.Params) > manyParams,
		Part: o.Method == http.MethodPatch,
	}
	switch at, there := told[o.Body]; {
	case o.Body == nil:
	case there:
		v.Same = at
	default:
		told[o.Body] = v.ID
		v.Fields = d.fields(o.Body)
	}
	if _, there := told[o.Returns]; o.Returns != nil && !there && o.Unbuilt == "" {
		v.Gives = d.fields(o.Returns)
	}
	if a, ok := d.Answers[Key(o)]; ok {
		v.Answer = d.answerOf(a, o.Who)
	}
	return v
}

// fields are the keys of a schema, also those that are another's: of which it
// says so by reference when it is published.
func (d Description) fields(s *schema.Schema) []schema.Field {
	out := s.Describe()
	var published struct {
		Properties map[string]struct {
			Ref string `json:"$ref"`
		} `json:"properties"`
	}
	if json.Unmarshal(d.Schemas[d.Names[s]], &published) != nil {
		return out // it is not published
	}
	for _, name := range slices.Sorted(maps.Keys(published.Properties)) {
		ref := published.Properties[name].Ref
		if ref == "" || slices.ContainsFunc(out, func(f schema.Field) bool { return f.Name == name }) {
			continue
		}
		var other struct{ Type, Description string }
		_ = json.Unmarshal(d.Schemas[ref], &other) // what cannot be read says nothing
		says := other.Description + " See the schema `" + ref + "`."
		out = append(out, schema.Field{Name: name, Type: other.Type, Says: says})
	}
	return out
}

func (d Description) answerOf(a Answer, w rest.Who) *answerView {
	return &answerView{Answer: a, Curl: d.curl(a, w), Shown: shown(a)}
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

// url is where the commands on the pages ask.
func (d Description) url() string { return cmp.Or(d.URL, "http://127.0.0.1:8000") }

// inQuotes is a text as it stands between a shell's double quotes.
var inQuotes = strings.NewReplacer("\\", "\\\\", `"`, `\"`, "$", `\$`, "`", "\\`")

// curl is the command that does an example. The sample's account is whatever
// $ACCOUNT is.
func (d Description) curl(a Answer, w rest.Who) string {
	var b strings.Builder
	b.WriteString("curl")
	if a.Method != http.MethodGet {
		b.WriteString(" -X " + a.Method)
	}
	target := inQuotes.Replace(a.Target)
	if d.Account != "" {
		target = strings.ReplaceAll(target, d.Account, "$ACCOUNT")
	}
	fmt.Fprintf(&b, ` "%s%s"`, d.url(), target)
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
		fmt.Fprintf(&b, " \\\n  -d '%s'", singleQuoted(envelopeOf(a.Data)))
	case strings.HasPrefix(a.Type, "audio/"):
		b.WriteString(" \\\n  --data-binary @sound.wav")
	case a.Body != "":
		fmt.Fprintf(&b, " \\\n  -d '%s'", singleQuoted(a.Body))
	}
	return b.String()
}

func singleQuoted(text string) string { return strings.ReplaceAll(text, "'", `'\''`) }

// maxLine is how long a body may be on one line.
const maxLine = 80

// envelopeOf is data as a request carries it.
func envelopeOf(data json.RawMessage) string {
	raw := `{"data": ` + string(data) + "}"
	if len(raw) > maxLine {
		var b bytes.Buffer
		if json.Indent(&b, []byte(raw), "  ", "  ") == nil {
			raw = b.String()
		}
	}
	return raw
}
