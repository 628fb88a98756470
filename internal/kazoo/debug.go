package kazoo

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
)

// DebugDocs are the documents that Kazoo keeps of one exchange of a call
// (spec/crossbar-api.md section 4), oldest first: the request; the answer, if
// there was one; what was wrong with it. Their iteration counts the exchanges
// of the call from 1. Names and values of headers are in lower case, as there.
// Whether they are wanted at all is f.Debug.
func DebugDocs(call string, f event.Fetched) []map[string]any {
	doc := func(more map[string]any) map[string]any {
		more["call_id"], more["iteration"] = call, f.ID
		return more
	}
	docs := []map[string]any{doc(map[string]any{
		"uri": f.URL, "method": strings.ToLower(f.Method),
		"req_headers": lower(f.SentHead), "req_body": f.SentBody,
	})}
	if f.Status != 0 {
		docs = append(docs, doc(map[string]any{
			"resp_status_code": strconv.Itoa(f.Status), "resp_headers": lower(f.Header), "resp_body": f.Answer,
		}))
	}
	if len(f.Faults) > 0 {
		docs = append(docs, doc(map[string]any{"schema_errors": faults(f.Faults), "resp_body": f.Answer}))
	}
	if p := f.Parse; p != nil {
		docs = append(docs, doc(map[string]any{
			"json_errors": map[string]any{"before": p.Before, "after": p.After, "message": p.Message},
			"resp_body":   f.Answer,
		}))
	}
	return docs
}

func lower(h http.Header) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		out[strings.ToLower(name)] = strings.ToLower(strings.Join(values, ", "))
	}
	return out
}

// faults are lists of a code, a message, and the fault by path and rule.
func faults(all []event.Fault) []any {
	out := make([]any, len(all))
	for i, f := range all {
		out[i] = []any{
			http.StatusBadRequest, f.Message,
			map[string]any{f.Path: map[string]any{f.Rule: map[string]any{"message": f.Message}}},
		}
	}
	return out
}
