package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
)

// plan is how a query is carried out: the last column of what EXPLAIN says.
func plan(t *testing.T, d *database, query string, args []any) string {
	t.Helper()
	rows, err := d.read.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for rows.Next() {
		var step string
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		into[len(into)-1] = &step
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

// queries are the ways in which documents are asked for.
func queries(account, kind, field, other string) []store.Query {
	var all []store.Query
	for _, after := range []string{"", "1"} {
		all = append(all, store.Query{Account: account, Type: kind, ByCreated: true, After: after, AfterCreated: time.Unix(1, 0), Limit: 50})
	}
	for _, where := range []map[string]string{nil, {field: "1"}, {field: "1", other: "1"}} {
		for _, anyAccount := range []bool{false, true} {
			for _, after := range []string{"", "1"} {
				all = append(all, store.Query{Account: account, Type: kind, AnyAccount: anyAccount, Where: where, After: after, Limit: 50})
			}
		}
	}
	return all
}

// TestPlans is that no question reads a whole table.
func TestPlans(t *testing.T) {
	s := open(t, t.TempDir())
	holds := func(what, p string) {
		for step := range strings.SplitSeq(p, "\n") {
			if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s:\n%s", what, p)
				return
			}
		}
	}
	for _, q := range queries("a", "t", "f", "g") {
		text, args := listQuery(q, sqliteDialect.value)
		holds(fmt.Sprintf("%+v", q), plan(t, s.docs, "EXPLAIN QUERY PLAN "+text, args))
	}
	for _, w := range []store.Window{
		{Account: "a", Kind: "k", Limit: 50},
		{Account: "a", Kind: "k", From: time.Unix(1, 0), To: time.Unix(2, 0), After: 7, Limit: 50},
		{Account: "a", Kind: "k", Call: "c"},
		{AnyAccount: true, Kind: "k", Call: "c", Ascending: true},
	} {
		text, args := windowQuery(w, sqliteDialect.call)
		p := plan(t, s.journal, "EXPLAIN QUERY PLAN "+text, args)
		if w.AnyAccount { // the lines of one call are few: they may be sorted
			p = strings.ReplaceAll(p, "USE TEMP B-TREE", "sorted")
		}
		holds(fmt.Sprintf("%+v", w), p)
		if w.Call != "" && !strings.Contains(p, "journal_call (call_id=? AND kind=?") {
			t.Errorf("%+v:\n%s", w, p)
		}
	}
}

// TestGroup is changes that share a transaction: who fails takes nothing from
// the others, and who does not wait any more is left out.
func TestGroup(t *testing.T) { testGroup(t, open(t, t.TempDir()).docs) }

func TestPostgresGroup(t *testing.T) {
	testGroup(t, openAt(t, postgrestest.Start(t).Database(t)).docs)
}

func testGroup(t *testing.T, d *database) {
	t.Helper()
	insert := func(id int) func(context.Context, *tx) error {
		return func(ctx context.Context, t *tx) error {
			_, err := t.exec(ctx, `INSERT INTO migrations (id, at) VALUES (?, 0)`, id)
			return err
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	boom := errors.New("boom")
	first := insert(100)
	var results []chan error
	later := func(ctx context.Context, change func(context.Context, *tx) error) job {
		results = append(results, make(chan error, 1))
		return job{ctx: ctx, change: change, result: results[len(results)-1]}
	}
	jobs := []job{
		later(t.Context(), first),
		later(t.Context(), func(ctx context.Context, tx *tx) error {
			cancel()
			return errors.Join(insert(101)(ctx, tx), boom)
		}),
		later(gone, insert(102)),
		later(t.Context(), insert(100)), // a violation
		later(t.Context(), insert(103)),
	}
	// The goroutine waits for jobs: this one stands in for it.
	d.group(t.Context(), jobs)
	var got []error
	for _, r := range results {
		got = append(got, <-r)
	}
	if got[0] != nil || !errors.Is(got[1], boom) || !errors.Is(got[2], context.Canceled) || got[3] == nil || got[4] != nil {
		t.Errorf("%v", got)
	}
	rows, err := d.query(t.Context(), `SELECT id FROM migrations WHERE id >= ? ORDER BY id`, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || !slices.Equal(ids, []int{100, 103}) {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestBind(t *testing.T) {
	d := dialect{dollar: true}
	if got := d.bind(`a = ? AND b IN (?, ?)`); got != `a = $1 AND b IN ($2, $3)` {
		t.Error(got)
	}
}

func TestTrimInParts(t *testing.T) {
	s := open(t, t.TempDir())
	lines := make([]store.Entry, trimAtOnce+10)
	for i := range lines {
		lines[i] = store.Entry{Kind: "k", At: time.Unix(int64(i), 0), JSON: []byte("1")}
	}
	if err := s.Append(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Trim(t.Context(), "k", time.Unix(trimAtOnce+5, 0)); err != nil || n != trimAtOnce+5 {
		t.Errorf("%d, %v", n, err)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a", "..", "A", "é", "%", "%%", "a/b", strings.Repeat("x", 300)} {
		f.Add(s, s+".")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := escape(a), escape(b)
		if a != b && strings.EqualFold(x, y) {
			t.Errorf("%q and %q are both %s", a, b, x)
		}
		if x == "" || len(x) > 200 || strings.ContainsAny(x, `/\:*?"<>|`) || x[0] == '.' || x[len(x)-1] == '.' {
			t.Errorf("%q is %s", a, x)
		}
	})
}
