package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// ids are the ids of a list, or account/id where it is of any account.
func ids(t *testing.T, s store.Store, q store.Query) string {
	t.Helper()
	docs, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range docs {
		if q.AnyAccount {
			d.ID = d.Account + "/" + d.ID
		}
		out = append(out, d.ID)
	}
	return strings.Join(out, " ")
}

func lists(t *testing.T, s store.Store, q store.Query, want string) {
	t.Helper()
	if got := ids(t, s, q); got != want {
		t.Errorf("%+v lists %q, want %q", q, got, want)
	}
}

func list(t *testing.T, s store.Store) {
	for _, id := range []string{"b", "a", "é", "10", "9", "B"} {
		put(t, s, doc(id, `"`+id+`"`))
	}
	put(t, s, store.Doc{Key: store.Key{Account: "a", Type: "other", ID: "x"}, JSON: []byte("{}")})
	put(t, s, store.Doc{Key: store.Key{Account: "b", Type: "thing", ID: "y"}, JSON: []byte("{}")})
	q := store.Query{Account: "a", Type: "thing"}
	lists(t, s, q, "é b a B 9 10")
	up := q
	up.Ascending = true
	lists(t, s, up, "10 9 B a b é")
	up.Limit = 4
	lists(t, s, up, "10 9 B a")
	up.After = "a"
	lists(t, s, up, "b é")
	up.After = "ab" // what the page ended with may be gone
	lists(t, s, up, "b é")
	up.After = "é"
	lists(t, s, up, "")
	q.After, q.Limit = "a", 2
	lists(t, s, q, "B 9")
	lists(t, s, store.Query{Account: "c", Type: "thing"}, "")
	docs, err := s.List(t.Context(), up)
	if err != nil || len(docs) != 0 {
		t.Errorf("%v, %v", docs, err)
	}
	docs, err = s.List(t.Context(), store.Query{Account: "a", Type: "thing", Limit: 1})
	if err != nil || len(docs) != 1 || docs[0].Rev != 1 || string(docs[0].JSON) != `"é"` || docs[0].Created.IsZero() {
		t.Errorf("%+v, %v", docs, err)
	}
}

func where(t *testing.T, s store.Store) {
	for i := range 10 {
		put(t, s, doc(fmt.Sprint(i), "{}", fmt.Sprintf("odd=%t", i%2 == 1), "third="+fmt.Sprint(i%3), "all=x", "all=y", "empty="))
	}
	q := func(where ...string) store.Query {
		q := store.Query{Account: "a", Type: "thing", Ascending: true, Where: map[string]string{}}
		for _, kv := range where {
			field, v, _ := strings.Cut(kv, "=")
			q.Where[field] = v
		}
		return q
	}
	lists(t, s, q("odd=true"), "1 3 5 7 9")
	lists(t, s, q("odd=true", "third=0"), "3 9")
	lists(t, s, q("odd=true", "third=0", "all=y", "empty="), "3 9")
	lists(t, s, q("odd=maybe"), "")
	lists(t, s, q("even=true"), "")
	lists(t, s, q("empty="), "0 1 2 3 4 5 6 7 8 9")
	page := q("odd=true")
	page.After, page.Limit = "3", 2
	lists(t, s, page, "5 7")
	page.Ascending, page.After = false, "7"
	lists(t, s, page, "5 3")

	d, err := s.Get(t.Context(), doc("3", "").Key)
	if err != nil {
		t.Fatal(err)
	}
	d.Index = map[string][]string{"odd": {"no longer"}}
	put(t, s, d)
	lists(t, s, q("odd=true"), "1 5 7 9")
	lists(t, s, q("third=0"), "0 6 9")
	lists(t, s, q("odd=no longer"), "3")
}

func anyAccount(t *testing.T, s store.Store) {
	for _, at := range []string{"a/1", "b/1", "/1", "a/2", "c/0"} {
		account, id, _ := strings.Cut(at, "/")
		d := doc(id, "{}", "f=x", "g="+account)
		d.Account = account
		put(t, s, d)
	}
	put(t, s, store.Doc{Key: store.Key{Account: "a", Type: "other", ID: "x"}, JSON: []byte("{}")})
	for _, w := range []map[string]string{nil, {"f": "x"}} {
		q := store.Query{Type: "thing", AnyAccount: true, Where: w}
		lists(t, s, q, "a/2 b/1 a/1 /1 c/0")
		q.After, q.AfterAccount = "1", "b"
		lists(t, s, q, "a/1 /1 c/0")
		q.Ascending = true
		lists(t, s, q, "a/2")
		q.After, q.AfterAccount = "1", ""
		lists(t, s, q, "a/1 b/1 a/2")
	}
	lists(t, s, store.Query{Type: "thing", AnyAccount: true, Where: map[string]string{"f": "x", "g": "b"}}, "b/1")
	lists(t, s, store.Query{Type: "thing"}, "1")
	lists(t, s, store.Query{Type: "thing", Where: map[string]string{"f": "x"}}, "1")
}

// oddValues is index values that no key could be.
func oddValues(t *testing.T, s store.Store) {
	values := []string{
		"", "x", "a\x00b", "a\x00", "\xff", "\U0010FFFFx", "é", strings.Repeat("x", 5000), strings.Repeat("x", 5001),
		strings.Repeat("é", 300), `'; --`, "?",
	}
	for i, v := range values {
		d := doc(fmt.Sprint(i), "{}")
		d.Index, d.Unique = map[string][]string{"f": {v, v}, "g": {v}}, []string{"f"}
		put(t, s, d)
	}
	for i, v := range values {
		q := store.Query{Account: "a", Type: "thing", Where: map[string]string{"f": v, "g": v}}
		lists(t, s, q, fmt.Sprint(i))
		d := doc("other", "{}")
		d.Index, d.Unique = map[string][]string{"f": {"free", v}}, []string{"f"}
		_, err := s.Put(t.Context(), d)
		var taken *store.ExistsError
		if !errors.As(err, &taken) || taken.Value != v || taken.By.ID != fmt.Sprint(i) {
			t.Errorf("%.20q is taken: %v", v, err)
		}
	}
}

// oddQuestions is strings that strangers may ask for, and that nothing is
// kept under: the answer is nothing, not an error.
func oddQuestions(t *testing.T, s store.Store) {
	for _, id := range []string{"a", "b", "c"} {
		put(t, s, doc(id, "{}", "f=x"))
	}
	add(t, s, entry("a", "event", "c", 1), entry("a", "event", strings.Repeat("long", 5000), 2))
	reads(t, s, store.Window{Account: "a", Call: strings.Repeat("long", 5000)}, "2")
	for _, bad := range []string{"b\x00", "b\xff", "\x00"} {
		_, err := s.Get(t.Context(), doc(bad, "").Key)
		wants(t, "get", err, store.ErrNotFound)
		_, err = s.History(t.Context(), doc(bad, "").Key, 0)
		wants(t, "history", err, store.ErrNotFound)
		wants(t, "delete", s.Delete(t.Context(), doc(bad, "").Key, 1, false), store.ErrNotFound)
		lists(t, s, store.Query{Account: bad, Type: "thing"}, "")
		lists(t, s, store.Query{Account: "a", Type: bad}, "")
		reads(t, s, store.Window{Account: bad}, "")
		reads(t, s, store.Window{Account: "a", Call: bad}, "")
		reads(t, s, store.Window{Account: "a", Kind: bad}, "")
		for _, ascending := range []bool{true, false} { // a cursor that no page gave: what is after it is there
			q := store.Query{Account: "a", Type: "thing", After: bad, Ascending: ascending}
			if got := ids(t, s, q); ascending && !strings.HasSuffix(got, "c") {
				t.Errorf("after %q: %s", bad, got)
			}
			q.Where = map[string]string{"f": bad}
			lists(t, s, q, "")
		}
	}
}

// byCreated is documents whose ids say nothing of their age.
func byCreated(t *testing.T, s store.Store) {
	var all []string
	var made []store.Doc
	for _, id := range []string{"m", "z", "a", "k", "b", "y"} {
		d := put(t, s, doc(id, "{}", "f="+fmt.Sprint(id < "l")))
		for len(made) > 0 && !d.Created.After(made[len(made)-1].Created) { // two of one microsecond
			wants(t, "delete", s.Delete(t.Context(), d.Key, 1, true), nil)
			d = put(t, s, doc(id, "{}", "f="+fmt.Sprint(id < "l")))
		}
		all, made = append(all, id), append(made, d)
	}
	changed := made[1]
	changed.Index = map[string][]string{"f": {"false"}}
	put(t, s, changed) // which makes it no younger
	q := store.Query{Account: "a", Type: "thing", ByCreated: true, Ascending: true}
	lists(t, s, q, strings.Join(all, " "))
	q.Ascending = false
	lists(t, s, q, "y b k a z m")
	q.Limit = 2
	for _, want := range []string{"y b", "k a", "z m", ""} {
		lists(t, s, q, want)
		if i := slices.Index(all, want[max(0, len(want)-1):]); i >= 0 {
			q.After, q.AfterCreated = made[i].ID, made[i].Created
		}
	}
	q = store.Query{Account: "a", Type: "thing", ByCreated: true, Where: map[string]string{"f": "true"}}
	lists(t, s, q, "b k a")
	q.After, q.AfterCreated = "k", made[3].Created
	lists(t, s, q, "a")
	q.Ascending = true
	lists(t, s, q, "b")
}
