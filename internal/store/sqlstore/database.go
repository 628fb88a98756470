package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/pivotvoice/pivot/internal/store"
)

// maxStmts is how many queries are kept prepared.
const maxStmts = 256

// database is one writing connection and some that read.
type database struct {
	*writer
	dialect dialect
	read    *sql.DB
	write   *sql.DB

	mu    sync.Mutex
	stmts map[string]*sql.Stmt

	silent silence
}

func newDatabase(d dialect) *database { return &database{dialect: d, stmts: map[string]*sql.Stmt{}} }

// ready has the connections that read held open.
func (d *database) ready(ctx context.Context) error {
	d.read.SetMaxOpenConns(d.dialect.readers)
	d.read.SetMaxIdleConns(d.dialect.readers)
	d.silent.ping = d.read.PingContext
	return d.read.PingContext(ctx)
}

func (d *database) Close() error {
	var errs []error
	d.silent.close()
	d.mu.Lock()
	for _, s := range d.stmts {
		if err := s.Close(); err != nil && !d.dialect.away(err) {
			errs = append(errs, err)
		}
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
	q = d.dialect.bind(q)
	d.mu.Lock()
	s, room := d.stmts[q], len(d.stmts) < maxStmts
	d.mu.Unlock()
	if s == nil && room {
		var err error
		if s, err = d.prepare(ctx, q); err != nil {
			return nil, err
		}
	}
	if s == nil {
		return d.read.QueryContext(ctx, q, args...)
	}
	return s.QueryContext(ctx, args...)
}

// prepare keeps q prepared. The server is asked without the lock: nobody waits
// for what another asks.
func (d *database) prepare(ctx context.Context, q string) (*sql.Stmt, error) {
	s, err := d.read.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if other := d.stmts[q]; other != nil {
		_ = s.Close() //nolint:sqlclosecheck // somebody was first: only then
		return other, nil
	}
	d.stmts[q] = s
	return s, nil
}

// collect reads all rows of q. After the server was away each of the reading
// connections may find that out by itself: it is asked again until one is new.
func collect[T any](
	ctx context.Context, d *database, scan func(*sql.Rows) (T, error), q string, args ...any,
) ([]T, error) {
	if slices.ContainsFunc(args, d.dialect.never) {
		return nil, ctx.Err()
	}
	for try := 0; ; try++ {
		out, err := collectOnce(ctx, d, scan, q, args)
		switch away, again := d.dialect.lost(err); {
		case !away:
			return out, err
		case !again || try == d.dialect.readers:
			return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
}

func collectOnce[T any](
	ctx context.Context, d *database, scan func(*sql.Rows) (T, error), q string, args []any,
) (out []T, err error) {
	ctx, heard, end, err := d.silent.listen(ctx, d.dialect.silence)
	if err != nil {
		return nil, err
	}
	defer func() { err = end(err) }()
	rows, err := d.query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		heard()
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
