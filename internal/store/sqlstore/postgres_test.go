package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
	"github.com/pivotvoice/pivot/internal/store/storetest"
)

// openAt opens the PostgreSQL database at url.
func openAt(tb testing.TB, url string) *Store {
	tb.Helper()
	s, err := openPostgres(tb.Context(), tb.TempDir(), url, time.Second)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestPostgresContract(t *testing.T) {
	server := postgrestest.Start(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openAt(t, server.Database(t)).Store
	})
}

// putOne writes a document that is new.
func putOne(ctx context.Context, s *Store, id string) error {
	_, err := s.Put(ctx, store.Doc{
		Key: store.Key{Type: "t", ID: id}, JSON: []byte("{}"), Index: map[string][]string{"f": {id}}, Unique: []string{"f"},
	})
	return err
}

func gets(t *testing.T, s *Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		found, err := s.List(t.Context(), store.Query{Type: "t", Where: map[string]string{"f": id}})
		if err != nil || len(found) != 1 {
			t.Errorf("%d documents %s, %v", len(found), id, err)
		}
	}
}

// TestPostgresRestart is a server that goes away, in the midst of things, and
// comes back: what is asked meanwhile fails and says so, and what is asked
// later works at once.
func TestPostgresRestart(t *testing.T) {
	server := postgrestest.StartOwn(t)
	s := openAt(t, server.Database(t))
	line := []store.Entry{{Kind: "k", JSON: []byte("1")}}
	for round := range 2 {
		before, after := fmt.Sprint("before", round), fmt.Sprint("after", round)
		if err := errors.Join(putOne(t.Context(), s, before), s.Append(t.Context(), line)); err != nil {
			t.Fatal(err)
		}
		gets(t, s, before)
		server.Kill()
		if round == 0 { // nobody notices in the second round
			if err := putOne(t.Context(), s, "x"); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("put: %v", err)
			}
			if err := s.Append(t.Context(), line); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("append: %v", err)
			}
			if _, err := s.Get(t.Context(), store.Key{Type: "t", ID: before}); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("get: %v", err)
			}
			hides(t, putOne(t.Context(), s, "x"))
		}
		server.Run()
		gets(t, s, before)
		if err := errors.Join(putOne(t.Context(), s, after), s.Append(t.Context(), line)); err != nil {
			t.Fatal(err)
		}
		gets(t, s, before, after)
	}
	if lines, err := s.Read(t.Context(), store.Window{}); err != nil || len(lines) != 4 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// hides is that an error does not show the password.
func hides(t *testing.T, err error) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// TestPostgresCut is connections that an administrator ends.
func TestPostgresCut(t *testing.T) {
	server := postgrestest.Start(t)
	s := openAt(t, server.Database(t))
	for i := range 3 {
		if err := putOne(t.Context(), s, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		gets(t, s, fmt.Sprint(i))
		cut(t, server, s)
	}
	gets(t, s, "0", "1", "2")
}

// cut ends the connections of s, and of no other.
func cut(t *testing.T, server *postgrestest.Server, s *Store) {
	t.Helper()
	var name string
	if err := s.docs.read.QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '`+name+`'`)
}

// TestPostgresOneProcess is two that start at once on an empty database: one
// makes it and has it, the other is refused, and may come when it is free.
func TestPostgresOneProcess(t *testing.T) {
	url := postgrestest.Start(t).Database(t)
	type result struct {
		s   *Store
		err error
	}
	results := make(chan result)
	for range 2 {
		dir := t.TempDir()
		go func() {
			s, err := openPostgres(t.Context(), dir, url, time.Second)
			results <- result{s, err}
		}()
	}
	a, b := <-results, <-results
	if a.err != nil {
		a, b = b, a
	}
	if a.err != nil || !errors.Is(b.err, ErrInUse) || !strings.Contains(b.err.Error(), "process") {
		t.Fatalf("%v, %v", a.err, b.err)
	}
	if err := errors.Join(putOne(t.Context(), a.s, "1"), a.s.Close()); err != nil {
		t.Fatal(err)
	}
	gets(t, openAt(t, url), "1")
}

// TestPostgresOther is a process that lost its connection, and with it the
// database to another: it does not write behind the other's back, nor after
// it, for what it remembers is not so any more.
func TestPostgresOther(t *testing.T) {
	server := postgrestest.Start(t)
	url := server.Database(t)
	first := openAt(t, url)
	if err := putOne(t.Context(), first, "1"); err != nil {
		t.Fatal(err)
	}
	cut(t, server, first)
	second, err := OpenPostgres(t.Context(), t.TempDir(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := putOne(t.Context(), first, "2"); !errors.Is(err, ErrInUse) {
		t.Errorf("beside the other: %v", err)
	}
	if err := errors.Join(putOne(t.Context(), second, "3"), second.Close()); err != nil {
		t.Fatal(err)
	}
	if err := putOne(t.Context(), first, "4"); !errors.Is(err, errOther) {
		t.Errorf("after the other: %v", err)
	}
	gets(t, first, "1", "3")
}

// TestPostgresGhost is a connection that we lost, and that the server still
// takes for alive: its lock is no obstacle.
func TestPostgresGhost(t *testing.T) {
	cfg, err := postgresConfig(postgrestest.Start(t).Database(t))
	if err != nil {
		t.Fatal(err)
	}
	db := pool(cfg, "ghost", nil)
	defer func() { _ = db.Close() }()
	s := &seat{schema: "ghost", number: 3, wait: 10 * time.Second}
	ghost, err := s.take(t.Context(), db, func() {})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.take(t.Context(), db, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if err := ghost.PingContext(t.Context()); err == nil {
		t.Error("the ghost lives")
	}
	if err := again.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPostgresRefused is why a database cannot be opened, in words, and without
// the password.
func TestPostgresRefused(t *testing.T) {
	server := postgrestest.StartOwn(t)
	good := server.Database(t)
	for name, tc := range map[string]struct{ url, says string }{
		"password": {strings.Replace(good, "secret%20word", "secret-other", 1), "password authentication failed"},
		"user":     {strings.Replace(good, postgrestest.User+":", "nobody:", 1), "password authentication failed"},
		"database": {good + "x", "does not exist"},
		"encoding": {server.Database(t, "ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0"), "needs UTF8"},
		"server":   {"postgres://pivot:secret@127.0.0.1:1/x", "refused"},
		"schema":   {good + "?search_path=x", "search_path"},
		"url":      {"postgres://pivot:secret@[/x", "cannot parse"},
		"setting":  {good + "?colour=red", "colour"},
	} {
		dir := t.TempDir()
		_, err := OpenPostgres(t.Context(), dir, tc.url)
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
		hides(t, err)
	}
	openAt(t, good) // and nobody is left in it
	for _, bad := range []error{suits(120022, "UTF8", false), suits(150000, "LATIN1", false), suits(150000, "UTF8", true)} {
		if bad == nil {
			t.Error("it suits")
		}
	}
	if err := suits(oldest*10000, "UTF8", false); err != nil {
		t.Error(err)
	}
}

// TestPostgresCommits is a server whose commits do not wait for the disk: ours
// do. And numbering a line, which costs little, is not compiled first.
func TestPostgresCommits(t *testing.T) {
	s := openAt(t, postgrestest.StartOwn(t, "synchronous_commit=off").Database(t))
	for _, d := range []*database{s.docs, s.journal} {
		var on string
		if err := d.conn.QueryRowContext(t.Context(), `SHOW synchronous_commit`).Scan(&on); err != nil || on != "on" {
			t.Errorf("%q, %v", on, err)
		}
		if err := d.conn.QueryRowContext(t.Context(), `SHOW jit`).Scan(&on); err != nil || on != "off" {
			t.Errorf("jit is %q, %v", on, err)
		}
	}
}

// TestPostgresPlans is that no question reads a whole table, nor sorts one.
func TestPostgresPlans(t *testing.T) {
	s := openAt(t, postgrestest.Start(t).Database(t))
	for d, all := range map[*database][]string{
		s.docs: {
			`INSERT INTO docs SELECT (n % 5)::text, 't' || n % 3, n::text, 1, 0, 0, 0, repeat('x', 500) FROM generate_series(1, 20000) n`,
			`INSERT INTO doc_index SELECT account, type, id, f, (id::int % v)::text FROM docs, (VALUES ('f', 100), ('g', 7)) x (f, v)`,
			`VACUUM ANALYZE`, // as the server does by itself after a while
		},
		s.journal: {
			`INSERT INTO journal SELECT n, (n % 5)::text, 'k' || n % 3, (n / 10)::text, n, repeat('x', 500) FROM generate_series(1, 20000) n`,
			`VACUUM ANALYZE`, // as the server does by itself after a while
		},
	} {
		for _, q := range all {
			if _, err := d.conn.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	holds := func(d *database, query string, args []any, good ...string) {
		t.Helper()
		p := plan(t, d, "EXPLAIN "+postgresDialect.bind(query), args)
		bad := strings.Contains(p, "Sort") && len(good) == 0
		for _, whole := range []string{"Seq Scan", "Hash Join", "Merge Join", "Materialize"} {
			bad = bad || strings.Contains(p, whole)
		}
		for _, g := range good {
			bad = bad || !strings.Contains(p, g)
		}
		if bad {
			t.Errorf("%s %v:\n%s", query, args, p)
		}
	}
	for _, q := range queries("1", "t1", "f", "g") {
		text, args := listQuery(q, indexable)
		holds(s.docs, text, args)
	}
	for _, w := range []store.Window{
		{Account: "1", Kind: "k1", Limit: 50},
		{Account: "1", Kind: "k1", From: time.UnixMicro(1), To: time.UnixMicro(20000), After: 10000, Limit: 50},
	} {
		text, args := windowQuery(w, postgresDialect.call)
		holds(s.journal, text, args)
	}
	for _, w := range []store.Window{{Account: "1", Kind: "k1", Call: "7"}, {AnyAccount: true, Kind: "k1", Call: "7", Ascending: true}} {
		text, args := windowQuery(w, postgresDialect.call)
		holds(s.journal, text, args, "journal_call", "\"left\"(call_id, 200) = ")
	}
}
