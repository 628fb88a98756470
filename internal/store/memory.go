package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a store that is gone with the process: for tests, and for trying
// a flow without a server.
func Memory() Store {
	return Store{
		Docs:    &memoryDocs{docs: map[Key][]Doc{}, index: map[value]map[string]bool{}},
		Journal: &memoryJournal{},
		Blobs:   &memoryBlobs{blobs: map[Key]memoryBlob{}},
	}
}

// value is one index value of the documents of an account and type.
type value struct{ account, kind, field, value string }

type memoryDocs struct {
	mu    sync.RWMutex
	docs  map[Key][]Doc             // revisions, newest last
	index map[value]map[string]bool // the ids that have it
}

func (m *memoryDocs) Get(ctx context.Context, k Key) (Doc, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	d, ok := m.last(k)
	if !ok || d.Deleted {
		return Doc{}, cmp.Or(ctx.Err(), ErrNotFound)
	}
	return copied(d), ctx.Err()
}

func (m *memoryDocs) last(k Key) (Doc, bool) {
	all := m.docs[k]
	if len(all) == 0 {
		return Doc{}, false
	}
	return all[len(all)-1], true
}

// copied is what of d is handed out.
func copied(d Doc) Doc {
	d.JSON = slices.Clone(d.JSON)
	d.Index, d.Unique = nil, nil
	return d
}

func (m *memoryDocs) Put(ctx context.Context, d Doc) (Doc, error) {
	if err := cmp.Or(ctx.Err(), d.Check()); err != nil {
		return Doc{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, _ := m.last(d.Key)
	if old.Rev != d.Rev {
		return Doc{}, ErrConflict
	}
	for _, field := range d.Unique {
		for _, v := range d.Index[field] {
			for id := range m.index[value{d.Account, d.Type, field, v}] {
				if id != d.ID {
					return Doc{}, &ExistsError{Field: field, Value: v, By: Key{d.Account, d.Type, id}}
				}
			}
		}
	}
	now := Moment(time.Now())
	d.Rev, d.Deleted, d.Created, d.Modified = old.Rev+1, false, old.Created, now
	if old.Rev == 0 {
		d.Created = now
	}
	m.forget(old)
	index := make(map[string][]string, len(d.Index))
	for field, values := range d.Index {
		index[field] = slices.Clone(values)
		for _, v := range values {
			m.add(value{d.Account, d.Type, field, v}, d.ID)
		}
	}
	d.JSON, d.Index, d.Unique = slices.Clone(d.JSON), index, nil
	m.keep(d)
	return copied(d), nil
}

func (m *memoryDocs) add(v value, id string) {
	if m.index[v] == nil {
		m.index[v] = map[string]bool{}
	}
	m.index[v][id] = true
}

// keep adds a revision and drops what is too old.
func (m *memoryDocs) keep(d Doc) {
	all := append(m.docs[d.Key], d)
	m.docs[d.Key] = all[max(0, len(all)-Revisions):]
}

// forget makes d's index values free.
func (m *memoryDocs) forget(d Doc) {
	for field, values := range d.Index {
		for _, v := range values {
			at := value{d.Account, d.Type, field, v}
			delete(m.index[at], d.ID)
			if len(m.index[at]) == 0 {
				delete(m.index, at)
			}
		}
	}
}

func (m *memoryDocs) Delete(ctx context.Context, k Key, rev int64, hard bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.last(k)
	if !ok || d.Deleted && !hard {
		return ErrNotFound
	}
	if d.Rev != rev {
		return ErrConflict
	}
	m.forget(d)
	if hard {
		delete(m.docs, k)
		return nil
	}
	d.Rev, d.Deleted, d.Modified, d.Index = d.Rev+1, true, Moment(time.Now()), nil
	m.keep(d)
	return nil
}

func (m *memoryDocs) List(ctx context.Context, q Query) ([]Doc, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []Doc
	for k := range m.docs {
		d, _ := m.last(k)
		if !d.Deleted && q.takes(d) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, q.compare)
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	for i := range found {
		found[i] = copied(found[i])
	}
	return found, nil
}

// takes says whether d is asked for.
func (q Query) takes(d Doc) bool {
	if d.Type != q.Type || !q.AnyAccount && d.Account != q.Account {
		return false
	}
	after := Doc{Key: Key{Account: q.AfterAccount, ID: q.After}, Created: q.AfterCreated}
	if q.After != "" && q.compare(d, after) <= 0 {
		return false
	}
	for field, v := range q.Where {
		if !slices.Contains(d.Index[field], v) {
			return false
		}
	}
	return true
}

// compare is the order of the answer.
func (q Query) compare(a, b Doc) int {
	c := cmp.Compare(a.ID, b.ID)
	switch {
	case q.AnyAccount:
		c = cmp.Or(c, cmp.Compare(a.Account, b.Account))
	case q.ByCreated:
		c = cmp.Or(a.Created.Compare(b.Created), c)
	}
	if q.Ascending {
		return c
	}
	return -c
}

func (m *memoryDocs) History(ctx context.Context, k Key, limit int) ([]Doc, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := m.docs[k]
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	var out []Doc
	for _, d := range slices.Backward(all) {
		if limit > 0 && len(out) == limit {
			break
		}
		out = append(out, copied(d))
	}
	return out, nil
}

func (m *memoryDocs) Purge(ctx context.Context, account string) error {
	if err := cmp.Or(ctx.Err(), Purgeable(account)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.docs, func(k Key, _ []Doc) bool { return k.Account == account })
	maps.DeleteFunc(m.index, func(v value, _ map[string]bool) bool { return v.account == account })
	return nil
}

type memoryJournal struct {
	mu    sync.RWMutex
	seq   int64
	lines []Entry // by Seq
}

func (m *memoryJournal) Append(ctx context.Context, entries []Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range entries {
		if err := e.Check(); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range entries {
		m.seq++
		entries[i].Seq = m.seq
		line := entries[i]
		line.JSON, line.At = slices.Clone(line.JSON), Moment(line.At)
		m.lines = append(m.lines, line)
	}
	return nil
}

func (m *memoryJournal) Read(ctx context.Context, w Window) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []Entry
	take := func(e Entry) bool {
		if w.takes(e) {
			e.JSON = slices.Clone(e.JSON)
			out = append(out, e)
		}
		return w.Limit == 0 || len(out) < w.Limit
	}
	if w.Ascending {
		for _, e := range m.lines {
			if !take(e) {
				break
			}
		}
		return out, nil
	}
	for _, e := range slices.Backward(m.lines) {
		if !take(e) {
			break
		}
	}
	return out, nil
}

// takes says whether e is asked for.
func (w Window) takes(e Entry) bool {
	return (w.AnyAccount || e.Account == w.Account) &&
		(w.Kind == "" || e.Kind == w.Kind) && (w.Call == "" || e.Call == w.Call) &&
		(w.From.IsZero() || !e.At.Before(w.From)) && (w.To.IsZero() || !e.At.After(w.To)) &&
		(w.After == 0 || w.Ascending && e.Seq > w.After || !w.Ascending && e.Seq < w.After)
}

func (m *memoryJournal) Trim(ctx context.Context, kind string, before time.Time) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	had := len(m.lines)
	m.lines = slices.DeleteFunc(m.lines, func(e Entry) bool {
		return (kind == "" || e.Kind == kind) && e.At.Before(before)
	})
	return int64(had - len(m.lines)), nil
}

func (m *memoryJournal) Forget(ctx context.Context, account string) error {
	if err := cmp.Or(ctx.Err(), Purgeable(account)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = slices.DeleteFunc(m.lines, func(e Entry) bool { return e.Account == account })
	return nil
}
