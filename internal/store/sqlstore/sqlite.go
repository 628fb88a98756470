package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// checkBelow is the size, in bytes, below which a database is checked whole
// at start.
const checkBelow = 64 << 20

// openSQLite opens or makes the SQLite file at path and brings it up to the
// last of the migrations.
func openSQLite(ctx context.Context, path string, migrations []string) (*database, error) {
	d := newDatabase(sqliteDialect)
	err := d.openFile(ctx, path, migrations)
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

func (d *database) openFile(ctx context.Context, path string, migrations []string) (err error) {
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	check := err == nil && info.Size() < checkBelow
	if d.write, err = sql.Open("sqlite", source(path, false)); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	d.writer, err = newWriter(ctx, d.dialect, &d.silent, func(ctx context.Context, _ func()) (*sql.Conn, error) {
		return d.write.Conn(ctx)
	})
	if err != nil {
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
	if d.read, err = sql.Open("sqlite", source(path, true)); err != nil {
		return err
	}
	return d.ready(ctx)
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

// fullFile says whether there is no room for the file to grow.
func fullFile(err error) bool {
	const primary = 0xff // of extended codes
	said, ok := errors.AsType[*sqlite.Error](err)
	return ok && said.Code()&primary == lib.SQLITE_FULL
}
