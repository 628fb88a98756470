package calls

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

func (h *Handler) debugOperations() []rest.Operation {
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/pivot/debug", Group: "pivot", Params: JournalParams,
			Summary: "List the calls whose webhooks were kept by debug: true", Do: h.listDebug,
		},
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/pivot/debug/{call_id}", Group: "pivot",
			Params: JournalParams, Summary: "Read the webhooks of a call", Do: h.getDebug,
		},
	}
}

// listDebug has one row for each call, of its first exchange
// (spec/crossbar-api.md section 4).
func (h *Handler) listDebug(r *rest.Request) (rest.Reply, error) {
	q, w, err := h.asked(r, observe.KindDebug)
	if err != nil {
		return rest.Reply{}, err
	}
	h.cfg.Calls.Flush(r.Context())
	rows := map[string]debugRow{}
	list, next, err := h.scan(r.Context(), lines{from: w, q: q, show: func(line store.Entry) (resource.Object, error) {
		row, known := rows[line.Call]
		if !known {
			if row, err = h.debugRow(r, line); err != nil {
				return nil, err
			}
			rows[line.Call] = row
		}
		if line.Seq != row.first { // a call stands where its first line is
			return nil, nil //nolint:nilnil // no row is an answer too
		}
		return row.shown, nil
	}})
	return rest.Listed(list, q, next), err
}

// debugRow is a call in the list of calls.
type debugRow struct {
	first int64 // the Seq of its first line
	shown resource.Object
}

// debugRow merges what is known of a call. Errors count wherever in the call
// they were.
func (h *Handler) debugRow(r *rest.Request, of store.Entry) (debugRow, error) {
	all, err := h.cfg.Journal.Read(r.Context(), store.Window{
		Account: r.Account.ID, Kind: observe.KindDebug, Call: of.Call, Ascending: true,
	})
	if err != nil || len(all) == 0 {
		return debugRow{first: of.Seq}, err
	}
	row := resource.Object{
		"call_id": of.Call, "iteration": 1, "created": gregorianNumber(all[0].At), "node": h.cfg.Node,
		"debug_id": debugID(all[0]), "has_schema_errors": false, "has_json_errors": false,
	}
	for _, line := range all {
		doc, err := asItIs(line)
		if err != nil {
			return debugRow{}, err
		}
		for key, from := range map[string]string{"has_schema_errors": "schema_errors", "has_json_errors": "json_errors"} {
			if _, there := doc[from]; there {
				row[key] = true
			}
		}
		if n, _ := doc["iteration"].(json.Number); n.String() != "1" {
			continue
		}
		for key, from := range map[string]string{"uri": "uri", "status_code": "resp_status_code"} {
			if v, there := doc[from]; there && row[key] == nil {
				row[key] = v
			}
		}
	}
	return debugRow{first: all[0].Seq, shown: row}, nil
}

func gregorianNumber(t time.Time) json.Number { return json.Number(fmt.Sprint(gregorian.Seconds(t))) }

func debugID(line store.Entry) string { return line.At.UTC().Format("200601") + "-" + line.Call }

// getDebug takes a call's id, newest first, or its debug id, oldest first and
// of that month only. A call that there is none of is an empty list.
func (h *Handler) getDebug(r *rest.Request) (rest.Reply, error) {
	q, w, err := h.asked(r, observe.KindDebug)
	if err != nil {
		return rest.Reply{}, err
	}
	w.Call = r.Var("call_id")
	h.cfg.Calls.Flush(r.Context())
	rows, next, err := h.scan(r.Context(), lines{from: w, q: q, show: h.debugRecord})
	if err != nil {
		return rest.Reply{}, err
	}
	if call, begins, ok := month(w.Call); ok && len(rows) == 0 {
		w.Call, w.From, w.To = call, begins, begins.AddDate(0, 1, 0).Add(-1)
		q.Ascending = true
		if rows, next, err = h.scan(r.Context(), lines{from: w, q: q, show: h.debugRecord}); err != nil {
			return rest.Reply{}, err
		}
	}
	return rest.Listed(rows, q, next), nil
}

func (h *Handler) debugRecord(line store.Entry) (resource.Object, error) {
	doc, err := asItIs(line)
	if err != nil {
		return nil, err
	}
	doc["id"] = fmt.Sprintf("%s-%032x", line.At.UTC().Format("200601"), line.Seq)
	doc["created"], doc["node"], doc["debug_id"] = gregorianNumber(line.At), h.cfg.Node, debugID(line)
	return doc, nil
}
