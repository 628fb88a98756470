package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

const (
	readers    = 4
	maxStmts   = 256      // queries that are kept prepared
	checkBelow = 64 << 20 // bytes: a database smaller than this is checked whole at start
)

// database is one writing connection and some that read.
type database struct {
	*writer
	path  string
	read  *sql.DB
	write *sql.DB

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

// openDatabase opens or makes the SQLite file at path and brings it up to the
// last of the migrations.
func openDatabase(ctx context.Context, path string, migrations []string) (*database, error) {
	d := &database{path: path, stmts: map[string]*sql.Stmt{}}
	err := d.open(ctx, migrations)
	if err == nil {
		return d, nil
	}
	var bad *sqlite.Error
	if errors.As(err, &bad) && (bad.Code()&0xff == lib.SQLITE_CORRUPT || bad.Code()&0xff == lib.SQLITE_NOTADB) {
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil, errors.Join(fmt.Errorf("sqlstore: %s: %w", path, err), d.Close())
}

var errDamaged = errors.New("the file is damaged, or not a database: restore it from a backup, or move it away")

func (d *database) open(ctx context.Context, migrations []string) (err error) {
	info, err := os.Stat(d.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	check := err == nil && info.Size() < checkBelow
	if d.write, err = sql.Open("sqlite", source(d.path, false)); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if d.writer, err = newWriter(ctx, d.write, sqliteDialect); err != nil {
		return err
	}
	if check {
		if err := quickCheck(ctx, d.conn); err != nil {
			return err
		}
	}
	if err := migrate(ctx, d.writer, migrations); err != nil {
		return err
	}
	if d.read, err = sql.Open("sqlite", source(d.path, true)); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	return d.read.PingContext(ctx)
}

// source is a file's name and settings as the driver takes them.
func source(path string, readOnly bool) string {
	q := url.Values{"_busy_timeout": {"5000"}, "_dqs": {"0"}, "_pragma": {"temp_store(MEMORY)"}}
	if readOnly {
		q.Set("_query_only", "1")
	} else {
		q.Set("_journal_mode", "WAL")
		q.Set("_synchronous", "FULL")
		q.Add("_pragma", "journal_size_limit(67108864)")
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func quickCheck(ctx context.Context, c *sql.Conn) error {
	var said string
	if err := c.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, said)
	}
	return nil
}

func (d *database) Close() error {
	var errs []error
	d.mu.Lock()
	for _, s := range d.stmts {
		errs = append(errs, s.Close())
	}
	d.stmts = map[string]*sql.Stmt{}
	d.mu.Unlock()
	if d.read != nil {
		errs = append(errs, d.read.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.close())
	}
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	return errors.Join(errs...)
}

// query reads rows, on a connection that only reads.
func (d *database) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	q = sqliteDialect.bind(q)
	d.mu.Lock()
	s := d.stmts[q]
	if s == nil && len(d.stmts) < maxStmts {
		var err error
		if s, err = d.read.PrepareContext(ctx, q); err != nil {
			d.mu.Unlock()
			return nil, err
		}
		d.stmts[q] = s
	}
	d.mu.Unlock()
	if s == nil {
		return d.read.QueryContext(ctx, q, args...)
	}
	return s.QueryContext(ctx, args...)
}

// collect reads all rows.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// dialect is what one database says differently from another.
type dialect struct {
	begin  string
	tokens *strings.Replacer // in migrations
	dollar bool              // $1 instead of ?
}

// sqliteDialect is that of SQLite 3.
var sqliteDialect = dialect{
	begin: "BEGIN IMMEDIATE",
	tokens: strings.NewReplacer(
		"{integer}", "INTEGER", // of 64 bits, and the table's own order
		"{text}", "TEXT", // compared as bytes: elsewhere it may need a collation
		"{clustered}", "WITHOUT ROWID",
	),
}

// bind writes the places of q's arguments as the database wants them. No query
// has a ? in a string.
func (d dialect) bind(q string) string {
	if !d.dollar {
		return q
	}
	var b strings.Builder
	n := 0
	for _, c := range q {
		if c == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
