package sqlstore

import (
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// dialect is what one database says and does differently from another.
type dialect struct {
	begin    string
	tokens   *strings.Replacer   // in migrations
	call     string              // the condition that a line is of a call; each ? is its id
	dollar   bool                // $1 instead of ?
	readers  int                 // connections that read
	patience time.Duration       // how long a transaction may take; 0 is for ever
	silence  time.Duration       // how long a question may be without an answer; 0 is for ever
	value    func(string) string // an index value as it is kept
	never    func(arg any) bool  // says whether no row can have such a value
	// lost says whether err is that the server is away, and whether asking
	// again, on another connection, may help.
	lost func(err error) (away, again bool)
	full func(err error) bool   // says whether the disk is
	dead func(c *sql.Conn) bool // says whether a connection is good for nothing more
}

// sqliteDialect is that of SQLite 3.
var sqliteDialect = dialect{
	begin: "BEGIN IMMEDIATE",
	tokens: strings.NewReplacer(
		"{integer}", "INTEGER", // of 64 bits, and the table's own order
		"{text}", "TEXT", // compared as bytes
		"{clustered}", "WITHOUT ROWID",
		"{by call}", "(call_id, kind, account, seq)",
	),
	call:    `call_id = ?`,
	readers: 4,
	value:   func(v string) string { return v },
	never:   func(any) bool { return false },
	lost:    func(error) (away, again bool) { return false, false },
	full:    fullFile,
	dead:    func(*sql.Conn) bool { return false },
}

// away says whether err is that the server is away.
func (d dialect) away(err error) bool {
	away, _ := d.lost(err)
	return away
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
