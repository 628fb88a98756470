package sqlstore

import (
	"cmp"
	"context"

	"github.com/pivotvoice/pivot/internal/store"
)

// purgeAtOnce is how many rows one transaction deletes: who writes waits no
// longer than that takes.
const purgeAtOnce = 1000

// Purge implements store.Docs. The documents go last: while they are there,
// what is left of the account is not forgotten.
func (s docs) Purge(ctx context.Context, account string) error {
	if err := cmp.Or(ctx.Err(), store.Purgeable(account)); err != nil {
		return err
	}
	for _, part := range []struct{ table, key string }{
		{"doc_index", "type, field, value, id"},
		{"doc_unique", "type, field, value"},
		{"doc_history", "type, id, rev"},
	} {
		if _, err := s.db.delete(ctx, purgeAtOnce, some(part.table, part.key), account, account); err != nil {
			return err
		}
	}
	for gone := int64(purgeAtOnce); gone == purgeAtOnce; {
		err := s.db.do(ctx, func(ctx context.Context, t *tx) (err error) {
			gone, err = purgeSome(ctx, t, account)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// some deletes a few rows of an account.
func some(table, key string) string {
	return `DELETE FROM ` + table + ` WHERE account = ? AND (` + key + `) IN
		(SELECT ` + key + ` FROM ` + table + ` WHERE account = ? LIMIT ?)`
}

// purgeSome deletes some documents, and what belongs to none any more: those
// that were written since the rest was purged have some. It would be in the way
// of the next one of that id.
func purgeSome(ctx context.Context, t *tx, account string) (int64, error) {
	gone, err := t.exec(ctx, some("docs", "type, id"), account, account, purgeAtOnce)
	for _, table := range []string{"doc_index", "doc_unique", "doc_history"} {
		if err == nil {
			_, err = t.exec(ctx, `DELETE FROM `+table+` WHERE account = ? AND NOT EXISTS (SELECT 1 FROM docs d WHERE
				d.account = `+table+`.account AND d.type = `+table+`.type AND d.id = `+table+`.id)`, account)
		}
	}
	return gone, err
}

// Forget implements store.Journal.
func (s journal) Forget(ctx context.Context, account string) error {
	if err := cmp.Or(ctx.Err(), store.Purgeable(account)); err != nil {
		return err
	}
	const q = `DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE account = ? LIMIT ?)`
	_, err := s.db.delete(ctx, trimAtOnce, q, account)
	return err
}

// delete carries out q, which deletes at most as many rows as its last
// argument says, until it finds no more, and says how many are gone.
func (d *database) delete(ctx context.Context, atOnce int64, q string, args ...any) (gone int64, err error) {
	args = append(args, atOnce)
	for {
		var n int64
		err := d.do(ctx, func(ctx context.Context, t *tx) (err error) {
			n, err = t.exec(ctx, q, args...)
			return err
		})
		if err == nil {
			gone += n
		}
		if err != nil || n < atOnce {
			return gone, err
		}
	}
}
