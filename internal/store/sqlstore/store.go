// Package sqlstore keeps a server's data in one folder: documents and the
// journal in SQLite, or else in PostgreSQL, blobs always in files.
//
//	pivot.db     documents, their index and history
//	journal.db   events and call records
//	blobs/       <account>/<type>/<id>, names escaped
//	pivot.lock   held while a process has the folder open
//
// The two databases are two files so that a long clean-up of the journal, or
// a burst of calls, does not keep a document waiting, and so that losing the
// log is not losing the numbers. Each has one writing connection, which takes
// all that is waiting in one transaction, and a few that read. Both write
// ahead (WAL) with synchronous=FULL: what was acknowledged is on the disk. The
// journal could do with less, NORMAL, but then a power cut would take
// everything since the last checkpoint, on a quiet server the call records of
// a day; it is appended to in groups, so that one fsync more a group is cheap.
//
// In PostgreSQL there are two schemas instead of two files, and all else is
// the same, down to the statements: see postgres.go for what is not.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pivotvoice/pivot/internal/store"
)

// Store is a folder with everything in it. Close it.
type Store struct {
	store.Store
	lock    *os.File
	docs    *database
	journal *database
	blobs   *blobs
}

// ErrInUse is a folder that another process has open.
var ErrInUse = errors.New("sqlstore: another pivot uses this data")

// Open opens what is in dir, or makes it. A folder that some other process
// has open is ErrInUse; a damaged database is an error that names its file.
func Open(ctx context.Context, dir string) (*Store, error) {
	return openStore(ctx, dir, func(ctx context.Context, s *Store, dir string) (err error) {
		if s.docs, err = openSQLite(ctx, filepath.Join(dir, "pivot.db"), docMigrations); err != nil {
			return err
		}
		s.journal, err = openSQLite(ctx, filepath.Join(dir, "journal.db"), journalMigrations)
		return err
	})
}

// openStore opens a folder and, with databases, what is kept elsewhere.
func openStore(
	ctx context.Context, dir string, databases func(ctx context.Context, s *Store, dir string) error,
) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	s := &Store{}
	if err = s.openFolder(dir); err == nil {
		err = databases(ctx, s, dir)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Store = store.Store{Docs: docs{s.docs}, Journal: journal{s.journal}, Blobs: s.blobs}
	return s, nil
}

func (s *Store) openFolder(dir string) (err error) {
	if s.lock, err = lockFile(filepath.Join(dir, "pivot.lock")); err != nil {
		return err
	}
	s.blobs, err = openBlobs(filepath.Join(dir, "blobs"))
	return err
}

// Close waits for what is being written and gives the folder back. What is
// asked of the store later fails.
func (s *Store) Close() error {
	var errs []error
	if s.docs != nil {
		errs = append(errs, s.docs.Close())
	}
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.blobs != nil {
		errs = append(errs, s.blobs.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close()) // the lock goes with it
	}
	s.docs, s.journal, s.blobs, s.lock = nil, nil, nil, nil
	return errors.Join(errs...)
}

// lockFile makes path and locks it, and writes our process id into it for
// whoever wonders.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	if err := lock(f); err != nil {
		owner := make([]byte, 20)
		n, _ := f.Read(owner)
		err = fmt.Errorf("%w: %s (process %s): %w", ErrInUse, filepath.Dir(path), owner[:n], err)
		return nil, errors.Join(err, f.Close())
	}
	// A disk too full for a number still has a lock.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprint(f, os.Getpid())
	}
	return f, nil
}
