package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// lockClass is the first number of our advisory locks: "PIVO".
const lockClass = 0x5049564f

// seat is the right to write to a schema, which one connection has at a time.
type seat struct {
	schema string
	number int           // the second number of its lock
	wait   time.Duration // how long another one may take to leave
	token  string        // what the table owner says until somebody else sat here; "" before the first time
	pid    int           // of the connection that had it last, on the server
}

// errOther is a database that another process wrote to while this one had no
// connection: what this one remembers of it is not true any more.
var errOther = fmt.Errorf("%w: it was used by another while the connection was lost; start this one again", ErrInUse)

// take opens a connection that has the seat. heard is told whenever the server
// has answered.
func (s *seat) take(ctx context.Context, db *sql.DB, heard func()) (*sql.Conn, error) {
	c, err := db.Conn(ctx)
	if heard(); err != nil {
		if away, _ := lostServer(err); away {
			err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		return nil, err
	}
	if err := s.claim(ctx, c, heard); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (s *seat) claim(ctx context.Context, c *sql.Conn, heard func()) error {
	if err := fit(ctx, c); err != nil {
		return err
	}
	if s.token != "" {
		if err := s.same(ctx, c); err != nil { // before anything of another's is ended
			return err
		}
	}
	if err := s.lock(ctx, c, heard); err != nil {
		return err
	}
	settle := s.same
	if s.token == "" {
		settle = s.first
	}
	if err := settle(ctx, c); err != nil {
		return err
	}
	return c.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&s.pid)
}

// fit says what is wrong with a server.
func fit(ctx context.Context, c *sql.Conn) error {
	var version int
	var encoding, commit string
	var standby bool
	if err := c.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int,
		current_setting('server_encoding'), current_setting('synchronous_commit'), pg_is_in_recovery()`).
		Scan(&version, &encoding, &commit, &standby); err != nil {
		return err
	}
	if err := suits(version, encoding, standby); err != nil {
		return err
	}
	if commit == "off" { // what is acknowledged is on the disk
		_, err := c.ExecContext(ctx, `SET synchronous_commit = on`)
		return err
	}
	return nil
}

func suits(version int, encoding string, standby bool) error {
	switch {
	case version < oldest*10000:
		return fmt.Errorf("the server is version %d; pivot needs %d or later", version/10000, oldest)
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s; pivot needs UTF8", encoding)
	case standby:
		return fmt.Errorf("%w: the server is a standby, which only reads", store.ErrUnavailable)
	default:
		return nil
	}
}

// same is errOther if somebody else has had the seat.
func (s *seat) same(ctx context.Context, c *sql.Conn) error {
	var token string
	if err := c.QueryRowContext(ctx, `SELECT token FROM owner`).Scan(&token); err != nil {
		return err
	}
	if token != s.token {
		return errOther
	}
	return nil
}

// first makes the schema, if need be, and says that it is ours.
func (s *seat) first(ctx context.Context, c *sql.Conn) error {
	var there bool
	if err := c.QueryRowContext(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, s.schema).Scan(&there); err != nil {
		return err
	}
	token := rand.Text()
	todo := []string{
		`CREATE TABLE IF NOT EXISTS owner (token TEXT NOT NULL)`, `DELETE FROM owner`,
		`INSERT INTO owner (token) VALUES ('` + token + `')`,
	}
	if !there {
		todo = append([]string{`CREATE SCHEMA ` + s.schema}, todo...)
	}
	for _, q := range todo {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	s.token = token
	return nil
}

// lock takes the advisory lock. One that our own lost connection holds still
// is ended.
func (s *seat) lock(ctx context.Context, c *sql.Conn, heard func()) error {
	const try = `SELECT pg_try_advisory_lock($1, $2)`
	const holder = `SELECT COALESCE(MAX(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid::bigint = $1 AND objid::bigint = $2 AND objsubid = 2`
	for deadline := time.Now().Add(s.wait); ; {
		var got bool
		heard()
		if err := c.QueryRowContext(ctx, try, lockClass, s.number).Scan(&got); err != nil || got {
			return err
		}
		var by int
		if err := c.QueryRowContext(ctx, holder, lockClass, s.number).Scan(&by); err != nil {
			return err
		}
		if by != 0 && by == s.pid {
			if _, err := c.ExecContext(ctx, `SELECT pg_terminate_backend($1)`, by); err != nil {
				return err
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: the PostgreSQL database (process %d of the server)", ErrInUse, by)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
