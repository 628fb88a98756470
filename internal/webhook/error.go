package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// Error is why an exchange came to nothing.
type Error struct {
	Kind string // one of event's Fail… constants
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the reason beneath.
func (e *Error) Unwrap() error { return e.Err }

// errTimeout is the cause of a context whose time was over.
var errTimeout = errors.New("webhook: out of time")

// explain finds the kind of err, which ended an exchange in phase at. limited
// is the exchange's context, of at most limit; parent is its caller's.
func explain(parent, limited context.Context, err error, at phase, limit time.Duration) *Error {
	var known *Error
	var guard *GuardError
	var lookup *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &guard):
		return guarded(guard)
	case errors.As(err, &known):
		return known
	case parent.Err() != nil:
		return &Error{Kind: event.FailCancelled, Err: fmt.Errorf("given up: %w", context.Cause(parent))}
	case limited.Err() != nil:
		return &Error{Kind: event.FailTimeout, Err: fmt.Errorf("no answer within %v, while %s", limit, at)}
	case errors.As(err, &lookup):
		return &Error{Kind: event.FailDNS, Err: fmt.Errorf("no address for %q: %s", lookup.Name, lookup.Err)}
	case errors.As(err, &op) && op.Op == "dial":
		return &Error{Kind: event.FailConnect, Err: dialError(op)}
	case at == securing:
		return &Error{Kind: event.FailTLS, Err: fmt.Errorf("no secure connection: %w", err)}
	case at == dialling || at == resolving:
		return &Error{Kind: event.FailConnect, Err: err}
	case tooManyHeaders(err):
		return &Error{Kind: event.FailSize, Err: fmt.Errorf("the answer's headers are longer than %d bytes", maxHeader)}
	}
	return &Error{Kind: event.FailProtocol, Err: fmt.Errorf("no proper HTTP answer: %w", err)}
}

func dialError(op *net.OpError) error {
	if op.Addr == nil {
		return fmt.Errorf("no connection: %w", op.Err)
	}
	if op.Timeout() {
		return fmt.Errorf("no connection to %s in time", op.Addr)
	}
	return fmt.Errorf("no connection to %s: %w", op.Addr, op.Err)
}

// tooManyHeaders knows net/http's errors for it, which have no name, in
// HTTP/1 and HTTP/2.
func tooManyHeaders(err error) bool {
	text := err.Error()
	return strings.Contains(text, "response headers exceeded") || strings.Contains(text, "header list larger than")
}
