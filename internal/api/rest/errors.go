package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"syscall"
	"time"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// datastoreFault is that what was sent cannot be kept now.
const datastoreFault = "datastore_fault"

// Error is a request refused: its status, the envelope's message and data
// (spec/crossbar-api.md section 1.5).
type Error struct {
	Status  int
	Message string
	Data    any           // nil is {}
	Bare    bool          // no body at all, as for 406 and 415
	Retry   time.Duration // when to come again; 0 is unknown
	Allow   string        // the methods that would do, for 405
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s", e.Status, e.Message) }

// Says is a refusal with a text in its data.
func Says(status int, message, text string) *Error {
	return &Error{Status: status, Message: message, Data: map[string]any{"message": text}}
}

// The catalogue. Each call makes a new one, so that nobody changes another's.

func errInvalidCredentials() *Error {
	return Says(http.StatusUnauthorized, "invalid_credentials", "invalid credentials")
}

// errExpired is a token that was good once. The space in the message is what
// clients know.
func errExpired() *Error {
	return &Error{Status: http.StatusUnauthorized, Message: "invalid credentials"}
}

// Forbidden is what is out of reach of who asks.
func Forbidden() *Error { return Says(http.StatusForbidden, "forbidden", "forbidden") }

func errNoRoute() *Error { return Says(http.StatusNotFound, "not_found", "not found") }

func errMethod() *Error {
	return Says(http.StatusMethodNotAllowed, "invalid_method", "method not allowed")
}

// BadIdentifier is a document that is not there.
func BadIdentifier(id string) *Error {
	return &Error{
		Status: http.StatusNotFound, Message: "bad_identifier",
		Data: map[string]any{"message": "bad identifier", "cause": id},
	}
}

func errConflict() *Error {
	return Says(http.StatusConflict, "datastore_conflict", "conflicting documents")
}

func errTooMany(retry time.Duration) *Error {
	e := Says(http.StatusTooManyRequests, "too_many_requests", "too many requests")
	e.Retry = retry
	return e
}

// Missing is err, and where that is a document that is not there, which.
func Missing(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return BadIdentifier(id)
	}
	return err
}

// Bare is a refusal without a body.
func Bare(status int) *Error { return &Error{Status: status, Bare: true} }

// asError is the answer to err. id is what the request was about.
func asError(err error, id string) *Error {
	var refused *Error
	var faults schema.Faults
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &faults):
		return &Error{Status: http.StatusBadRequest, Message: "validation error", Data: faultsData(faults)}
	case errors.Is(err, store.ErrNotFound):
		return BadIdentifier(id)
	case errors.Is(err, identity.ErrReach):
		return Forbidden()
	case errors.Is(err, identity.ErrLocked):
		return Locked("disabled")
	case errors.Is(err, identity.ErrMaster):
		return errMethod()
	case errors.Is(err, identity.ErrAbove):
		return Says(http.StatusInternalServerError, "account_has_descendants", "account has descendants")
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrExists), errors.Is(err, resource.ErrMismatch):
		// Kazoo's web server answers a stale If-Match with a bare 412, and a race
		// that is lost later with this. To a client both are the same: somebody
		// else was first.
		return errConflict()
	case errors.Is(err, resource.ErrPageSize), errors.Is(err, resource.ErrPageTooFew),
		errors.Is(err, resource.ErrPageTooBig):
		return Says(http.StatusNotFound, "faulty_request", err.Error())
	case errors.Is(err, resource.ErrTooMany):
		return &Error{Status: http.StatusRequestedRangeNotSatisfiable, Message: "range not satisfiable"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Says(http.StatusServiceUnavailable, "datastore_unreachable", "the request was given up")
	case errors.Is(err, store.ErrFull), errors.Is(err, syscall.ENOSPC):
		return Says(http.StatusServiceUnavailable, datastoreFault, "the disk of the server is full: nothing was written")
	case errors.Is(err, store.ErrUnavailable):
		return Says(http.StatusServiceUnavailable, "datastore_unreachable", "the database cannot be reached")
	default:
		return nil
	}
}

// faultsData is {"<path>": {"<rule>": {"message": …}}}.
func faultsData(faults schema.Faults) map[string]any {
	out := map[string]any{}
	for _, f := range faults {
		at := cmp.Or(f.Dotted(), "json") // of the whole
		rules, ok := out[at].(map[string]any)
		if !ok {
			rules = map[string]any{}
			out[at] = rules
		}
		said := map[string]any{}
		maps.Copy(said, f.Extra)
		said["message"] = f.Message
		rules[f.Rule] = said
	}
	return out
}

// TooLarge is a body of more bytes than limit.
func TooLarge(limit int64) error {
	return schema.Invalid("file", "maxSize", fmt.Sprintf("The body is larger than %d bytes", limit),
		map[string]any{"target": limit})
}

// MaxMany is how many documents, or names of them, one request may have.
const MaxMany = 1000

// TooMany is a request that has more, at a key.
func TooMany(key string) error {
	return schema.Invalid(key, "maxItems", fmt.Sprintf("The list is more than %d items", MaxMany),
		map[string]any{"target": MaxMany})
}
