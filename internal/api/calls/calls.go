package calls

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/timeline"
)

func (h *Handler) callOperations() []rest.Operation {
	const all, one = "accounts/{account_id}/calls", "accounts/{account_id}/calls/{call_id}"
	record := RecordSchema()
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: all, Summary: "List calls, those that run first", Params: JournalParams,
			Produces: []string{rest.TypeCSV}, Do: h.listCalls, Own: rest.OwnRows("owner_id"), Returns: record, Many: true,
		},
		{Method: http.MethodGet, Path: one, Summary: "Read a call's record as it is now", Do: h.getCall, Returns: record},
		{
			Method: http.MethodGet, Path: one + "/events", Do: h.callEvents, Produces: []string{rest.TypeText, rest.TypeEvents},
			Summary: "Read a call's whole timeline: as JSON, as text, or as a live stream of events",
			Params:  []rest.Param{rest.Text("format", "text for lines that people can read.")},
		},
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/events", Do: h.accountEvents,
			Summary: "Follow the events of all calls as they happen", Produces: []string{rest.TypeEvents},
			Example: rest.Example{Accept: rest.TypeEvents},
		},
	}
	if h.cfg.Interrupter != nil {
		ops = append(ops,
			rest.Operation{
				Method: http.MethodPost, Path: one, Summary: "Do something to a running call", Do: h.actOnCall,
				Params:  []rest.Param{rest.Text("action", "hangup")},
				Example: rest.Example{Data: `{"action": "hangup"}`, Vars: map[string]string{"call_id": "{live_call_id}"}},
			},
			rest.Operation{
				Method: http.MethodDelete, Path: one, Summary: "Hang up a running call", Do: h.hangup,
				Example: rest.Example{Vars: map[string]string{"call_id": "{live_call_id}"}},
			})
	}
	for i := range ops {
		ops[i].Group = "calls"
	}
	return ops
}

// listCalls has the running calls before the past ones, or behind them in
// ascending order.
func (h *Handler) listCalls(r *rest.Request) (rest.Reply, error) {
	q, w, err := h.asked(r, observe.KindCDR)
	if err != nil {
		return rest.Reply{}, err
	}
	live, err := h.liveRows(r, q)
	if err != nil {
		return rest.Reply{}, err
	}
	if q.Start != "" && !q.Ascending {
		live = nil // the first page had them
	}
	if len(live) >= q.Size() && !q.Ascending {
		return rest.Listed(live, q, resource.Cursor("0")), nil // they stay on one page, and the past begins on the next
	}
	past := q
	if !q.Ascending && !q.All {
		past.PageSize = q.Size() - len(live)
	}
	h.cfg.Calls.Flush(r.Context())
	rows, next, err := h.scan(r.Context(), lines{from: w, q: past, show: asItIs})
	live = without(live, rows) // what ended meanwhile
	switch {
	case err != nil:
		return rest.Reply{}, err
	case !q.Ascending:
		rows = append(live, rows...)
	case next == "":
		rows = append(rows, live...)
	}
	return rest.Listed(rows, q, next), nil
}

// without are the rows of which others do not have the id.
func without(rows, others []any) []any {
	id := func(row any) any { o, _ := row.(resource.Object); return o["id"] }
	there := map[any]bool{}
	for _, row := range others {
		there[id(row)] = true
	}
	return slices.DeleteFunc(rows, func(row any) bool { return there[id(row)] })
}

// liveRows are the running calls that pass a list's filter, in its order.
func (h *Handler) liveRows(r *rest.Request, q resource.Query) ([]any, error) {
	rows := []any{}
	for _, record := range h.cfg.Calls.Live(r.Account.ID) {
		row, err := rowOf(record)
		if err != nil {
			return nil, err
		}
		if passes(q.Filter, row, record.Began) {
			rows = append(rows, row)
		}
	}
	if !q.Ascending {
		slices.Reverse(rows)
	}
	return rows, nil
}

func (h *Handler) getCall(r *rest.Request) (rest.Reply, error) {
	events, err := h.cfg.Calls.Events(r.Context(), r.Account.ID, r.Var("call_id"))
	if err != nil {
		return rest.Reply{}, err
	}
	return rest.Reply{Data: cdr.Fold(events)}, nil
}

func (h *Handler) callEvents(r *rest.Request) (rest.Reply, error) {
	if r.Accept == rest.TypeEvents {
		return h.follow(r)
	}
	events, err := h.cfg.Calls.Events(r.Context(), r.Account.ID, r.Var("call_id"))
	if err != nil {
		return rest.Reply{}, err
	}
	if r.Accept == rest.TypeText || r.Param("format") == "text" {
		return rest.Reply{Take: func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", rest.TypeText+"; charset=utf-8")
			_ = timeline.Write(w, events) // nobody is left to be told of an error
		}}, nil
	}
	return rest.Reply{Data: events, List: &rest.ListInfo{Size: -1}}, nil
}

func (h *Handler) actOnCall(r *rest.Request) (rest.Reply, error) {
	if action := strings.ToLower(r.Param("action")); action != "hangup" {
		return rest.Reply{}, schema.Invalid("action", "enum", "Value not found in enumerated list of values",
			map[string]any{"target": []string{"hangup"}, "value": action})
	}
	return h.hangup(r)
}

func (h *Handler) hangup(r *rest.Request) (rest.Reply, error) {
	id := r.Var("call_id")
	running := slices.ContainsFunc(h.cfg.Calls.Live(r.Account.ID), func(c cdr.Record) bool { return c.CallID == id })
	why := call.Normal
	why.Text = "hung up through the API"
	if !running || !h.cfg.Interrupter.Interrupt(id, flow.OverWith(why)) {
		return rest.Reply{}, rest.BadIdentifier(id)
	}
	h.cfg.Logger.InfoContext(r.Context(), "call hung up by request", "call", id, "by", r.Auth.Account.ID,
		"user", r.Auth.UserID(), "request_id", r.ID)
	return rest.Reply{Data: "hangup initiated"}, nil
}
