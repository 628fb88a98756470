package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/store"
)

// docs are the documents in pivot.db.
type docs struct{ db *database }

// columns are those of a document, in docs and in doc_history.
const columns = `account, type, id, rev, created, modified, deleted, json`

func scanDoc(rows *sql.Rows) (store.Doc, error) {
	var d store.Doc
	var created, modified int64
	var json []byte
	err := rows.Scan(&d.Account, &d.Type, &d.ID, &d.Rev, &created, &modified, &d.Deleted, &json)
	d.Created, d.Modified, d.JSON = time.UnixMicro(created).UTC(), time.UnixMicro(modified).UTC(), json
	return d, err
}

// Get implements store.Docs.
func (s docs) Get(ctx context.Context, k store.Key) (store.Doc, error) {
	const q = `SELECT ` + columns + ` FROM docs WHERE account = ? AND type = ? AND id = ? AND deleted = 0`
	found, err := collect(ctx, s.db, scanDoc, q, k.Account, k.Type, k.ID)
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Doc{}, err
	}
	return found[0], nil
}

// Put implements store.Docs.
func (s docs) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	if err := d.Check(); err != nil {
		return store.Doc{}, err
	}
	err := s.db.do(ctx, func(ctx context.Context, t *tx) error {
		old, _, err := stored(ctx, t, d.Key)
		if err != nil {
			return err
		}
		if old.Rev != d.Rev {
			return store.ErrConflict
		}
		return s.write(ctx, t, old, &d)
	})
	if err != nil {
		return store.Doc{}, err
	}
	d.JSON, d.Index, d.Unique = slices.Clone(d.JSON), nil, nil
	return d, nil
}

// stored is what is known of a document, live or not.
func stored(ctx context.Context, t *tx, k store.Key) (d store.Doc, there bool, err error) {
	var created int64
	there, err = t.one(
		ctx, `SELECT rev, created, deleted FROM docs WHERE account = ? AND type = ? AND id = ?`,
		[]any{k.Account, k.Type, k.ID}, []any{&d.Rev, &created, &d.Deleted},
	)
	d.Key, d.Created = k, time.UnixMicro(created).UTC()
	return d, there, err
}

// write makes d the revision after old and sets what the store sets.
func (s docs) write(ctx context.Context, t *tx, old store.Doc, d *store.Doc) error {
	now := store.Moment(time.Now())
	d.Rev, d.Deleted, d.Created, d.Modified = old.Rev+1, false, old.Created, now
	if old.Rev == 0 {
		d.Created = now
		const q = `INSERT INTO docs (` + columns + `) VALUES (?, ?, ?, ?, ?, ?, 0, ?)`
		at := now.UnixMicro()
		if _, err := t.exec(ctx, q, d.Account, d.Type, d.ID, d.Rev, at, at, string(d.JSON)); err != nil {
			return err
		}
		return addIndex(ctx, t, d)
	}
	if err := retire(ctx, t, old); err != nil {
		return err
	}
	const q = `UPDATE docs SET rev = ?, modified = ?, deleted = 0, json = ? WHERE account = ? AND type = ? AND id = ?`
	if _, err := t.exec(ctx, q, d.Rev, now.UnixMicro(), string(d.JSON), d.Account, d.Type, d.ID); err != nil {
		return err
	}
	return addIndex(ctx, t, d)
}

// retire moves what is stored into the history, of which the oldest goes, and
// frees its index values.
func retire(ctx context.Context, t *tx, old store.Doc) error {
	const keep = `INSERT INTO doc_history (` + columns + `)
		SELECT ` + columns + ` FROM docs WHERE account = ? AND type = ? AND id = ?`
	if _, err := t.exec(ctx, keep, old.Account, old.Type, old.ID); err != nil {
		return err
	}
	const drop = `DELETE FROM doc_history WHERE account = ? AND type = ? AND id = ? AND rev <= ?`
	if _, err := t.exec(ctx, drop, old.Account, old.Type, old.ID, old.Rev+1-store.Revisions); err != nil {
		return err
	}
	return dropIndex(ctx, t, old.Key)
}

func dropIndex(ctx context.Context, t *tx, k store.Key) error {
	for _, q := range []string{
		`DELETE FROM doc_index WHERE account = ? AND type = ? AND id = ?`,
		`DELETE FROM doc_unique WHERE account = ? AND type = ? AND id = ?`,
	} {
		if _, err := t.exec(ctx, q, k.Account, k.Type, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce is how many rows of the index one statement writes: few
// statements, for each may be a way to a server and back.
const rowsAtOnce = 16

// addIndex writes what d can be found by.
func addIndex(ctx context.Context, t *tx, d *store.Doc) error {
	var all, alone []any
	for field, values := range d.Index {
		for _, v := range slices.Compact(slices.Sorted(slices.Values(values))) {
			row := []any{d.Account, d.Type, d.ID, field, t.w.dialect.value(v)}
			all = append(all, row...)
			if slices.Contains(d.Unique, field) {
				alone = append(alone, row...)
			}
		}
	}
	if err := claim(ctx, t, d, alone); err != nil {
		return err
	}
	const q = `INSERT INTO doc_index (account, type, id, field, value) VALUES (?, ?, ?, ?, ?)`
	for part := range slices.Chunk(all, 5*rowsAtOnce) {
		if _, err := t.exec(ctx, q+strings.Repeat(`, (?, ?, ?, ?, ?)`, len(part)/5-1), part...); err != nil {
			return err
		}
	}
	return nil
}

// claim takes the values of rows for d alone.
func claim(ctx context.Context, t *tx, d *store.Doc, rows []any) error {
	const q = `INSERT INTO doc_unique (account, type, id, field, value) VALUES (?, ?, ?, ?, ?)`
	for part := range slices.Chunk(rows, 5*rowsAtOnce) {
		more := strings.Repeat(`, (?, ?, ?, ?, ?)`, len(part)/5-1)
		n, err := t.exec(ctx, q+more+` ON CONFLICT DO NOTHING`, part...)
		if err != nil {
			return err
		}
		if n < int64(len(part)/5) {
			return taken(ctx, t, d)
		}
	}
	return nil
}

var errNobody = errors.New("sqlstore: a value is taken, and nobody has it")

// taken says which of d's values some other document has.
func taken(ctx context.Context, t *tx, d *store.Doc) error {
	by := store.Key{Account: d.Account, Type: d.Type}
	for _, field := range d.Unique {
		for _, v := range d.Index[field] {
			const q = `SELECT id FROM doc_unique WHERE account = ? AND type = ? AND field = ? AND value = ? AND id <> ?`
			there, err := t.one(ctx, q, []any{d.Account, d.Type, field, t.w.dialect.value(v), d.ID}, []any{&by.ID})
			if err != nil {
				return err
			}
			if there {
				return &store.ExistsError{Field: field, Value: v, By: by}
			}
		}
	}
	return errNobody
}

// Delete implements store.Docs.
func (s docs) Delete(ctx context.Context, k store.Key, rev int64, hard bool) error {
	if k.Check() != nil {
		return cmp.Or(ctx.Err(), store.ErrNotFound) // nothing can be there
	}
	return s.db.do(ctx, func(ctx context.Context, t *tx) error {
		old, there, err := stored(ctx, t, k)
		switch {
		case err != nil:
			return err
		case !there || old.Deleted && !hard:
			return store.ErrNotFound
		case old.Rev != rev:
			return store.ErrConflict
		case hard:
			return erase(ctx, t, k)
		}
		if err := retire(ctx, t, old); err != nil {
			return err
		}
		const q = `UPDATE docs SET rev = ?, modified = ?, deleted = 1 WHERE account = ? AND type = ? AND id = ?`
		_, err = t.exec(ctx, q, rev+1, time.Now().UnixMicro(), k.Account, k.Type, k.ID)
		return err
	})
}

// erase leaves nothing of k.
func erase(ctx context.Context, t *tx, k store.Key) error {
	for _, q := range []string{
		`DELETE FROM docs WHERE account = ? AND type = ? AND id = ?`,
		`DELETE FROM doc_history WHERE account = ? AND type = ? AND id = ?`,
	} {
		if _, err := t.exec(ctx, q, k.Account, k.Type, k.ID); err != nil {
			return err
		}
	}
	return dropIndex(ctx, t, k)
}

// List implements store.Docs.
func (s docs) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	query, args := listQuery(q, s.db.dialect.value)
	return collect(ctx, s.db, scanDoc, query, args...)
}

// listQuery asks for q: through the index of one of its fields, if any, in
// the order of ids, and holds what is found to the others.
func listQuery(q store.Query, value func(string) string) (string, []any) {
	b := clauses{from: "docs d", key: "d"}
	fields := slices.Sorted(maps.Keys(q.Where))
	for i, field := range fields {
		if i == 0 {
			b.from = `doc_index i JOIN docs d ON d.account = i.account AND d.type = i.type AND d.id = i.id`
			b.key = "i"
			b.add(`i.field = ? AND i.value = ?`, field, value(q.Where[field]))
			continue
		}
		b.add(`EXISTS (SELECT 1 FROM doc_index o WHERE o.account = i.account AND o.type = i.type
			AND o.id = i.id AND o.field = ? AND o.value = ?)`, field, value(q.Where[field]))
	}
	b.add(b.key+`.type = ?`, q.Type)
	if !q.AnyAccount {
		b.add(b.key+`.account = ?`, q.Account)
	}
	b.add(`d.deleted = 0`)
	order, than := ` DESC`, `<`
	if q.Ascending {
		order, than = ` ASC`, `>`
	}
	switch {
	case q.After != "" && q.ByCreated && !q.AnyAccount:
		b.add(`(d.created, `+b.key+`.id) `+than+` (?, ?)`, q.AfterCreated.UnixMicro(), legible(q.After))
	case q.After != "" && q.AnyAccount:
		b.add(`(`+b.key+`.id, `+b.key+`.account) `+than+` (?, ?)`, legible(q.After), q.AfterAccount)
	case q.After != "":
		b.add(b.key+`.id `+than+` ?`, legible(q.After))
	}
	text := `SELECT d.account, d.type, d.id, d.rev, d.created, d.modified, d.deleted, d.json FROM ` + b.from +
		` WHERE ` + strings.Join(b.where, ` AND `) + ` ORDER BY `
	switch {
	case q.AnyAccount:
		text += b.key + `.id` + order + `, ` + b.key + `.account` + order
	case q.ByCreated:
		text += `d.created` + order + `, ` + b.key + `.id` + order
	default:
		text += b.key + `.id` + order
	}
	return b.limited(text, q.Limit)
}

// legible is s up to its first byte that no id has, which not every database
// would compare with. It comes from a client's cursor.
func legible(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return s[:i]
		}
	}
	return s
}

// clauses is a query in the making.
type clauses struct {
	from, key string
	where     []string
	args      []any
}

func (b *clauses) add(clause string, args ...any) {
	b.where, b.args = append(b.where, clause), append(b.args, args...)
}

func (b *clauses) limited(text string, limit int) (string, []any) {
	if limit <= 0 {
		return text, b.args
	}
	return text + ` LIMIT ?`, append(b.args, limit)
}

// History implements store.Docs.
func (s docs) History(ctx context.Context, k store.Key, limit int) ([]store.Doc, error) {
	const key = ` WHERE account = ? AND type = ? AND id = ?`
	b := clauses{args: []any{k.Account, k.Type, k.ID, k.Account, k.Type, k.ID}}
	query, args := b.limited(`SELECT `+columns+` FROM docs`+key+
		` UNION ALL SELECT `+columns+` FROM doc_history`+key+` ORDER BY rev DESC`, limit)
	found, err := collect(ctx, s.db, scanDoc, query, args...)
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	return found, err
}
