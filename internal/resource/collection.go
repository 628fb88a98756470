package resource

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// ErrMismatch is a document that is no longer the one the client meant.
var ErrMismatch = errors.New("resource: another revision than the one asked for")

// tries is how often a change is made again on top of that of another server
// on the same database.
const tries = 8

// Change is a document that was saved or deleted.
type Change struct {
	Old *Doc // nil where it is new
	New Doc  // with Deleted set where it is gone
}

// Collection is the documents of a resource in one account.
type Collection struct {
	Resource
	Docs    store.Docs
	Account string
	// Within are top-level keys that all documents here have, with their
	// values; new ones get them.
	Within map[string]string
	// Locks are held by who changes a document; nil is by nobody.
	Locks *Locks
	// Changed is told of every change after it was made; nil is nobody. It
	// must not block.
	Changed func(Change)
}

// NewID is an id for a new document: 32 lower-case hex digits.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return hex.EncodeToString(b[:])
}

// ids are what a client may choose for one: what needs no escaping in a path
// and is no word of the API's own.
var ids = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127}$`)

// Get is store.ErrNotFound where there is none.
func (c Collection) Get(ctx context.Context, id string) (Doc, error) {
	k := c.key(id)
	if k.Check() != nil {
		return Doc{}, store.ErrNotFound // no document can have such an id
	}
	stored, err := c.Docs.Get(ctx, k)
	if err != nil {
		return Doc{}, err
	}
	d, err := read(stored)
	for key, v := range c.Within {
		if d.Public[key] != v && err == nil {
			err = store.ErrNotFound
		}
	}
	return d, err
}

// Show is a document as it is returned, with its computed keys.
func (c Collection) Show(ctx context.Context, d Doc) (Object, error) {
	out := d.Show()
	if c.show != nil && !d.Deleted {
		if err := c.show(ctx, c.Docs, d, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Create saves a new document, under data's id if it has one. An id that is
// or was in use is store.ErrConflict; a bad document is schema.Faults.
func (c Collection) Create(ctx context.Context, data Object) (Doc, error) {
	id := NewID()
	if v, ok := data["id"]; ok && v != nil {
		if id, ok = v.(string); !ok || !ids.MatchString(id) {
			return Doc{}, schema.Faults{{
				Path: []string{"id"}, Rule: "pattern",
				Message: "Failed to match pattern '" + ids.String() + "'",
				Extra:   map[string]any{"target": ids.String(), "value": v},
			}}
		}
	}
	return c.save(ctx, c.draft(id, nil, data))
}

// CreateAs saves a new document under an id that the server has chosen.
func (c Collection) CreateAs(ctx context.Context, id string, data Object) (Doc, error) {
	return c.save(ctx, c.draft(id, nil, data))
}

// Replace puts data in the place of a document's public keys. match is the
// value of an If-Match header: a document that does not fit it is ErrMismatch.
func (c Collection) Replace(ctx context.Context, id string, data Object, match string) (Doc, error) {
	return c.Change(ctx, id, match, func(Doc) Object { return data })
}

// Patch merges data over a document; null deletes a key.
func (c Collection) Patch(ctx context.Context, id string, data Object, match string) (Doc, error) {
	return c.Change(ctx, id, match, func(old Doc) Object { return Merge(old.Public, data) })
}

// Update changes a document's private keys by way of edit, which gets a
// draft of the document as it is; nothing is validated.
func (c Collection) Update(ctx context.Context, id string, edit func(*Draft)) (Doc, error) {
	return c.retry(ctx, id, "", func(old Doc) (Doc, error) {
		draft := c.draft(id, &old, old.Public)
		edit(draft)
		return c.put(ctx, draft)
	})
}

// Change puts what with makes of a document in the place of its public keys;
// match is as for Replace. It is asked again if somebody else was faster, and
// must leave the old one as it is.
func (c Collection) Change(ctx context.Context, id, match string, with func(old Doc) Object) (Doc, error) {
	return c.retry(ctx, id, match, func(old Doc) (Doc, error) {
		return c.save(ctx, c.draft(id, &old, with(old)))
	})
}

// retry does something to a document again and again until nobody else has
// changed it meanwhile: the last write wins, unless the client named a revision,
// which is then no longer there.
func (c Collection) retry(ctx context.Context, id, match string, do func(old Doc) (Doc, error)) (Doc, error) {
	release, err := c.Locks.take(ctx, c.key(id))
	if err != nil {
		return Doc{}, err
	}
	defer release()
	for try := 1; ; try++ {
		old, err := c.Get(ctx, id)
		if err != nil {
			return Doc{}, err
		}
		if match != "" && !Matches(match, old.Revision) {
			return Doc{}, ErrMismatch
		}
		d, err := do(old)
		if !errors.Is(err, store.ErrConflict) || try == tries {
			return d, err
		}
	}
}

// Delete leaves a tombstone, or nothing if hard. It returns the document as
// it was, marked as deleted.
func (c Collection) Delete(ctx context.Context, id, match string, hard bool) (Doc, error) {
	return c.retry(ctx, id, match, func(old Doc) (Doc, error) {
		if c.removing != nil {
			if err := c.removing(ctx, c.Docs, old); err != nil {
				return Doc{}, err
			}
		}
		if err := c.Docs.Delete(ctx, c.key(id), old.rev, hard); err != nil {
			return Doc{}, err
		}
		gone := old
		gone.Deleted = true
		c.tell(Change{Old: &old, New: gone})
		return gone, nil
	})
}

// Matches says whether a revision fits the value of an If-Match or
// If-None-Match header: "*", or a list of quoted revisions.
func Matches(header, revision string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		part = strings.TrimPrefix(part, "W/")
		if part == "*" || strings.Trim(part, `"`) == revision {
			return true
		}
	}
	return false
}

func (c Collection) key(id string) store.Key {
	return store.Key{Account: c.Account, Type: c.Type, ID: id}
}

// draft starts from data, from which clients' private and read-only keys are
// taken away.
func (c Collection) draft(id string, old *Doc, data Object) *Draft {
	public, _ := split(cloneObject(data))
	delete(public, "id")
	for _, k := range c.ReadOnly {
		delete(public, k)
	}
	for key, v := range c.Within {
		public[key] = v
	}
	d := &Draft{
		Account: c.Account, ID: id, Old: old, Doc: public, Private: Object{},
		Docs: c.Docs,
	}
	if old != nil {
		d.Private = cloneObject(old.Private)
	}
	return d
}

// save holds a draft to everything and stores it.
func (c Collection) save(ctx context.Context, d *Draft) (Doc, error) {
	if c.turn != nil {
		select {
		case c.turn <- struct{}{}:
			defer func() { <-c.turn }()
		case <-ctx.Done():
			return Doc{}, context.Cause(ctx)
		}
	}
	if err := c.validate(ctx, d); err != nil {
		return Doc{}, err
	}
	for try := 1; ; try++ {
		if err := c.unique(ctx, d); err != nil {
			return Doc{}, err
		}
		doc, err := c.put(ctx, d)
		// Somebody took a value between the look and the writing: look again.
		if !errors.Is(err, store.ErrExists) || try == tries {
			return doc, err
		}
	}
}

// validate gathers all that is wrong, in the order of
// spec/crossbar-api.md section 3.
func (c Collection) validate(ctx context.Context, d *Draft) error {
	var faults schema.Faults
	if c.before != nil {
		if err := c.before(ctx, d); err != nil && !errors.As(err, &faults) {
			return err
		}
	}
	full, more, err := c.Validate(d.Doc)
	if err != nil {
		return err
	}
	if faults = faults.And(more); len(faults) > 0 {
		return faults
	}
	d.Doc = full
	if c.check != nil {
		return c.check(ctx, d)
	}
	return nil
}

// Judge is data as it would be saved as a new document of this id, and what is
// wrong with it as schema.Faults. Nothing is saved, and what only one document
// may have is not looked for in others.
func (c Collection) Judge(ctx context.Context, id string, data Object) (Object, error) {
	d := c.draft(id, nil, data)
	err := c.validate(ctx, d)
	return d.Doc, err
}

// unique looks for other documents that have what only one may.
func (c Collection) unique(ctx context.Context, d *Draft) error {
	var faults schema.Faults
	for _, u := range c.Unique {
		for _, v := range Strings(d.Doc, u.Path) {
			found, err := c.Docs.List(ctx, store.Query{
				Account: c.Account, Type: c.Type, Where: map[string]string{u.Path: v}, Limit: 2,
			})
			if err != nil {
				return err
			}
			i := slices.IndexFunc(found, func(o store.Doc) bool { return o.ID != d.ID })
			if i < 0 {
				continue
			}
			other, err := read(found[i])
			if err != nil {
				return err
			}
			faults = append(faults, u.fault(v, other))
		}
	}
	return faults.Err()
}

func (u Unique) fault(value string, other Doc) schema.Fault {
	if u.Fault != nil {
		return u.Fault(value, other)
	}
	return schema.Fault{
		Path: strings.Split(u.Path, "."), Rule: "unique",
		Message: fmt.Sprintf("%s is in use by %s", value, other.ID),
		Extra:   map[string]any{"cause": value},
	}
}

// put stores a draft as it is.
func (c Collection) put(ctx context.Context, d *Draft) (Doc, error) {
	stamp(ctx, d.Private)
	all := make(Object, len(d.Doc)+len(d.Private))
	maps.Copy(all, d.Private)
	maps.Copy(all, d.Doc)
	raw, err := json.Marshal(all)
	if err != nil {
		return Doc{}, err
	}
	next := store.Doc{Key: c.key(d.ID), JSON: raw, Index: c.index(d)}
	for _, u := range c.Unique {
		next.Unique = append(next.Unique, u.Path)
	}
	if d.Old != nil {
		next.Rev = d.Old.rev
	}
	stored, err := c.Docs.Put(ctx, next)
	if err != nil {
		return Doc{}, err
	}
	doc, err := read(stored)
	if err != nil {
		return Doc{}, err
	}
	c.tell(Change{Old: d.Old, New: doc})
	return doc, nil
}

// index is what a draft can be found by.
func (c Collection) index(d *Draft) map[string][]string {
	out := map[string][]string{}
	doc := Doc{Account: d.Account, Type: c.Type, ID: d.ID, Public: d.Doc, Private: d.Private}
	if c.find != nil {
		maps.Copy(out, c.find(doc))
	}
	said := map[string]bool{}
	for _, ref := range c.Refers(doc) {
		if !said[ref.ID] {
			said[ref.ID] = true
			out[indexRefers] = append(out[indexRefers], ref.ID)
		}
	}
	for _, path := range c.Index {
		v, _ := At(d.Doc, path)
		if s, ok := stringify(v); ok {
			out[path] = []string{s}
		}
	}
	for _, u := range c.Unique {
		if values := Strings(d.Doc, u.Path); len(values) > 0 {
			out[u.Path] = values
		}
	}
	return out
}

func (c Collection) tell(change Change) {
	if c.Changed != nil {
		c.Changed(change)
	}
}

// FindBy are the documents that have value in a field of the store's index.
func (c Collection) FindBy(ctx context.Context, field, value string) ([]Doc, error) {
	return c.Where(ctx, map[string]string{field: value})
}

// Where are the documents of c that have these values in the store's index, by
// ascending id. More than MaxBytes of them are ErrTooMany.
func (c Collection) Where(ctx context.Context, index map[string]string) ([]Doc, error) {
	out, size := []Doc{}, 0
	where := maps.Clone(c.Within)
	if where == nil {
		where = map[string]string{}
	}
	maps.Copy(where, index)
	ask := store.Query{Account: c.Account, Type: c.Type, Where: where, Ascending: true}
	err := store.Each(ctx, c.Docs, ask, func(s store.Doc) (bool, error) {
		d, err := read(s)
		if size += d.size; size > MaxBytes {
			err = ErrTooMany
		}
		out = append(out, d)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// indexRefers is the store's index of the ids that documents mean.
const indexRefers = "refers"

// Refers are the documents that d means, there or not.
func (r Resource) Refers(d Doc) []Ref {
	if r.refers == nil {
		return nil
	}
	return slices.DeleteFunc(r.refers(d), func(ref Ref) bool {
		return ref.ID == "" || len(ref.ID) > maxRef || strings.Contains(ref.ID, "\x00")
	})
}

// maxRef is the longest id, in bytes, that a document can be meant by.
const maxRef = 512

// Referring are the documents that mean the one of this type and id.
func (c Collection) Referring(ctx context.Context, kind, id string) ([]Doc, error) {
	if c.refers == nil {
		return nil, nil
	}
	found, err := c.FindBy(ctx, indexRefers, id)
	return slices.DeleteFunc(found, func(d Doc) bool {
		return !slices.ContainsFunc(c.Refers(d), func(r Ref) bool {
			return r.ID == id && (r.Type == "" || r.Type == kind)
		})
	}), err
}
