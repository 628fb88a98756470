package resource

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

type menu struct {
	Name    string `json:"name" jsonschema:"required,minLength=1,maxLength=128"`
	Retries int    `json:"retries" jsonschema:"minimum=1,maximum=10"`
	Kind    string `json:"kind,omitempty"`
}

var menus = Define(Def[menu]{
	Name: "menus", Type: "menu", Summary: "Menus.", Default: menu{Retries: 3},
	List: Fields("name"), Index: []string{"kind"}, Unique: []Unique{{Path: "name"}},
	Example: `{"name":"Main"}`,
})

func open(t *testing.T) Collection {
	t.Helper()
	return Collection{Resource: menus, Docs: store.Memory().Docs, Account: "a1"}
}

func object(t *testing.T, text string) Object {
	t.Helper()
	o, err := ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func create(t *testing.T, c Collection, text string) Doc {
	t.Helper()
	d, err := c.Create(t.Context(), object(t, text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func TestLife(t *testing.T) {
	c, ctx := open(t), t.Context()
	var changes []Change
	c.Changed = func(ch Change) { changes = append(changes, ch) }
	d := create(t, c, `{"name":"Main","pvt_x":1,"_y":2,"big":123456789012345678901234567890,"nested":{"pvt_in":[1.50]}}`)
	if len(d.ID) != 32 || d.Public["retries"] != json.Number("3") {
		t.Fatalf("made %+v", d)
	}
	shown, _ := json.Marshal(d.Show())
	want := `{"big":123456789012345678901234567890,"id":"` + d.ID + `","name":"Main","nested":{"pvt_in":[1.50]},"retries":3}`
	if string(shown) != want {
		t.Errorf("shown %s", shown)
	}
	got, err := c.Get(ctx, d.ID)
	if err != nil || got.Revision != d.Revision {
		t.Fatalf("read %+v, %v", got, err)
	}
	patched, err := c.Patch(ctx, d.ID, object(t, `{"big":null,"nested":{"b":2}}`), `"`+d.Revision+`"`)
	if err != nil || patched.Public["big"] != nil || !Equal(patched.Public["nested"], object(t, `{"pvt_in":[1.5],"b":2}`)) {
		t.Fatalf("patched %+v, %v", patched.Public, err)
	}
	if _, err := c.Replace(ctx, d.ID, object(t, `{"name":"X"}`), d.Revision); !errors.Is(err, ErrMismatch) {
		t.Errorf("an old revision: %v", err)
	}
	replaced, err := c.Replace(ctx, d.ID, object(t, `{"name":"Other","retries":"4"}`), "")
	if err != nil || len(replaced.Public) != 2 || replaced.Public["retries"] != json.Number("4") {
		t.Fatalf("replaced %+v, %v", replaced.Public, err)
	}
	gone, err := c.Delete(ctx, d.ID, "", false)
	if err != nil || !Equal(gone.Show()["_read_only"], Object{"deleted": true}) {
		t.Fatalf("deleted %+v, %v", gone, err)
	}
	if _, err := c.Get(ctx, d.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("read after: %v", err)
	}
	if _, err := c.Create(ctx, Object{"id": d.ID, "name": "again"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("its id again: %v", err)
	}
	if len(changes) != 4 || changes[0].Old != nil || !changes[3].New.Deleted {
		t.Errorf("%d changes: %+v", len(changes), changes)
	}
}

func TestRefused(t *testing.T) {
	c := open(t)
	other := create(t, c, `{"name":"taken"}`)
	for text, path := range map[string]string{
		`{}`:                          "name required",
		`{"name":5}`:                  "name type",
		`{"name":"x","retries":11}`:   "retries maximum",
		`{"name":"taken"}`:            "name unique",
		`{"name":"x","id":7}`:         "id pattern",
		`{"name":"x","id":"../../x"}`: "id pattern",
	} {
		_, err := c.Create(t.Context(), object(t, text))
		var faults schema.Faults
		if !errors.As(err, &faults) || faults[0].Dotted()+" "+faults[0].Rule != path {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := c.Replace(t.Context(), other.ID, Object{"name": "taken"}, ""); err != nil {
		t.Errorf("its own name: %v", err)
	}
}

// listed is a page as the ids that are on it, each a letter, and a "+" if there
// are more.
func listed(t *testing.T, c Collection, query string) (string, error) {
	t.Helper()
	params, _ := url.ParseQuery(query)
	q, err := ParseQuery(params, params.Get)
	if err != nil {
		return "", err
	}
	page, err := c.List(t.Context(), q)
	got := ""
	for _, d := range page.Docs {
		got += d.ID
	}
	if page.Next != "" {
		got += "+"
	}
	return got, err
}

func TestLists(t *testing.T) {
	c := open(t)
	for _, text := range []string{
		`{"id":"a","name":"One","kind":"x"}`, `{"id":"b","name":"Two","kind":"y","tags":["p","q"]}`,
		`{"id":"c","name":"Three","kind":"x","n":5,"deep":{"er":true}}`, `{"id":"d","name":"Four","empty":""}`,
	} {
		create(t, c, text)
	}
	for _, test := range []struct{ query, want string }{
		{"", "dcba"},
		{"ascending=true", "abcd"},
		{"page_size=2", "dc+"},
		{"page_size=4", "dcba"},
		{"page_size=2&start_key=b", "ba"},
		{"page_size=2&start_key=b&ascending=true", "bc+"},
		{"end_key=b", "dcb"},
		{"start_key=bb", "ba"},
		{"start_key=bb&ascending=true", "cd"},
		{"filter_kind=x", "ca"},
		{"filter_kind=x&page_size=1", "c+"},
		{"filter_kind=[\"x\",\"y\"]", "cba"},
		{"filter_kind=\"y\"", "b"},
		{"filter_not_kind=x", "db"},
		{"filter_n=5", "c"},
		{"filter_n=5.0", "c"},
		{"filter_deep.er=true", "c"},
		{"filter_deep=true", ""},
		{"filter_not_deep=true", "dba"},
		{"filter_tags=pq", "b"},
		{"filter_tags=[\"p\",\"q\"]", "b"},
		{"filter_not_tags=pq", "dca"},
		{"has_key=empty", "d"},
		{"key_missing=kind", "d"},
		{"has_value=empty", ""},
		{"value_missing=kind", "d"},
		{"missing_value=kind", "d"},
		{"has_key=deep.er&filter_kind=x", "c"},
		{"filter_pvt_type=menu&filter_kind=x&filter_kind=y", ""},
		{"created_from=1", "dcba"},
		{"created_to=1", ""},
		{"modified_from=63000000000&modified_to=99999999999", "dcba"},
		{"paginate=false&page_size=1", "dcba"},
	} {
		if got, err := listed(t, c, test.query); err != nil || got != test.want {
			t.Errorf("%s: %q, not %q (%v)", test.query, got, test.want, err)
		}
	}
}

// TestOwnOrder is a list by names: literal keys are where in the order it
// begins and ends.
func TestOwnOrder(t *testing.T) {
	byName := menus
	byName.Order = []string{"name"}
	upwards := byName
	upwards.Ascending = true
	for _, test := range []struct {
		r           Resource
		query, want string
	}{
		{byName, "", "dabc"},
		{byName, "ascending=true", "cbad"},
		{byName, "start_key=Three", "abc"},
		{byName, "start_key=three&end_key=o", "ab"},
		{byName, "end_key=TWO", "d"},
		{byName, "start_key=o&ascending=true", "bad"},
		{byName, "end_key=one&ascending=true", "cb"},
		{byName, "end_key=one&page_size=2", "da+"},
		{upwards, "", "cbad"},
		{upwards, "ascending=true", "cbad"},
		{upwards, "start_key=o&end_key=three", "ba"},
		{upwards, "page_size=1&start_key=" + Cursor("one", "b"), "a+"},
	} {
		c := Collection{Resource: test.r, Docs: store.Memory().Docs, Account: "a"}
		for _, text := range []string{
			`{"id":"a","name":"Three"}`, `{"id":"b","name":"one"}`, `{"id":"c","name":"Four"}`, `{"id":"d","name":"two"}`,
		} {
			create(t, c, text)
		}
		if got, err := listed(t, c, test.query); err != nil || got != test.want {
			t.Errorf("%s: %q, not %q (%v)", test.query, got, test.want, err)
		}
	}
}

// TestHookSaysItFirst has a hook and the schema find the same fault.
func TestHookSaysItFirst(t *testing.T) {
	c := open(t)
	c.Resource = c.Preparing(func(context.Context, *Draft) error {
		return schema.Faults{{Path: []string{"name"}, Rule: "required", Message: "What is it called?"}}
	})
	_, err := c.Create(t.Context(), Object{"retries": 11})
	var faults schema.Faults
	if !errors.As(err, &faults) || len(faults) != 2 || faults[0].Message != "What is it called?" ||
		faults[1].Rule != "maximum" {
		t.Errorf("%v", err)
	}
}

// TestJudge looks at a document and keeps none.
func TestJudge(t *testing.T) {
	c := open(t)
	full, err := c.Judge(t.Context(), "x", Object{"name": "Main", "retries": "4", "pvt_type": "user", "more": true})
	if err != nil || full["retries"] != json.Number("4") || full["more"] != true || full["pvt_type"] != nil {
		t.Errorf("%v (%v)", full, err)
	}
	var faults schema.Faults
	if _, err = c.Judge(t.Context(), "x", Object{"retries": 11}); !errors.As(err, &faults) || len(faults) != 2 {
		t.Errorf("two faults: %v", err)
	}
	if page, err := c.List(t.Context(), Query{}); err != nil || len(page.Docs) != 0 {
		t.Errorf("%d documents were kept (%v)", len(page.Docs), err)
	}
}

// TestPages goes through a list page by page, in both orders of both kinds.
func TestPages(t *testing.T) {
	byName := menus
	byName.Order = []string{"kind"}
	byAge := menus
	byAge.ByCreated = true
	for _, r := range []Resource{menus, byName, byAge} {
		c := Collection{Resource: r, Docs: store.Memory().Docs, Account: "a"}
		for _, id := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			create(t, c, `{"id":"`+id+`","name":"`+id+`","kind":"same"}`)
		}
		for _, q := range []Query{{PageSize: 3}, {PageSize: 3, Ascending: true}} {
			got := ""
			for {
				page, err := c.List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range page.Docs {
					got += d.ID
				}
				if q.Start = page.Next; q.Start == "" {
					break
				}
				got += " "
			}
			want := map[bool]string{false: "gfe dcb a", true: "abc def g"}[q.Ascending]
			if got != want {
				t.Errorf("%q, not %q", got, want)
			}
		}
	}
}

// asked notes what the store's index is asked.
type asked struct {
	store.Docs
	where map[string]string
}

func (a *asked) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	a.where = q.Where
	return a.Docs.List(ctx, q)
}

// TestFiltersAskTheIndex is filters that need not read every document, and
// such as must, for what they ask is not what the index has.
func TestFiltersAskTheIndex(t *testing.T) {
	type thing struct {
		Name    string   `json:"name"`
		Kind    string   `json:"kind"`
		On      bool     `json:"on"`
		Size    int      `json:"size"`
		Numbers []string `json:"numbers"`
	}
	a := &asked{Docs: store.Memory().Docs}
	c := Collection{Docs: a, Account: "a", Resource: Define(Def[thing]{
		Name: "things", Type: "thing", Index: []string{"kind", "on", "size"}, Unique: []Unique{{Path: "name"}, {Path: "numbers"}},
	})}
	create(t, c, `{"id":"x","name":"100","kind":"k","on":true,"size":1,"numbers":["12","34"]}`)
	create(t, c, `{"id":"y","name":"100.0","kind":"1e5","on":false,"size":100000,"numbers":["1234x"]}`)
	for query, want := range map[string]struct{ id, index string }{
		"filter_kind=k": {"x", "kind=k"}, "filter_kind=1e5": {"y", "kind=1e5"}, "filter_on=true": {"x", "on=true"},
		"filter_on=%20true": {"x", ""}, "filter_size=1e5": {"y", ""}, "filter_size=1": {"x", ""}, "filter_name=100": {"x", "name=100"},
		"filter_name=100.0": {"y", "name=100.0"}, "filter_name=%22100%22": {"x", ""}, "filter_numbers=1234": {"x", ""},
		"filter_numbers=1234x": {"y", ""}, "filter_not_kind=k": {"y", ""}, "filter_kind=%5B%22k%22%5D": {"x", ""},
		"filter_on=true&filter_kind=k": {"x", "kind=k on=true"},
	} {
		params, _ := url.ParseQuery(query)
		q, err := ParseQuery(params, params.Get)
		if err != nil {
			t.Fatal(err)
		}
		page, err := c.List(t.Context(), q)
		var index []string
		for _, path := range slices.Sorted(maps.Keys(a.where)) {
			index = append(index, path+"="+a.where[path])
		}
		if err != nil || len(page.Docs) != 1 || page.Docs[0].ID != want.id || strings.Join(index, " ") != want.index {
			t.Errorf("%s: %+v, asked %v (%v)", query, page.Docs, index, err)
		}
	}
}

// TestByCreation is a resource whose ids say nothing of its documents' age.
func TestByCreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		byAge := menus
		byAge.ByCreated = true
		c := Collection{Resource: byAge, Docs: store.Memory().Docs, Account: "a"}
		for _, id := range []string{"m", "z", "a", "k", "b"} {
			create(t, c, `{"id":"`+id+`","name":"`+id+`","kind":"`+strconv.FormatBool(id < "l")+`"}`)
			time.Sleep(time.Second)
		}
		for query, want := range map[string]string{
			"": "bkazm", "ascending=true": "mzakb", "filter_kind=true": "bka", "page_size=2": "bk az m",
			"page_size=2&ascending=true": "mz ak b", "page_size=1&filter_kind=false": "z m", "page_size=2&has_key=kind": "bk az m",
		} {
			params, _ := url.ParseQuery(query)
			q, err := ParseQuery(params, params.Get)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for {
				page, err := c.List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range page.Docs {
					got += d.ID
				}
				if q.Start = page.Next; q.Start == "" {
					break
				}
				got += " "
			}
			if got != want {
				t.Errorf("%s: %q, not %q", query, got, want)
			}
		}
	})
}

// TestWhereWithin finds only the documents that belong to a collection.
func TestWhereWithin(t *testing.T) {
	within := menus
	within.Index = []string{"kind", "name"}
	c := Collection{Resource: within, Docs: store.Memory().Docs, Account: "a"}
	for _, kind := range []string{"x", "y"} {
		c.Within = map[string]string{"kind": kind}
		create(t, c, `{"id":"`+kind+`","name":"`+kind+`"}`)
	}
	for name, want := range map[string]int{"x": 0, "y": 1} {
		if found, err := c.FindBy(t.Context(), "name", name); err != nil || len(found) != want {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if all, err := c.Where(t.Context(), nil); err != nil || len(all) != 1 {
		t.Errorf("all: %v, %v", all, err)
	}
}

// meddled changes a document between the reading and the writing of another.
type meddled struct {
	store.Docs
	meddle func()
}

func (m *meddled) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	if do := m.meddle; do != nil {
		m.meddle = nil
		do()
	}
	return m.Docs.Put(ctx, d)
}

func TestTwoWriters(t *testing.T) {
	c, ctx := open(t), t.Context()
	d := create(t, c, `{"name":"Main"}`)
	both := func(match string) (Doc, error) {
		m := &meddled{Docs: c.Docs}
		m.meddle = func() {
			if _, err := c.Patch(ctx, d.ID, Object{"theirs": "1"}, ""); err != nil {
				t.Fatal(err)
			}
		}
		mine := c
		mine.Docs = m
		return mine.Patch(ctx, d.ID, Object{"mine": "1"}, match)
	}
	got, err := both("")
	if err != nil || got.Public["theirs"] != "1" || got.Public["mine"] != "1" {
		t.Errorf("both should have been kept: %+v, %v", got.Public, err)
	}
	if _, err := both(got.Revision); !errors.Is(err, ErrMismatch) {
		t.Errorf("with If-Match: %v", err)
	}
	m := &meddled{Docs: c.Docs, meddle: func() { create(t, c, `{"name":"same"}`) }}
	mine := c
	mine.Docs = m
	var faults schema.Faults
	if _, err := mine.Create(ctx, Object{"name": "same"}); !errors.As(err, &faults) || faults[0].Rule != "unique" {
		t.Errorf("a name taken in between: %v", err)
	}
}

// TestLargeDocumentsEndAPage before it takes all memory; a list without pages
// is refused.
func TestLargeDocumentsEndAPage(t *testing.T) {
	docs := store.Memory().Docs
	c := Collection{Resource: Define(Def[struct{}]{Name: "things", Type: "thing"}), Docs: docs, Account: "a"}
	const n = 20
	for range n {
		if _, err := c.Create(t.Context(), Object{"text": strings.Repeat("x", MaxBytes/8)}); err != nil {
			t.Fatal(err)
		}
	}
	seen, pages := map[string]bool{}, 0
	for q := (Query{PageSize: 100}); ; pages++ {
		page, err := c.List(t.Context(), q)
		if err != nil || len(page.Docs) > 8 {
			t.Fatalf("%d documents, %v", len(page.Docs), err)
		}
		for _, d := range page.Docs {
			seen[d.ID] = true
		}
		if q.Start = page.Next; q.Start == "" {
			break
		}
	}
	if len(seen) != n || pages != 2 {
		t.Errorf("%d documents on %d pages", len(seen), pages+1)
	}
	if _, err := c.List(t.Context(), Query{All: true}); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	if _, err := c.Where(t.Context(), nil); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
}
