package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// maxGroup is how many changes one transaction takes.
const maxGroup = 128

var errClosed = errors.New("sqlstore: closed")

// writer makes changes on the one connection that writes, each whole or not
// at all. Those that wait for it together share a transaction, and so its
// fsync.
type writer struct {
	dialect dialect
	silent  *silence
	connect connector
	conn    *sql.Conn            // of the goroutine alone, as all of these; nil after it was lost
	stmts   map[string]*sql.Stmt // of conn
	heard   func()               // to be called when something came from the server
	jobs    chan job
	quit    chan struct{} // closed by close
	done    chan struct{} // closed when the goroutine is gone
}

type job struct {
	ctx    context.Context //nolint:containedctx // only to skip what nobody waits for any more
	change func(context.Context, *tx) error
	slow   bool // a statement of it may take longer than a server that is well is silent
	result chan error
}

// connector makes the connection that writes, and calls heard whenever
// something came from the server.
type connector func(ctx context.Context, heard func()) (*sql.Conn, error)

func newWriter(ctx context.Context, d dialect, s *silence, connect connector) (*writer, error) {
	conn, err := connect(ctx, func() {})
	if err != nil {
		return nil, err
	}
	w := &writer{
		dialect: d, silent: s, connect: connect, conn: conn, stmts: map[string]*sql.Stmt{},
		jobs: make(chan job), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run(context.WithoutCancel(ctx))
	return w, nil
}

// do makes a change and returns when it is on the disk, or why it is not. A
// change that was begun is finished, whatever becomes of ctx. All errors of
// the database must be change's error. While the server is known to be silent
// nothing is begun.
func (w *writer) do(ctx context.Context, change func(context.Context, *tx) error) error {
	return w.hand(job{ctx: ctx, change: change})
}

func (w *writer) hand(j job) error {
	ctx := j.ctx
	if err := cmp.Or(ctx.Err(), w.silent.known()); err != nil {
		return err
	}
	j.result = make(chan error, 1)
	select {
	case w.jobs <- j:
		return <-j.result
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosed
	}
}

func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	for {
		select {
		case j := <-w.jobs:
			w.group(ctx, w.gather(j))
		case <-w.quit:
			return
		}
	}
}

// gather is first and all who wait.
func (w *writer) gather(first job) []job {
	jobs := []job{first}
	for len(jobs) < maxGroup {
		select {
		case j := <-w.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// group makes changes in one transaction. One that fails takes back itself
// alone, unless the database gave up the transaction: then all have failed.
func (w *writer) group(ctx context.Context, jobs []job) {
	results := make([]error, len(jobs))
	err := w.together(ctx, jobs, results)
	for i, j := range jobs {
		if results[i] == nil {
			results[i] = err
		}
		if results[i] != nil && w.dialect.full(results[i]) {
			results[i] = fmt.Errorf("%w: %w", store.ErrFull, results[i])
		}
		j.result <- results[i]
	}
}

// together makes changes in one transaction. Its error is that of all of them.
func (w *writer) together(ctx context.Context, jobs []job, results []error) (err error) {
	ctx, end, err := w.listen(ctx, jobs)
	if err != nil {
		return err
	}
	defer func() { err = end(err) }()
	if err = w.begin(ctx); err == nil {
		err = w.changes(ctx, jobs, results)
	}
	if err == nil {
		err = w.exec(ctx, "COMMIT")
	}
	if err != nil && w.conn != nil {
		_ = w.exec(ctx, "ROLLBACK") // it may be gone already
	}
	// Out of time between two statements, it is left within the transaction.
	if err == nil || w.conn == nil || !w.dialect.dead(w.conn) && ctx.Err() == nil {
		return err
	}
	w.drop() // whether a commit went through, nobody can say now
	clear(results)
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// listen limits how long jobs may take, and how long the server may be silent
// meanwhile.
func (w *writer) listen(ctx context.Context, jobs []job) (context.Context, func(error) error, error) {
	var long time.Duration
	if !slices.ContainsFunc(jobs, func(j job) bool { return j.slow }) {
		long = w.dialect.silence
	}
	ctx, heard, end, err := w.silent.listen(ctx, long)
	if err != nil {
		return nil, nil, err
	}
	w.heard = heard
	if w.dialect.patience <= 0 {
		return ctx, end, nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.dialect.patience)
	return ctx, func(err error) error { cancel(); return end(err) }, nil
}

// begin begins a transaction, on a new connection if the old one was lost
// since it was last used.
func (w *writer) begin(ctx context.Context) (err error) {
	for range 2 {
		if w.conn == nil {
			if w.conn, err = w.connect(ctx, w.heard); err != nil {
				return err
			}
		}
		if err = w.exec(ctx, w.dialect.begin); err == nil || !w.dialect.dead(w.conn) {
			return err
		}
		w.drop()
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// drop gives up a connection that was lost.
func (w *writer) drop() {
	for _, s := range w.stmts {
		_ = s.Close()
	}
	_ = w.conn.Close()
	w.conn, w.stmts = nil, map[string]*sql.Stmt{}
}

// changes makes each change, if there are several behind a savepoint, so that
// one that is refused leaves nothing.
func (w *writer) changes(ctx context.Context, jobs []job, results []error) error {
	for i, j := range jobs {
		if results[i] = j.ctx.Err(); results[i] != nil {
			continue
		}
		if len(jobs) == 1 {
			results[i] = j.change(ctx, &tx{w: w})
			return results[i]
		}
		if err := w.exec(ctx, "SAVEPOINT change"); err != nil {
			return err
		}
		if results[i] = j.change(ctx, &tx{w: w}); results[i] != nil {
			if err := w.exec(ctx, "ROLLBACK TO SAVEPOINT change"); err != nil {
				return fmt.Errorf("%w (%w)", results[i], err)
			}
		}
		if err := w.exec(ctx, "RELEASE SAVEPOINT change"); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) exec(ctx context.Context, q string) error {
	s, err := w.prepared(ctx, q) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return err
	}
	defer w.heard()
	_, err = s.ExecContext(ctx)
	return err
}

// prepared keeps every statement: they are few, and all written here.
func (w *writer) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if s := w.stmts[q]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, w.dialect.bind(q))
	if w.heard(); err == nil {
		w.stmts[q] = s
	}
	return s, err
}

// close waits for the running group; who comes later is refused.
func (w *writer) close() error {
	close(w.quit)
	<-w.done
	if w.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, w.conn.Close())
	return errors.Join(slices.DeleteFunc(errs, w.dialect.away)...)
}

// tx is a change being made. After an error it makes no more of it: a full
// disk ends the transaction, and what followed would be outside of any.
type tx struct {
	w      *writer
	failed error
}

// exec returns how many rows it changed.
func (t *tx) exec(ctx context.Context, q string, args ...any) (n int64, err error) {
	defer func() { t.failed = err }()
	s, err := t.prepared(ctx, q) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if t.w.heard(); err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// one reads the one row of q, and says whether there was one.
func (t *tx) one(ctx context.Context, q string, args, into []any) (there bool, err error) {
	defer func() { t.failed = err }()
	s, err := t.prepared(ctx, q) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(ctx, args...).Scan(into...)
	if t.w.heard(); errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (t *tx) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	return t.w.prepared(ctx, q)
}
