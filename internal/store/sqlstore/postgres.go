package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	connectWithin = 5 * time.Second // unless the URL has a connect_timeout
	oldest        = 13              // version of PostgreSQL that is taken
)

// postgresDialect is that of PostgreSQL. An index value is text there that a
// B-tree takes, and of a call's id, which strangers choose, the index has only
// the beginning.
var postgresDialect = dialect{
	begin: "BEGIN",
	tokens: strings.NewReplacer(
		"{integer}", "BIGINT", "{text}", `TEXT COLLATE "C"`, "{clustered}", "",
		"{by call}", "(left(call_id, 200), kind, account, seq)",
	),
	call:   `left(call_id, 200) = left(?, 200) AND call_id = ?`,
	dollar: true, readers: 8, patience: 30 * time.Second, silence: 5 * time.Second,
	value: indexable, never: unkeepable, lost: lostServer, full: fullServer, dead: closed,
}

// OpenPostgres opens the database at url, "postgres://…" as libpq has it, and
// the folder dir for blobs. The database is Pivot's own: two schemas in it,
// pivot and pivot_journal, which are made if they are not there. A database
// that another process uses is ErrInUse. Errors do not show the password.
//
// Each of the two has one connection that writes, and whoever writes holds an
// advisory lock by that very connection: of two processes one can write, and
// one that lost its connection cannot go on behind the other's back.
func OpenPostgres(ctx context.Context, dir, url string) (*Store, error) {
	return openPostgres(ctx, dir, url, 5*time.Second)
}

// openPostgres waits so long for another process that is about to end.
func openPostgres(ctx context.Context, dir, url string, wait time.Duration) (*Store, error) {
	cfg, err := postgresConfig(url)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return openStore(ctx, dir, func(ctx context.Context, s *Store, _ string) (err error) {
		if s.docs, err = openSchema(ctx, cfg, &seat{schema: "pivot", number: 1, wait: wait}, docMigrations); err != nil {
			return err
		}
		s.journal, err = openSchema(ctx, cfg, &seat{schema: "pivot_journal", number: 2, wait: wait}, journalMigrations)
		return err
	})
}

// postgresConfig reads a URL.
func postgresConfig(url string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if _, given := cfg.RuntimeParams["search_path"]; given {
		return nil, errors.New("search_path cannot be set: pivot has schemas of its own")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectWithin
	}
	// A machine that vanished is forgotten, and its lock with it, in a minute.
	for name, value := range map[string]string{
		"application_name": "pivot", "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10",
		"tcp_keepalives_count": "3",
	} {
		if _, given := cfg.RuntimeParams[name]; !given {
			cfg.RuntimeParams[name] = value
		}
	}
	return cfg, nil
}

// openSchema opens one part of the database and brings it up to the last of
// the migrations.
func openSchema(ctx context.Context, cfg *pgx.ConnConfig, s *seat, migrations []string) (*database, error) {
	d := newDatabase(postgresDialect)
	d.write = pool(cfg, s.schema, nil)
	d.read = pool(cfg, s.schema, map[string]string{"default_transaction_read_only": "on"})
	d.write.SetMaxOpenConns(1)
	d.write.SetMaxIdleConns(-1) // one that is given back is closed, and its lock given up
	d.read.SetConnMaxIdleTime(5 * time.Minute)
	err := func() (err error) {
		d.writer, err = newWriter(ctx, d.dialect, &d.silent, func(ctx context.Context, heard func()) (*sql.Conn, error) {
			return s.take(ctx, d.write, heard)
		})
		if err != nil {
			return err
		}
		if err := migrate(ctx, d.writer, migrations); err != nil {
			return err
		}
		return d.ready(ctx)
	}()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: PostgreSQL: %w", err), d.Close())
	}
	return d, nil
}

// pool are connections to one schema. Every question here has its index, in
// the order of the answer: the planner, which may know too little of a young
// or lopsided table, is not to read it whole. Compiling them (jit), which it
// does where it takes them for dear, takes far longer than they do.
func pool(cfg *pgx.ConnConfig, schema string, params map[string]string) *sql.DB {
	own := cfg.Copy()
	maps.Copy(own.RuntimeParams, params)
	for _, way := range []string{"jit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"} {
		own.RuntimeParams[way] = "off"
	}
	own.RuntimeParams["search_path"] = schema
	return stdlib.OpenDB(*own)
}

// longestValue is how long, in bytes, an index value may be to be kept as it
// is: a row of a B-tree has room for 2704 with its key.
const longestValue = 512

// indexable is v, or a hash of what PostgreSQL would not take: long values, and
// what is not UTF-8 without NUL.
func indexable(v string) string {
	const hashed = "\U0010FFFF" // in front of a hash, and of nothing else
	if len(v) <= longestValue && !unkeepable(v) && !strings.HasPrefix(v, hashed) {
		return v
	}
	sum := sha256.Sum256([]byte(v))
	return hashed + hex.EncodeToString(sum[:])
}

// unkeepable says whether arg is a text that no column can have.
func unkeepable(arg any) bool {
	s, ok := arg.(string)
	return ok && (!utf8.ValidString(s) || strings.Contains(s, "\x00"))
}

// lostServer tells errors of the connection from those of a query.
func lostServer(err error) (away, again bool) {
	var refused *pgconn.ConnectError
	var said *pgconn.PgError
	var network net.Error
	switch {
	case err == nil:
		return false, false
	case errors.As(err, &refused):
		return true, false
	case errors.As(err, &said):
		away = strings.HasPrefix(said.Code, "57P0") || strings.HasPrefix(said.Code, "08")
		return away, away // shut down, or a broken connection
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false, false
	default:
		away = errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			pgconn.SafeToRetry(err)
		return away, away
	}
}

// closed says whether the driver has given up a connection.
func closed(c *sql.Conn) bool {
	gone := false
	err := c.Raw(func(driver any) error {
		gone = driver.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return gone || err != nil
}

// fullServer says whether the server has no room.
func fullServer(err error) bool {
	const diskFull = "53100"
	said, ok := errors.AsType[*pgconn.PgError](err)
	return ok && said.Code == diskFull
}
