package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/pivotvoice/pivot/internal/audio"
)

// Kind says what went wrong with a sound.
type Kind string

// The kinds of Error.
const (
	Malformed   Kind = "malformed"   // the reference itself cannot be understood
	NotFound    Kind = "not_found"   // there is nothing of that name
	Empty       Kind = "empty"       // there is a document, but no sound
	Unavailable Kind = "unavailable" // such references are not served here
	Refused     Kind = "refused"     // it may not be played: a file outside of the folder
	Unsupported Kind = "unsupported" // its content is no sound that is understood
	Broken      Kind = "broken"      // its content is damaged
	TooLarge    Kind = "too_large"   // it has more bytes, or lasts longer, than allowed
	BadStatus   Kind = "status"      // the web server's answer was no success
	Failed      Kind = "failed"      // it could not be fetched or read
	TimedOut    Kind = "timeout"     // the web server took too long
)

// Error is why a reference is no sound, or why a sound broke while it played.
type Error struct {
	Kind   Kind
	Ref    string // the reference, without credentials
	Status int    // the HTTP status, of BadStatus
	Err    error
}

// Error says what failed and why.
func (e *Error) Error() string { return fmt.Sprintf("media %s: %v", e.Ref, e.Err) }

// Unwrap is the reason beneath.
func (e *Error) Unwrap() error { return e.Err }

// fault makes an Error of a text.
func fault(kind Kind, ref, format string, args ...any) *Error {
	return &Error{Kind: kind, Ref: ref, Err: fmt.Errorf(format, args...)}
}

// explained is err as an *Error about ref. What audio says has its own kinds.
func explained(ref string, err error) error {
	var known *Error
	kind := Failed
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, audio.ErrUnknownFormat):
		kind = Unsupported
	case errors.Is(err, audio.ErrBroken):
		kind = Broken
	case errors.Is(err, audio.ErrTooLong):
		kind = TooLarge
	case errors.Is(err, audio.ErrTone):
		kind = Malformed
	case errors.Is(err, context.DeadlineExceeded):
		kind = TimedOut
	}
	return &Error{Kind: kind, Ref: ref, Err: err}
}
