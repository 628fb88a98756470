package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// journal is the lines in journal.db.
type journal struct{ db *database }

// trimAtOnce is how many lines one transaction forgets: appending waits no
// longer than that takes.
const trimAtOnce = 2000

// insertAtOnce is how many lines one statement writes.
const insertAtOnce = 20

// Append implements store.Journal.
func (s journal) Append(ctx context.Context, entries []store.Entry) error {
	for _, e := range entries {
		if err := e.Check(); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return ctx.Err()
	}
	var last int64
	n := int64(len(entries))
	err := s.db.do(ctx, func(ctx context.Context, t *tx) error {
		const number = `UPDATE journal_end SET seq = seq + ? RETURNING seq`
		if there, err := t.one(ctx, number, []any{n}, []any{&last}); err != nil || !there {
			return cmp.Or(err, errDamaged)
		}
		seq := last - n
		for part := range slices.Chunk(entries, insertAtOnce) {
			if err := insert(ctx, t, seq, part); err != nil {
				return err
			}
			seq += int64(len(part))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Seq = last - n + int64(i) + 1
	}
	return nil
}

// insert writes lines that are numbered from after seq. A full part is one
// statement: that is twice as fast.
func insert(ctx context.Context, t *tx, seq int64, lines []store.Entry) error {
	const head, row = `INSERT INTO journal (seq, account, kind, call_id, at, json) VALUES `, `(?, ?, ?, ?, ?, ?)`
	args := make([]any, 0, 6*len(lines))
	for i, e := range lines {
		args = append(args, seq+int64(i)+1, e.Account, e.Kind, e.Call, e.At.UnixMicro(), string(e.JSON))
	}
	if len(lines) == insertAtOnce {
		_, err := t.exec(ctx, head+row+strings.Repeat(`, `+row, insertAtOnce-1), args...)
		return err
	}
	for part := range slices.Chunk(args, 6) {
		if _, err := t.exec(ctx, head+row, part...); err != nil {
			return err
		}
	}
	return nil
}

// Read implements store.Journal.
func (s journal) Read(ctx context.Context, w store.Window) ([]store.Entry, error) {
	query, args := windowQuery(w, s.db.dialect.call)
	return collect(ctx, s.db, scanEntry, query, args...)
}

func scanEntry(rows *sql.Rows) (store.Entry, error) {
	var e store.Entry
	var at int64
	var json []byte
	err := rows.Scan(&e.Seq, &e.Account, &e.Kind, &e.Call, &at, &json)
	e.At, e.JSON = time.UnixMicro(at).UTC(), json
	return e, err
}

func windowQuery(w store.Window, call string) (string, []any) {
	b := clauses{where: []string{`1 = 1`}}
	if !w.AnyAccount {
		b.add(`account = ?`, w.Account)
	}
	if w.Kind != "" {
		b.add(`kind = ?`, w.Kind)
	}
	if w.Call != "" {
		b.add(call, slices.Repeat([]any{w.Call}, strings.Count(call, `?`))...)
	}
	if !w.From.IsZero() {
		b.add(`at >= ?`, w.From.UnixMicro())
	}
	if !w.To.IsZero() {
		b.add(`at <= ?`, w.To.UnixMicro())
	}
	order, than := `DESC`, `<`
	if w.Ascending {
		order, than = `ASC`, `>`
	}
	if w.After != 0 {
		b.add(`seq `+than+` ?`, w.After)
	}
	return b.limited(`SELECT seq, account, kind, call_id, at, json FROM journal WHERE `+
		strings.Join(b.where, ` AND `)+` ORDER BY seq `+order, w.Limit)
}

// Trim implements store.Journal. It forgets a part at a time: when it fails
// the number is that of what is gone by then.
func (s journal) Trim(ctx context.Context, kind string, before time.Time) (int64, error) {
	q, args := `at < ?`, []any{before.UnixMicro()}
	if kind != "" {
		q, args = `kind = ? AND at < ?`, []any{kind, before.UnixMicro()}
	}
	q = `DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE ` + q + ` LIMIT ?)`
	return s.db.delete(ctx, trimAtOnce, q, args...)
}
