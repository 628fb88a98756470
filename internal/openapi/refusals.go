package openapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/rest"
)

// Refusal is a kind of error: what it says, when, and where it is easily had
// an example.
type Refusal struct {
	Status  int
	Message string // "" is no body
	When    string // names are in backquotes
	Try     *rest.Operation
	Answer  Answer // of Try
}

// faulty is the message of what does not fit.
const faulty = "validation error"

// refusals are the errors of the API (spec/crossbar-api.md section 1.5).
func refusals() []Refusal {
	all := append(tried(), untried()...)
	slices.SortStableFunc(all, func(a, b Refusal) int { return cmp.Compare(a.Status, b.Status) })
	return all
}

// tried are those that are easily had.
func tried() []Refusal {
	const menus = "accounts/{account_id}/menus"
	nowhere := map[string]string{"id": "00000000000000000000000000000000"}
	of := func(status int, message, when, method, path string, x rest.Example) Refusal {
		return Refusal{
			Status: status, Message: message, When: when, Try: &rest.Operation{Method: method, Path: path, Example: x},
		}
	}
	all := []Refusal{
		of(http.StatusUnauthorized, "invalid_credentials", "No token, or none of this server; wrong credentials.",
			http.MethodGet, menus, rest.Example{}),
		of(http.StatusBadRequest, faulty, "The body does not fit: `data` has all faults.",
			http.MethodPut, menus, rest.Example{Data: `{"name": "", "retries": 99}`}),
		of(http.StatusBadRequest, faulty, "The body is no JSON.",
			http.MethodPut, menus, rest.Example{Type: jsonType, Body: `{"data": {"name": "Main`}),
		of(http.StatusNotFound, "bad_identifier", "There is no such document, or not any more.",
			http.MethodGet, menus+"/{id}", rest.Example{Vars: nowhere}),
		of(http.StatusNotFound, "not_found", "There is no such path.",
			http.MethodGet, "accounts/{account_id}/nothing", rest.Example{}),
		of(http.StatusNotFound, "faulty_request", "`page_size` is no number of rows.",
			http.MethodGet, menus, rest.Example{Query: "page_size=0"}),
		of(http.StatusMethodNotAllowed, "invalid_method", "The path takes other methods: those in `Allow`.",
			http.MethodPut, menus+"/{id}", rest.Example{Vars: nowhere, Data: `{"name": "Main"}`}),
		of(http.StatusConflict, "datastore_conflict",
			"Somebody else was first: the id is taken, or `If-Match` names an older revision.",
			http.MethodPut, "accounts/{account_id}/users", rest.Example{
				Data: `{"id": "grace", "first_name": "Grace", "last_name": "Hopper"}`,
			}),
		of(http.StatusNotImplemented, "not_implemented", "This server cannot do it yet; `data` says why.",
			http.MethodPut, "accounts/{account_id}/phone_numbers/{number}/port", rest.Example{
				Vars: map[string]string{"number": "+12025550100"}, Data: "{}",
			}),
	}
	all[0].Try.Who = rest.Anyone
	return all
}

// untried are those that take more than one request.
func untried() []Refusal {
	of := func(status int, message, when string) Refusal {
		return Refusal{Status: status, Message: message, When: when}
	}
	return []Refusal{
		of(http.StatusUnauthorized, "invalid credentials", "The token was good once: log in again."),
		of(http.StatusForbidden, "forbidden", "The token is good, but not for this."),
		of(http.StatusNotAcceptable, "", "It cannot be had as `Accept` wants it."),
		of(http.StatusUnsupportedMediaType, "", "A body of this `Content-Type` is not taken here."),
		of(http.StatusRequestedRangeNotSatisfiable, "range not satisfiable", "A list without pages has too many rows."),
		of(http.StatusLocked, "locked", "The account, or the user, is disabled."),
		of(http.StatusTooManyRequests, "too_many_requests",
			"Too much at once, or too many wrong passwords; `Retry-After` says when to come again."),
		of(http.StatusServiceUnavailable, "datastore_unreachable", "The database does not answer; nothing was changed."),
	}
}

// Refusals are the errors of the API, with answers of the sample. One that is
// answered otherwise is an error.
func (s *Sample) Refusals(ctx context.Context) ([]Refusal, error) {
	all := refusals()
	for i, r := range all {
		if r.Try == nil {
			continue
		}
		a := s.try(ctx, *r.Try)
		var got struct{ Message string }
		if err := json.Unmarshal(a.JSON, &got); err != nil || a.Status != r.Status || got.Message != r.Message {
			return nil, fmt.Errorf("openapi: %s %s is answered with %d %s", a.Method, a.Target, a.Status, a.JSON)
		}
		all[i].Answer = a
	}
	return all, nil
}
