package calls

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// maxWindow is how much time a list of what happened may span: 31 days and an
// hour (spec/crossbar-api.md section 1.8).
const maxWindow = 2_682_000 * time.Second

// JournalParams are taken by lists of what happened.
var JournalParams = append([]rest.Param{
	rest.Whole("created_from", "Gregorian seconds, inclusive; 31 days before created_to by default."),
	rest.Whole("created_to", "Gregorian seconds, inclusive; now by default."),
}, rest.RowParams...)

// asked is which rows of a kind a request asks for.
func (h *Handler) asked(r *rest.Request, kind string) (q resource.Query, w store.Window, err error) {
	if q, err = resource.ParseQuery(r.Query, r.Param); err != nil {
		return q, w, err
	}
	w = store.Window{Account: r.Account.ID, Kind: kind}
	w.From, w.To, err = h.window(r)
	return q, w, err
}

// window is the time that a request asks about.
func (h *Handler) window(r *rest.Request) (from, to time.Time, err error) {
	to = h.cfg.Now()
	from = to.Add(-maxWindow)
	var given [2]bool
	for i, name := range []string{"created_from", "created_to"} {
		text := r.Param(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return from, to, badWindow(name, "must be a number of Gregorian seconds", text)
		}
		given[i] = true
		if i == 0 {
			from = gregorian.Time(n)
		} else {
			to = gregorian.Time(n).Add(time.Second - 1)
		}
	}
	switch {
	case given[0] && !given[1] && to.Sub(from) > maxWindow:
		to = from.Add(maxWindow)
	case given[1] && !given[0]:
		from = to.Add(-maxWindow)
	}
	switch span := to.Sub(from); {
	case span < 0:
		return from, to, badWindow("created_from", "must not be after created_to", r.Param("created_from"))
	case span > maxWindow+time.Second:
		return from, to, badWindow("created_from", "must not be more than 31 days before created_to", r.Param("created_from"))
	}
	return from, to, nil
}

func badWindow(name, what, cause string) error {
	return schema.Faults{{
		Path: []string{name}, Rule: "date_range", Message: name + " " + what, Extra: map[string]any{"cause": cause},
	}}
}

// lines is a list of what the journal says, page by page.
type lines struct {
	from store.Window
	q    resource.Query
	// show makes a row of a line, nil if it has none.
	show func(store.Entry) (resource.Object, error)

	rows []any
	last int64 // the Seq of the last row's line
	next string
}

// scan fills a page.
func (h *Handler) scan(ctx context.Context, l lines) (rows []any, next string, err error) {
	if l.q.End != "" {
		return nil, "", resource.BadKey("end_key", l.q.End)
	}
	w := l.from
	w.Ascending, w.Limit = l.q.Ascending, min(l.q.Size()+1, 500)
	if l.q.Start != "" {
		if w.After, err = lineCursor(l.q.Start); err != nil {
			return nil, "", err
		}
	}
	l.rows, l.last = []any{}, w.After
	for {
		batch, err := h.cfg.Journal.Read(ctx, w)
		if err != nil {
			return nil, "", err
		}
		for _, line := range batch {
			if full, err := l.take(line); err != nil || full {
				return l.rows, l.next, err
			}
		}
		if len(batch) < w.Limit {
			return l.rows, "", nil
		}
		w.After = batch[len(batch)-1].Seq
	}
}

// take adds a line's row. A row for which there is no room makes the page
// full, and another one follow.
func (l *lines) take(line store.Entry) (full bool, err error) {
	row, err := l.show(line)
	if err != nil || row == nil || !passes(l.q.Filter, row, line.At) {
		return false, err
	}
	if len(l.rows) < l.q.Size() {
		l.rows, l.last = append(l.rows, row), line.Seq
		return false, nil
	}
	if l.q.All {
		return true, resource.ErrTooMany
	}
	l.next = resource.Cursor(strconv.FormatInt(l.last, 10))
	return true, nil
}

// lineCursor is the place in the journal that a start key stands for.
func lineCursor(key string) (int64, error) {
	at, err := resource.ReadCursor(key, 1)
	if err == nil {
		var n int64
		if n, err = strconv.ParseInt(at[0], 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, resource.BadKey("start_key", key)
}

// passes holds a row to a filter, as documents are held to it.
func passes(f resource.Filter, row resource.Object, at time.Time) bool {
	if f.Empty() {
		return true
	}
	full := make(resource.Object, len(row)+2)
	maps.Copy(full, row)
	made := json.Number(strconv.FormatInt(gregorian.Seconds(at), 10))
	full["pvt_created"], full["pvt_modified"] = made, made
	return f.Match(full)
}

// RecordSchema is the schema of a call's record.
func RecordSchema() *schema.Schema { return schema.Of(cdr.Record{}) }

func (h *Handler) cdrOperations() []rest.Operation {
	record := RecordSchema()
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/cdrs", Group: "cdrs", Params: JournalParams,
			Summary: "List the records of calls that are over", Produces: []string{rest.TypeCSV}, Do: h.ListCDRs,
			Own: rest.OwnRows("owner_id"), Returns: record, Many: true,
		},
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/cdrs/{cdr_id}", Group: "cdrs",
			Summary: "Read the record of a call that is over", Do: h.getCDR, Returns: record,
		},
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/cdrs/interaction", Group: "cdrs", Params: JournalParams,
			Summary: "List the records of calls that are over: each call has one", Produces: []string{rest.TypeCSV},
			Do:  h.ListCDRs,
			Own: rest.OwnRows("owner_id"), Returns: record, Many: true,
		},
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/cdrs/legs/{cdr_id}", Group: "cdrs",
			Summary: "List the records of the call that a record is of: that one", Do: h.listLegs, Returns: record, Many: true,
		},
	}
}

// listLegs is a list of one: a call that is not connected to another one has
// no second leg.
func (h *Handler) listLegs(r *rest.Request) (rest.Reply, error) {
	one, err := h.getCDR(r)
	if err != nil {
		return rest.Reply{}, err
	}
	return rest.Reply{Data: []any{one.Data}, List: &rest.ListInfo{Size: 1}}, nil
}

// ListCDRs is a page of the records of calls that are over, the newest first.
func (h *Handler) ListCDRs(r *rest.Request) (rest.Reply, error) {
	q, w, err := h.asked(r, observe.KindCDR)
	if err != nil {
		return rest.Reply{}, err
	}
	h.cfg.Calls.Flush(r.Context())
	rows, next, err := h.scan(r.Context(), lines{from: w, q: q, show: asItIs})
	return rest.Listed(rows, q, next), err
}

func asItIs(line store.Entry) (resource.Object, error) { return resource.ParseObject(line.JSON) }

// month is what stands before a call's id in the ids of its records.
func month(id string) (call string, begins time.Time, ok bool) {
	head, call, found := strings.Cut(id, "-")
	begins, err := time.Parse("200601", head)
	return call, begins, found && err == nil && call != ""
}

func (h *Handler) getCDR(r *rest.Request) (rest.Reply, error) {
	h.cfg.Calls.Flush(r.Context())
	id := r.Var("cdr_id")
	calls := []string{id}
	if call, _, ok := month(id); ok {
		calls = append(calls, call)
	}
	for _, call := range calls {
		w := store.Window{Account: r.Account.ID, Kind: observe.KindCDR, Call: call, Limit: 100}
		lines, err := h.cfg.Journal.Read(r.Context(), w)
		if err != nil {
			return rest.Reply{}, err
		}
		for _, line := range lines {
			row, err := asItIs(line)
			if err != nil {
				return rest.Reply{}, err
			}
			if call == id || row["id"] == id {
				return rest.Reply{Data: row}, nil
			}
		}
	}
	return rest.Reply{}, rest.BadIdentifier(id)
}

// rowOf is a record as a row.
func rowOf(record cdr.Record) (resource.Object, error) {
	raw, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	return resource.ParseObject(raw)
}
