// Package storetest is what every store must do, as a test suite.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// Run holds the stores that open gives to their contract. Each call of open
// gives an empty one, closed by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, store.Store){
		"Revisions": revisions, "Tombstones": tombstones, "BadDocs": badDocs, "Copies": copies,
		"Unique": unique, "UniqueRace": uniqueRace, "List": list, "Where": where, "AnyAccount": anyAccount, "ByCreated": byCreated,
		"Purge": purge, "PurgeMeanwhile": purgeMeanwhile, "OddValues": oddValues, "OddQuestions": oddQuestions,
		"History": history, "TwoWriters": twoWriters, "ManyWriters": manyWriters, "Cancelled": cancelled,
		"Append": appendAll, "Windows": windows, "Pages": pages, "Trim": trim, "ManyAppend": manyAppend,
		"BlobLife": blobLife, "BlobSeek": blobSeek, "BlobAbort": blobAbort, "BlobReplace": blobReplace,
		"BlobKeys": blobKeys, "BlobWriters": blobWriters, "BlobBig": blobBig,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// doc is a new document of account a and type thing.
func doc(id, body string, index ...string) store.Doc {
	d := store.Doc{Key: store.Key{Account: "a", Type: "thing", ID: id}, JSON: json.RawMessage(body)}
	for _, kv := range index {
		field, v, _ := strings.Cut(kv, "=")
		if d.Index == nil {
			d.Index = map[string][]string{}
		}
		d.Index[field] = append(d.Index[field], v)
	}
	return d
}

func put(t *testing.T, s store.Store, d store.Doc) store.Doc {
	t.Helper()
	got, err := s.Put(t.Context(), d)
	if err != nil {
		t.Fatalf("put %s: %v", d.ID, err)
	}
	return got
}

func wants(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func revisions(t *testing.T, s store.Store) {
	ctx, before := t.Context(), store.Moment(time.Now())
	_, err := s.Get(ctx, doc("1", "").Key)
	wants(t, "get of nothing", err, store.ErrNotFound)
	_, err = s.Put(ctx, store.Doc{Key: doc("1", "").Key, Rev: 1, JSON: json.RawMessage("{}")})
	wants(t, "put of a revision of nothing", err, store.ErrConflict)

	one := put(t, s, doc("1", `{"n": 1, "s":"é<>"}`))
	if one.Rev != 1 || one.Created.Before(before) || !one.Created.Equal(one.Modified) || one.Created.Location() != time.UTC {
		t.Errorf("the first revision is %+v", one)
	}
	got, err := s.Get(ctx, one.Key)
	if err != nil || got.Rev != 1 || string(got.JSON) != `{"n": 1, "s":"é<>"}` || !got.Created.Equal(one.Created) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = s.Put(ctx, doc("1", `{}`))
	wants(t, "put of a new one that is there", err, store.ErrConflict)

	got.JSON = json.RawMessage(`{"n":2}`)
	two := put(t, s, got)
	if two.Rev != 2 || !two.Created.Equal(one.Created) || two.Modified.Before(one.Modified) {
		t.Errorf("the second revision is %+v", two)
	}
	_, err = s.Put(ctx, got)
	wants(t, "put of an old revision", err, store.ErrConflict)
	if got, err := s.Get(ctx, one.Key); err != nil || got.Rev != 2 || string(got.JSON) != `{"n":2}` {
		t.Errorf("after a conflict there is %+v, %v", got, err)
	}
	// The same id elsewhere is another document.
	for _, k := range []store.Key{{Account: "b", Type: "thing", ID: "1"}, {Account: "a", Type: "other", ID: "1"}, {Type: "thing", ID: "1"}} {
		if got := put(t, s, store.Doc{Key: k, JSON: json.RawMessage("{}")}); got.Rev != 1 {
			t.Errorf("%+v has revision %d", k, got.Rev)
		}
	}
}

func tombstones(t *testing.T, s store.Store) {
	ctx := t.Context()
	k := doc("1", "").Key
	wants(t, "delete of nothing", s.Delete(ctx, k, 1, false), store.ErrNotFound)
	wants(t, "hard delete of nothing", s.Delete(ctx, k, 1, true), store.ErrNotFound)
	put(t, s, doc("1", `{"n":1}`, "f=x"))
	wants(t, "delete of another revision", s.Delete(ctx, k, 2, false), store.ErrConflict)
	wants(t, "delete", s.Delete(ctx, k, 1, false), nil)
	_, err := s.Get(ctx, k)
	wants(t, "get of a tombstone", err, store.ErrNotFound)
	if got := ids(t, s, store.Query{Account: "a", Type: "thing"}); got != "" {
		t.Errorf("listed %s", got)
	}
	if got := ids(t, s, store.Query{Account: "a", Type: "thing", Where: map[string]string{"f": "x"}}); got != "" {
		t.Errorf("found %s", got)
	}
	_, err = s.Put(ctx, doc("1", `{}`))
	wants(t, "put of a new one where a tombstone is", err, store.ErrConflict)
	wants(t, "delete of a tombstone", s.Delete(ctx, k, 2, false), store.ErrNotFound)
	past, err := s.History(ctx, k, 0)
	if err != nil || len(past) != 2 || !past[0].Deleted || past[0].Rev != 2 || string(past[0].JSON) != `{"n":1}` || past[1].Deleted {
		t.Fatalf("its history is %+v, %v", past, err)
	}

	back := doc("1", `{"n":3}`, "f=y")
	back.Rev = past[0].Rev
	if got := put(t, s, back); got.Rev != 3 || got.Deleted || !got.Created.Equal(past[1].Created) {
		t.Errorf("brought back as %+v", got)
	}
	if got := ids(t, s, store.Query{Account: "a", Type: "thing", Where: map[string]string{"f": "y"}}); got != "1" {
		t.Errorf("found %q", got)
	}
	wants(t, "hard delete of another revision", s.Delete(ctx, k, 2, true), store.ErrConflict)
	wants(t, "soft delete", s.Delete(ctx, k, 3, false), nil)
	wants(t, "hard delete of a tombstone", s.Delete(ctx, k, 4, true), nil)
	_, err = s.History(ctx, k, 0)
	wants(t, "history of nothing", err, store.ErrNotFound)
	if got := put(t, s, doc("1", `{}`)); got.Rev != 1 {
		t.Errorf("after a hard delete it is revision %d", got.Rev)
	}
}

func badDocs(t *testing.T, s store.Store) {
	for _, d := range []store.Doc{
		doc("", "{}"), doc("x\x00", "{}"), doc("\xff", "{}"), doc(strings.Repeat("x", 600), "{}"),
		doc("1", ""), doc("1", "{"), doc("1", "\"\xff\""),
		{Key: store.Key{ID: "1"}, JSON: json.RawMessage("{}")},
	} {
		_, err := s.Put(t.Context(), d)
		wants(t, fmt.Sprintf("put of %.20q: %q", d.ID, d.JSON), err, store.ErrBad)
		if _, err := s.Get(t.Context(), d.Key); err == nil {
			t.Errorf("%q is there", d.ID)
		}
	}
	for _, id := range []string{"é", "..", "a/b", `'"; DROP TABLE docs; --`, "%", "A", strings.Repeat("x", 512)} {
		put(t, s, doc(id, "{}"))
		if got, err := s.Get(t.Context(), doc(id, "").Key); err != nil || got.ID != id {
			t.Errorf("%q: %+v, %v", id, got, err)
		}
	}
}

// copies is a caller who changes what it gave and got.
func copies(t *testing.T, s store.Store) {
	d := doc("1", `{"n":1}`, "f=x")
	first := put(t, s, d)
	d.JSON[5], first.JSON[5], d.Index["f"][0] = '8', '9', "z"
	got, err := s.Get(t.Context(), d.Key)
	if err != nil || string(got.JSON) != `{"n":1}` {
		t.Fatalf("%s, %v", got.JSON, err)
	}
	got.JSON[5] = '7'
	if got, _ := s.Get(t.Context(), d.Key); string(got.JSON) != `{"n":1}` {
		t.Errorf("it became %s", got.JSON)
	}
	if got := ids(t, s, store.Query{Account: "a", Type: "thing", Where: map[string]string{"f": "x"}}); got != "1" {
		t.Errorf("its index was changed: found %q", got)
	}
}

func only(id string, values ...string) store.Doc {
	d := doc(id, "{}")
	d.Index, d.Unique = map[string][]string{"number": values, "name": {"same"}}, []string{"number"}
	return d
}

func unique(t *testing.T, s store.Store) {
	ctx := t.Context()
	put(t, s, only("1", "100", "101", "101"))
	_, err := s.Put(ctx, only("2", "102", "101"))
	wants(t, "put of a number that is taken", err, store.ErrExists)
	var taken *store.ExistsError
	if !errors.As(err, &taken) || taken.Field != "number" || taken.Value != "101" || taken.By.ID != "1" {
		t.Errorf("taken: %+v", taken)
	}
	if _, err := s.Get(ctx, only("2").Key); err == nil {
		t.Error("it was written")
	}
	put(t, s, only("2", "102")) // free: nothing of the refused one is left
	other := only("1", "100")
	other.Account = "b"
	put(t, s, other)
	other = only("1", "100")
	other.Type = "else"
	put(t, s, other)

	again := only("1", "101", "103") // gives 100 back
	again.Rev = 1
	put(t, s, again)
	put(t, s, only("3", "100"))
	again = only("2", "103")
	again.Rev = 1
	_, err = s.Put(ctx, again)
	wants(t, "change to a number that is taken", err, store.ErrExists)
	if got := ids(t, s, store.Query{Account: "a", Type: "thing", Where: map[string]string{"number": "102"}}); got != "2" {
		t.Errorf("102 is %q", got)
	}

	wants(t, "delete", s.Delete(ctx, only("1").Key, 2, false), nil)
	put(t, s, only("4", "101"))
	back := only("1", "101")
	back.Rev = 3
	_, err = s.Put(ctx, back)
	wants(t, "bring back with a number that is taken", err, store.ErrExists)
	wants(t, "hard delete", s.Delete(ctx, only("4").Key, 1, true), nil)
	put(t, s, back)
}

// uniqueRace is many who want the same number at once: one gets it.
func uniqueRace(t *testing.T, s store.Store) {
	var won int
	for _, err := range together(20, func(i int) error {
		_, err := s.Put(t.Context(), only(fmt.Sprint(i), "100"))
		return err
	}) {
		if err == nil {
			won++
		} else if !errors.Is(err, store.ErrExists) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of them have it", won)
	}
}

func history(t *testing.T, s store.Store) {
	d := doc("1", `{"n":1}`)
	for i := 2; i <= store.Revisions+6; i++ {
		d = put(t, s, d)
		d.JSON = fmt.Appendf(nil, `{"n":%d}`, i)
	}
	all, err := s.History(t.Context(), d.Key, 0)
	if err != nil || len(all) != store.Revisions {
		t.Fatalf("%d revisions, %v", len(all), err)
	}
	for i, got := range all {
		rev := int64(store.Revisions + 5 - i)
		if got.Rev != rev || string(got.JSON) != fmt.Sprintf(`{"n":%d}`, rev) || got.Key != d.Key ||
			!got.Created.Equal(d.Created) || got.Modified.Before(got.Created) {
			t.Fatalf("revision %d is %+v", rev, got)
		}
	}
	if some, err := s.History(t.Context(), d.Key, 2); err != nil || len(some) != 2 || some[1].Rev != all[1].Rev {
		t.Errorf("two of them are %+v, %v", some, err)
	}
}

func twoWriters(t *testing.T, s store.Store) {
	first := put(t, s, doc("1", `{}`))
	errs := together(2, func(int) error {
		_, err := s.Put(t.Context(), first)
		return err
	})
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), store.ErrConflict) {
		t.Errorf("two who changed one revision got %v", errs)
	}
}

// manyWriters is a counter that nobody's step of is lost.
func manyWriters(t *testing.T, s store.Store) {
	first := put(t, s, doc("1", `0`))
	const workers, steps = 8, 10
	for _, err := range together(workers, func(int) error {
		for done := 0; done < steps; {
			d, err := s.Get(t.Context(), first.Key)
			if err != nil {
				return err
			}
			var n int
			if err := json.Unmarshal(d.JSON, &n); err != nil {
				return err
			}
			d.JSON = fmt.Append(nil, n+1)
			if _, err = s.Put(t.Context(), d); err == nil {
				done++
			} else if !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if d, err := s.Get(t.Context(), first.Key); err != nil || string(d.JSON) != fmt.Sprint(workers*steps) {
		t.Errorf("counted to %s, %v", d.JSON, err)
	}
}

// cancelled is calls that nobody waits for.
func cancelled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, doc("1", "{}"))
	wants(t, "put", err, context.Canceled)
	_, err = s.List(ctx, store.Query{Type: "thing"})
	wants(t, "list", err, context.Canceled)
	_, err = s.Read(ctx, store.Window{})
	wants(t, "read", err, context.Canceled)
	wants(t, "append", s.Append(ctx, []store.Entry{entry("a", "event", "c", 1)}), context.Canceled)
	_, err = s.Blobs.Create(ctx, doc("1", "").Key, "")
	wants(t, "create", err, context.Canceled)
	put(t, s, doc("1", "{}"))
}

// together runs n of do at once and returns what they return.
func together(n int, do func(i int) error) []error {
	type result struct {
		i   int
		err error
	}
	start, done := make(chan struct{}), make(chan result)
	for i := range n {
		go func() {
			<-start
			done <- result{i, do(i)}
		}()
	}
	close(start)
	errs := make([]error, n)
	for range n {
		r := <-done
		errs[r.i] = r.err
	}
	return errs
}
