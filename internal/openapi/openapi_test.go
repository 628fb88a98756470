package openapi_test

import (
	"context"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/openapi"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// checker takes every document and every URL.
type checker struct{}

func (checker) CheckDocument(context.Context, api.Document) api.Report { return api.Report{} }
func (checker) CheckURL(string) error                                  { return nil }
func (checker) Ask(context.Context, webhook.Request) (event.Fetched, webhook.Answer) {
	return event.Fetched{}, webhook.Answer{}
}

// sampled is what a sample server says of itself, for all tests.
var sampled = sync.OnceValues(func() (openapi.Description, error) {
	ctx := context.Background()
	all := actions.All(actions.Deps{Web: checker{}, Dialects: map[string]actions.Dialect{"kazoo": nil, "twiml": nil}})
	s, err := openapi.NewSample(ctx, openapi.SampleConfig{
		Checker: flow.NewEngine(flow.Config{Actions: all}), Actions: all,
		Documents: checker{}, URLs: checker{}, Version: "1.2.3",
	})
	if err != nil {
		return openapi.Description{}, err
	}
	defer s.Close()
	return s.Describe(ctx)
})

func sample(t *testing.T) openapi.Description {
	t.Helper()
	d, err := sampled()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestEveryExample does the example of every operation.
func TestEveryExample(t *testing.T) {
	s := sample(t)
	for _, o := range s.Operations {
		a, ok := s.Answers[openapi.Key(o)]
		switch {
		case !ok:
			t.Errorf("%s: no example was tried", openapi.Key(o))
		case o.Unbuilt != "" && (a.Status != http.StatusNotImplemented || !strings.Contains(string(a.JSON), o.Unbuilt)):
			t.Errorf("%s is not built, and answers with %d: %s", openapi.Key(o), a.Status, a.JSON)
		case o.Unbuilt != "":
		case !a.Good():
			t.Errorf("%s: the example is answered with %d: %s\n\t%s %s %s", openapi.Key(o), a.Status, a.JSON, a.Method, a.Target, a.Data)
		case takes(o) && o.Body != nil && o.Example.Data+o.Example.Body == "":
			t.Errorf("%s: it takes a body, and its example has none", openapi.Key(o))
		}
	}
}

// TestAnswersFit holds every answer to what its operation says it returns.
func TestAnswersFit(t *testing.T) {
	s := sample(t)
	held := 0
	for _, o := range s.Operations {
		if o.Returns == nil || o.Many || !typed(o) {
			continue // rows are parts of documents
		}
		var got struct{ Data json.RawMessage }
		if err := json.Unmarshal(s.Answers[openapi.Key(o)].JSON, &got); err != nil {
			t.Errorf("%s: %v", openapi.Key(o), err)
			continue
		}
		if _, faults := o.Returns.Check(got.Data); len(faults) > 0 {
			t.Errorf("%s: %v", openapi.Key(o), faults)
		}
		held++
	}
	if held < 20 {
		t.Errorf("only %d answers were looked at", held)
	}
}

// typed says whether answers have no more keys than the schema lets them.
func typed(o rest.Operation) bool {
	var root map[string]any
	return json.Unmarshal(o.Returns.JSON(), &root) == nil && root["additionalProperties"] != false
}

// anyRows are lists whose rows nothing is said of: names, documents of any
// kind, objects whose keys are names.
var anyRows = []string{
	"GET accounts/{account_id}/search", "GET search", "GET schemas",
	"GET accounts/{account_id}/media/languages", "GET accounts/{account_id}/media/languages/{language}",
	"GET accounts/{account_id}/media/prompts", "GET accounts/{account_id}/media/prompts/{prompt_id}",
	"GET media/languages", "GET media/languages/{language}", "GET media/prompts", "GET media/prompts/{prompt_id}",
	"GET accounts/{account_id}/calls/{call_id}/events", "GET accounts/{account_id}/channels", "GET webhooks",
}

// TestRowsFit holds every row of every list to what its operation says of
// rows: all of its keys are told, and their values fit.
func TestRowsFit(t *testing.T) {
	s := sample(t)
	for _, o := range s.Operations {
		var got struct{ Data []json.RawMessage }
		if json.Unmarshal(s.Answers[openapi.Key(o)].JSON, &got) != nil || len(got.Data) == 0 {
			continue // no list, or nothing in it
		}
		if o.Returns == nil || !o.Many {
			if !slices.Contains(anyRows, openapi.Key(o)) {
				t.Errorf("%s: nothing is said of its rows: %s", openapi.Key(o), got.Data[0])
			}
			continue
		}
		for _, raw := range got.Data {
			if _, faults := o.Returns.Check(raw); len(faults) > 0 {
				t.Errorf("%s: %v: %s", openapi.Key(o), faults, raw)
			}
			var row map[string]any
			if err := json.Unmarshal(raw, &row); err != nil {
				t.Errorf("%s: %v", openapi.Key(o), err)
			}
			for key := range row {
				if key != "id" && !slices.Contains(o.Returns.Fields(), key) {
					t.Errorf("%s: nothing is said of %q in its rows", openapi.Key(o), key)
				}
			}
		}
	}
}

// TestChanges holds the bodies of PATCH to their schema: the example, nothing,
// and every key deleted; and sees that the schema refuses what is no change.
func TestChanges(t *testing.T) {
	doc := document(t)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("http://pivot.test/doc", doc); err != nil {
		t.Fatal(err)
	}
	paths, _ := doc["paths"].(map[string]any)
	held := 0
	for path := range paths {
		content := at(paths, path, "patch", "requestBody", "content", "application/json")
		if content == nil {
			continue
		}
		keys, _ := at(content, "schema", "properties", "data", "properties").(map[string]any)
		if keys == nil {
			if !strings.HasSuffix(path, "/collection") && !strings.HasSuffix(path, "webhooks") {
				t.Errorf("PATCH %s: nothing is said of its body", path)
			}
			continue
		}
		escaped := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)
		sc, err := c.Compile("http://pivot.test/doc#/paths/" + escaped + "/patch/requestBody/content/application~1json/schema/properties/data")
		if err != nil {
			t.Fatal(err)
		}
		none := map[string]any{}
		for key := range keys {
			none[key] = nil
		}
		for _, good := range []any{at(content, "example", "data"), map[string]any{}, none} {
			if err := sc.Validate(good); err != nil {
				t.Errorf("PATCH %s: %v", path, err)
			}
		}
		if sc.Validate([]any{}) == nil || keys["name"] != nil && sc.Validate(map[string]any{"name": 5.0}) == nil {
			t.Errorf("PATCH %s: its schema takes everything", path)
		}
		held++
	}
	if held < 20 {
		t.Errorf("only %d bodies were looked at", held)
	}
}

// TestEveryKeyIsTold: whatever a page lists of a document says what it is.
func TestEveryKeyIsTold(t *testing.T) {
	d := sample(t)
	look := func(of string, s *schema.Schema) {
		if s == nil {
			return
		}
		for _, f := range s.Describe() {
			if f.Says == "" || strings.HasPrefix(f.Says, " ") { // only limits
				t.Errorf("%s: nothing is said of %s", of, f.Name)
			}
		}
	}
	for _, o := range d.Operations {
		look(openapi.Key(o), o.Body)
		look(openapi.Key(o), o.Returns)
	}
	for _, a := range d.Actions {
		look(a.Name, a.Schema)
	}
}

// TestUnbuilt: what is not built is told to answer so, with no good answer, by
// the document and by the pages.
func TestUnbuilt(t *testing.T) {
	s := sample(t)
	doc, h, seen := document(t), handler(s), 0
	paths, _ := doc["paths"].(map[string]any)
	for _, o := range s.Operations {
		if o.Unbuilt == "" {
			continue
		}
		seen++
		answers, _ := at(paths, "/v2/"+o.Path, strings.ToLower(o.Method), "responses").(map[string]any)
		if answers["501"] == nil || answers["200"] != nil || answers["201"] != nil {
			t.Errorf("%s answers with %v", openapi.Key(o), slices.Sorted(maps.Keys(answers)))
		}
		if page := ask(t, h, "/docs/api/"+o.Group).Body.String(); !strings.Contains(page, html.EscapeString(o.Unbuilt)) {
			t.Errorf("the page of %s does not say: %s", openapi.Key(o), o.Unbuilt)
		}
	}
	if seen == 0 {
		t.Error("everything is built")
	}
}

// TestNoJSON: what has no JSON to give is not documented with any.
func TestNoJSON(t *testing.T) {
	events := at(document(t), "paths", "/v2/accounts/{account_id}/events", "get", "responses", "200", "content")
	if kinds, _ := events.(map[string]any); len(kinds) != 1 || kinds["text/event-stream"] == nil {
		t.Errorf("events can be had as %v", slices.Sorted(maps.Keys(kinds)))
	}
}

// TestCommands: the commands that the pages show ask for what the examples
// asked for.
func TestCommands(t *testing.T) {
	h := handler(sample(t))
	for path, want := range map[string]string{
		"/docs/api/calls": "-H &#39;Accept: text/event-stream&#39;",
		"/docs/api/menus": "-H &#34;X-Auth-Token: $TOKEN&#34;",
	} {
		if page := ask(t, h, path).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%s has no %s", path, want)
		}
	}
}

// TestSearch looks for operations and actions by words of theirs, and shows
// what was asked as it was written.
func TestSearch(t *testing.T) {
	h := handler(sample(t))
	for asked, want := range map[string][]string{
		"interdigit_timeout menu": {"/docs/actions/menu\"", "/docs/api/menus#put_accounts_account_id_menus\""},
		"GATHER":                  {"/docs/search"},
		"hang up a call":          {"/docs/api/calls#delete_accounts_account_id_calls_call_id\""},
		"<script>\"":              {"&lt;script&gt;&#34;", "0 found"},
		"":                        {"placeholder"},
	} {
		w := ask(t, h, "/docs/search?q="+url.QueryEscape(asked))
		for _, text := range want {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
				t.Errorf("%q: %d, without %s", asked, w.Code, text)
			}
		}
	}
	if all := ask(t, h, "/docs/search?q=a").Body.String(); strings.Count(all, "<li>") != 100 {
		t.Errorf("%d found", strings.Count(all, "<li>"))
	}
}

// TestErrors: the page of errors has an answer for each that is easily had.
func TestErrors(t *testing.T) {
	page := ask(t, handler(sample(t)), "/docs/errors").Body.String()
	for _, want := range []string{"String must be at least 1", "invalid_credentials", "bad_identifier", "datastore_conflict", "<td>429</td>"} {
		if !strings.Contains(page, want) {
			t.Errorf("nothing is said of %s", want)
		}
	}
}

func handler(d openapi.Description) http.Handler {
	return openapi.Handler(func(context.Context) (openapi.Description, error) { return d, nil })
}

func ask(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.ReplaceAll(path, " ", "%20"), nil))
	return w
}

// at is what lies at a path in JSON, nil if nothing does.
func at(v any, path ...string) any {
	for _, key := range path {
		if list, ok := v.([]any); ok {
			n, err := strconv.Atoi(key)
			if err != nil || n >= len(list) {
				return nil
			}
			v = list[n]
			continue
		}
		o, _ := v.(map[string]any)
		v = o[key]
	}
	return v
}

// TestTypes looks whether a generator finds types: of the query, and of the
// documents in answers.
func TestTypes(t *testing.T) {
	doc := document(t)
	path := func(p string) any { return at(doc, "paths", "/v2/accounts/{account_id}/"+p) }
	list, _ := at(path("callflows"), "get", "parameters").([]any)
	types := map[any]any{}
	for _, p := range list {
		types[at(p, "name")] = at(p, "schema", "type")
	}
	for name, want := range map[string]string{
		"account_id": "string", "page_size": "integer", "paginate": "boolean", "created_to": "integer",
		"modified_from": "integer", "modified_to": "integer", "filter_key": "object", "has_key": "string",
	} {
		if types[name] != want {
			t.Errorf("%s is of type %v, want %s", name, types[name], want)
		}
	}
	for _, kind := range []string{"callflows", "users", "devices", "menus", "vmboxes", "lists"} {
		schema := []string{"responses", "200", "content", "application/json", "schema", "allOf", "1", "properties", "data"}
		ref := at(path(kind+"/{id}"), append([]string{"get"}, append(schema, "allOf", "0", "$ref")...)...)
		if ref != "#/components/schemas/"+kind {
			t.Errorf("what is read of %s is a %v", kind, ref)
		}
	}
}

func takes(o rest.Operation) bool { return o.Method != http.MethodGet && o.Method != http.MethodDelete }

func document(t *testing.T) map[string]any {
	t.Helper()
	raw, err := sample(t).Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDocument looks whether every operation is in the document, and whether
// everything that it refers to is there.
func TestDocument(t *testing.T) {
	doc := document(t)
	paths, _ := doc["paths"].(map[string]any)
	ids := map[string]bool{}
	for _, o := range sample(t).Operations {
		at, _ := paths["/v2/"+o.Path].(map[string]any)
		op, ok := at[strings.ToLower(o.Method)].(map[string]any)
		if !ok {
			t.Errorf("%s is not in the document", openapi.Key(o))
			continue
		}
		id, _ := op["operationId"].(string)
		if id == "" || ids[id] {
			t.Errorf("%s has no operationId of its own: %q", openapi.Key(o), id)
		}
		ids[id] = true
	}
	components, _ := doc["components"].(map[string]any)
	references(doc, func(ref string) {
		kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		if of, _ := components[kind].(map[string]any); of[name] == nil {
			t.Errorf("nothing is at %s", ref)
		}
	})
}

// TestPages asks for every page that another one leads to.
func TestPages(t *testing.T) {
	d := sample(t)
	h := handler(d)
	get := func(path string) *httptest.ResponseRecorder { return ask(t, h, path) }
	seen, todo := map[string]bool{}, []string{"/docs"}
	link := regexp.MustCompile(`(?:href|src)="(/[^"#]*)"`)
	for len(todo) > 0 {
		path := todo[0]
		if todo = todo[1:]; seen[path] {
			continue
		}
		seen[path] = true
		if name, ok := strings.CutPrefix(path, "/v2/schemas/"); ok {
			if d.Schemas[name] == nil {
				t.Errorf("there is no schema %s", name)
			}
			continue
		}
		w := get(path)
		if w.Code != http.StatusOK {
			t.Errorf("%s is answered with %d", path, w.Code)
		}
		for _, m := range link.FindAllStringSubmatch(w.Body.String(), -1) {
			todo = append(todo, m[1])
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d pages were found", len(seen))
	}
	if flows := get("/docs/api/callflows").Body.String(); !strings.Contains(flows, "<code>flow</code></td><td>object</td>") {
		t.Error("the page of callflows has no flow")
	}
	if page := get("/docs/actions/pivot").Body.String(); strings.Count(page, "aria-current") != 1 {
		t.Error("the page of the action pivot is not the one place where it is")
	}
	if menus := get("/docs/api/menus").Body.String(); !strings.Contains(menus, "interdigit_timeout") ||
		!strings.Contains(menus, "&#34;status&#34;: &#34;success&#34;") {
		t.Error("the page of menus has no fields, or no answer")
	}
	for path, want := range map[string]int{"/docs/nothing": 404, "/docs/../../etc/passwd": 404, "/openapi.json": 200} {
		if w := get(path); w.Code != want {
			t.Errorf("%s is answered with %d, not %d", path, w.Code, want)
		}
	}
}

// references are all values of $ref in v.
func references(v any, each func(string)) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			references(one, each)
		}
	case map[string]any:
		for key, one := range v {
			if ref, ok := one.(string); ok && key == "$ref" && strings.HasPrefix(ref, "#/") {
				each(ref)
				continue
			}
			references(one, each)
		}
	}
}
