package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// docMigrations make pivot.db. What is here is never changed, only added to:
// the number of one is its place in the list, from 1.
var docMigrations = []string{
	`
CREATE TABLE docs (
	account {text} NOT NULL, type {text} NOT NULL, id {text} NOT NULL,
	rev BIGINT NOT NULL, created BIGINT NOT NULL, modified BIGINT NOT NULL,
	deleted INTEGER NOT NULL, json TEXT NOT NULL,
	PRIMARY KEY (account, type, id));
CREATE INDEX docs_live ON docs (account, type, id) WHERE deleted = 0;
CREATE INDEX docs_live_any ON docs (type, id, account) WHERE deleted = 0;
CREATE TABLE doc_index (
	account {text} NOT NULL, type {text} NOT NULL, id {text} NOT NULL,
	field {text} NOT NULL, value {text} NOT NULL,
	PRIMARY KEY (account, type, field, value, id)) {clustered};
CREATE INDEX doc_index_any ON doc_index (type, field, value, id, account);
CREATE INDEX doc_index_of ON doc_index (account, type, id, field, value);
CREATE TABLE doc_unique (
	account {text} NOT NULL, type {text} NOT NULL, id {text} NOT NULL,
	field {text} NOT NULL, value {text} NOT NULL,
	PRIMARY KEY (account, type, field, value)) {clustered};
CREATE INDEX doc_unique_of ON doc_unique (account, type, id);
CREATE TABLE doc_history (
	account {text} NOT NULL, type {text} NOT NULL, id {text} NOT NULL,
	rev BIGINT NOT NULL, created BIGINT NOT NULL, modified BIGINT NOT NULL,
	deleted INTEGER NOT NULL, json TEXT NOT NULL,
	PRIMARY KEY (account, type, id, rev))`,
	`CREATE INDEX docs_created ON docs (account, type, created, id) WHERE deleted = 0`,
}

// journalMigrations make journal.db. The one row of journal_end has the last
// number that was given: whoever appends changes it first, so that numbers
// are given in the order of the commits, and never twice.
var journalMigrations = []string{
	`
CREATE TABLE journal_end (seq BIGINT NOT NULL);
INSERT INTO journal_end (seq) VALUES (0);
CREATE TABLE journal (
	seq {integer} PRIMARY KEY, account {text} NOT NULL, kind {text} NOT NULL,
	call_id {text} NOT NULL, at BIGINT NOT NULL, json TEXT NOT NULL);
CREATE INDEX journal_kind ON journal (account, kind, seq, at);
CREATE INDEX journal_call ON journal {by call};
CREATE INDEX journal_age ON journal (kind, at)`,
}

// migrate makes those of the migrations that were not made yet, each whole.
func migrate(ctx context.Context, w *writer, migrations []string) error {
	return w.hand(job{ctx: ctx, slow: true, change: func(ctx context.Context, t *tx) error {
		const table = `CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, at BIGINT NOT NULL)`
		if _, err := t.exec(ctx, table); err != nil {
			return err
		}
		var made int
		if _, err := t.one(ctx, `SELECT COALESCE(MAX(id), 0) FROM migrations`, nil, []any{&made}); err != nil {
			return err
		}
		if made > len(migrations) {
			return fmt.Errorf("made by a newer version of pivot (%d, this one knows %d)", made, len(migrations))
		}
		for i, m := range migrations[made:] {
			for q := range strings.SplitSeq(m, ";") {
				if _, err := t.exec(ctx, w.dialect.tokens.Replace(q)); err != nil {
					return fmt.Errorf("migration %d: %w", made+i+1, err)
				}
			}
			const done = `INSERT INTO migrations (id, at) VALUES (?, ?)`
			if _, err := t.exec(ctx, done, made+i+1, time.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	}})
}
