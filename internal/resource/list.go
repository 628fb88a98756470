package resource

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// How much a list gives.
const (
	PageSize = 50       // documents on a page, unless asked otherwise
	MaxPage  = 10_000   // documents on a page, at most
	MaxRows  = 100_000  // documents in one answer; more is ErrTooMany
	MaxBytes = 64 << 20 // of the documents of one answer, about; a page ends there
)

// What can be wrong with what is asked of a list.
var (
	ErrPageSize   = errors.New("invalid page size")
	ErrPageTooFew = errors.New("page size must be at least 1")
	ErrPageTooBig = fmt.Errorf("page size must be at most %d", MaxPage)
	ErrTooMany    = errors.New("resource: more documents than one answer holds")
	errCursor     = errors.New("resource: not a cursor")
)

// Query is what is asked of a list.
type Query struct {
	PageSize  int    // 0 is PageSize
	All       bool   // no pages
	Start     string // the Next of the page before, or an id to begin with
	End       string // the last id wanted
	Ascending bool
	Filter    Filter
	Where     map[string]string // what the store's index must say besides
}

// ParseQuery reads list parameters: filters from the URL's query, and the
// rest by param, which may look in the body too.
func ParseQuery(query url.Values, param func(string) string) (Query, error) {
	q := Query{
		All: param("paginate") == "false", Ascending: param("ascending") == "true",
		Start: param("start_key"), End: param("end_key"),
	}
	if s := param("page_size"); s != "" {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil:
			return q, ErrPageSize
		case n < 1:
			return q, ErrPageTooFew
		case n > MaxPage:
			return q, ErrPageTooBig
		}
		q.PageSize = n
	}
	var err error
	q.Filter, err = ParseFilter(query)
	return q, err
}

// Size is how many documents a page has.
func (q Query) Size() int {
	switch {
	case q.All:
		return MaxRows
	case q.PageSize == 0:
		return PageSize
	default:
		return q.PageSize
	}
}

// where is what the store's index is asked.
func (q Query) where(r Resource) map[string]string {
	out := q.Filter.indexed(r)
	maps.Copy(out, q.Where)
	return out
}

// Cursor makes an opaque key of what the last row of a page was found by.
func Cursor(parts ...string) string {
	raw, _ := json.Marshal(parts)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ReadCursor reads what Cursor made of n parts.
func ReadCursor(key string, n int) ([]string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return nil, err
	}
	var parts []string
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	if len(parts) != n {
		return nil, errCursor
	}
	return parts, nil
}

// Page is a part of a list.
type Page struct {
	Docs []Doc
	Next string // the start key of the page after; "" if there is none
}

// List is a page of the documents that pass q's filter, by id unless the
// resource has an order of its own. Pages are filled: a filter makes a list
// shorter, not its pages. Only documents of more than MaxBytes together are
// fewer on a page, and ErrTooMany where there are no pages.
func (c Collection) List(ctx context.Context, q Query) (Page, error) {
	if c.Order != nil {
		return c.ordered(ctx, q)
	}
	span := idSpan(q)
	if c.ByCreated {
		var err error
		if span, err = timeSpan(q); err != nil {
			return Page{}, err
		}
	}
	var page Page
	size := 0
	err := c.scan(ctx, q, span, func(d Doc) (bool, error) {
		switch span.place(d.ID) {
		case before:
			return true, nil
		case behind:
			return false, nil
		}
		size += d.size
		if len(page.Docs) == q.Size() || size > MaxBytes && len(page.Docs) > 0 {
			if q.All {
				return false, ErrTooMany
			}
			page.Next = c.cursor(page.Docs[len(page.Docs)-1])
			return false, nil
		}
		page.Docs = append(page.Docs, d)
		return true, nil
	})
	return page, err
}

// cursor is what the page after d is found by.
func (c Collection) cursor(d Doc) string {
	if c.ByCreated {
		return Cursor(strconv.FormatInt(d.Created.UnixMicro(), 10), d.ID)
	}
	return Cursor(d.ID)
}

// scan goes through the documents that pass the filter until each says no
// more.
func (c Collection) scan(ctx context.Context, q Query, from span, each func(Doc) (bool, error)) error {
	return c.sift(ctx, q, from, func(s store.Doc) (bool, error) {
		d, err := read(s)
		if err != nil {
			return false, err
		}
		return each(d)
	})
}

// sift is scan of the documents as they are stored.
func (c Collection) sift(ctx context.Context, q Query, from span, each func(store.Doc) (bool, error)) error {
	where := q.where(c.Resource)
	maps.Copy(where, c.Within)
	ask := store.Query{
		Account: c.Account, Type: c.Type, Where: where,
		After: from.after, AfterCreated: from.created, ByCreated: c.ByCreated,
		Ascending: q.Ascending, Limit: q.Size() + 1,
	}
	return store.Each(ctx, c.Docs, ask, func(s store.Doc) (bool, error) {
		if q.Filter.Empty() {
			return each(s)
		}
		o, err := glance(s, q.Filter.looks)
		if err != nil || !q.Filter.Match(o) {
			return err == nil, err
		}
		return each(s)
	})
}

// span is the part of the ids that a query asks for.
type span struct {
	after     string // exclusive, as the store takes it
	created   time.Time
	from, to  string // inclusive; "" is open
	ascending bool
}

type place int

const (
	before place = iota
	inside
	behind
)

// idSpan reads the start and end keys. A start key that no page gave is an
// id, and the list begins with it.
func idSpan(q Query) span {
	s := span{to: q.End, ascending: q.Ascending}
	if at, err := ReadCursor(q.Start, 1); err == nil {
		s.after = at[0]
		return s
	}
	if s.from = q.Start; s.from == "" {
		return s
	}
	// The store wants an id just outside; what is too much is passed over.
	if q.Ascending {
		s.after = s.from[:len(s.from)-1]
	} else {
		s.after = s.from + "~"
	}
	return s
}

// timeSpan reads a start key of a page by creation.
func timeSpan(q Query) (span, error) {
	if q.End != "" {
		return span{}, BadKey("end_key", q.End)
	}
	if q.Start == "" {
		return span{}, nil
	}
	at, err := ReadCursor(q.Start, 2)
	if err != nil {
		return span{}, BadKey("start_key", q.Start)
	}
	micros, err := strconv.ParseInt(at[0], 10, 64)
	if err != nil {
		return span{}, BadKey("start_key", q.Start)
	}
	return span{after: at[1], created: time.UnixMicro(micros)}, nil
}

// BadKey refuses the start or end key of a list by time, which begins where
// a page before has ended, and ends at created_to or created_from.
func BadKey(name, value string) error {
	return schema.Faults{{
		Path: []string{name}, Rule: "invalid",
		Message: "Not a key that a page has given; created_from and created_to say from when and to when",
		Extra:   map[string]any{"value": value},
	}}
}

func (s span) place(id string) place {
	compare := strings.Compare
	if !s.ascending {
		compare = func(a, b string) int { return strings.Compare(b, a) }
	}
	switch {
	case s.from != "" && compare(id, s.from) < 0:
		return before
	case s.to != "" && compare(id, s.to) > 0:
		return behind
	default:
		return inside
	}
}

// bound adds a limit of the times of creation or change.
func (f *Filter) bound(name, value string) error {
	limit, err := strconv.ParseInt(value, 10, 64)
	if err != nil || limit < 0 {
		return schema.Faults{{
			Path: []string{name}, Rule: "date_range",
			Message: name + " must be a number of Gregorian seconds", Extra: map[string]any{"cause": value},
		}}
	}
	what, side, _ := strings.Cut(name, "_")
	f.Add(func(o Object) bool {
		n, _ := o["pvt_"+what].(json.Number)
		at, err := n.Int64()
		if err != nil {
			return false
		}
		if side == "from" {
			return at >= limit
		}
		return at <= limit
	}, "pvt_"+what)
	return nil
}
