// Package call says what can be done with a phone call, whatever carries it:
// SIP, a browser, or a test. A leg is one far end with a few primitives; what
// is more than that (collecting keys, recording, ringing many) is a function
// over legs, written once.
package call

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// ErrHungup is the cause of a call's context once the far end has gone.
var ErrHungup = errors.New("call: hung up")

// Leg is one far end: a phone that can be answered, spoken to and heard.
// Every method that waits returns early, with the context's cause, when its
// context ends. All methods may be called from several goroutines.
type Leg interface {
	Info() Info

	// Answer takes the call. Answering twice is the same as once.
	Answer(ctx context.Context) error
	// Hangup ends the leg, refusing it with the cause's SIP status if it was
	// never answered. Hanging up a leg that is over does nothing.
	Hangup(ctx context.Context, why Cause) error
	// Ended is closed when the leg is over; Cause then says why.
	Ended() <-chan struct{}
	Cause() Cause

	Player
	Keypad
	Tapper
}

// Player sends sound to the far end.
type Player interface {
	// Play returns when s is over (nil), when ctx ends (its cause), or when s
	// breaks (its error). Before the leg is answered it is early media. A
	// second Play while one is running waits for its turn.
	Play(ctx context.Context, s audio.Sound) error
}

// Keypad is the far end's keys, both ways.
type Keypad interface {
	// Keys delivers the keys pressed from now on, until stop. The channel
	// holds at least 64 keys; it is never closed.
	Keys() (keys <-chan Key, stop func())
	// SendKeys presses keys (0-9 * # A-D, w and W for half a second and a
	// second of silence) of each length, and returns when they are sent.
	SendKeys(ctx context.Context, keys string, each time.Duration) error
}

// Tapper copies a leg's sound elsewhere: a recording, a stream, a meter.
type Tapper interface {
	Tap(side Side, to audio.Sink) (stop func())
}

// Ringer is a leg that can tell its caller that it is ringing.
type Ringer interface {
	// Ring sends 180 Ringing.
	Ring(ctx context.Context) error
	// Progress sends 183 with early media, so that Play is heard before the
	// answer.
	Progress(ctx context.Context) error
}

// Echoer is a leg that can be made to hear itself.
type Echoer interface {
	// Echo sends back what the far end says until ctx ends.
	Echo(ctx context.Context) error
}

// Leveler is a leg whose sound can be made louder and softer.
type Leveler interface {
	// SetLevel is how loud a side is from now on: audio.LevelMute, which is
	// silence, to audio.LevelMax; 0 is as it is. Of Heard it changes what
	// recordings and the like get, never the finding of keys.
	SetLevel(side Side, level int)
}

// Transferrer is a leg that can be asked to call somebody else instead.
type Transferrer interface {
	// Refer asks the far end to call target, a SIP or tel URI, with headers in
	// that call (REFER, RFC 3515), and waits for what it tells of it, at most
	// until ctx ends. A far end that says no is no error.
	Refer(ctx context.Context, target string, headers map[string]string) (ReferResult, error)
}

// ReferResult is how a transfer went. The zero result is one of which nothing
// is known.
type ReferResult struct {
	Status   int // the SIP status that answered the REFER: 202
	Notified int // the last status that the far end told of its new call, 0 if none
}

// Switch makes legs and joins them.
type Switch interface {
	// Dial rings target, a SIP URI, and returns its leg once it is answered.
	// A refusal is a *RefusedError.
	Dial(ctx context.Context, target string, opt DialOptions) (Leg, error)
}

// Info is what is known of a call when it arrives. It never changes.
type Info struct {
	ID        string // the SIP Call-ID
	Direction Direction

	// The user and host parts of the From, To and Request-URI.
	From, FromRealm       string
	To, ToRealm           string
	Request, RequestRealm string

	CallerName, CallerNumber string
	// Headers are the custom SIP headers (X-…, and User-to-User, Diversion,
	// History-Info, P-Asserted-Identity), by canonical name.
	Headers   map[string]string
	Source    netip.AddrPort // where the call came from
	Transport string         // "UDP", "TCP"
	UserAgent string
	Began     time.Time // when its INVITE arrived or left
}

// Address is user@realm, and the user alone where there is no realm.
func Address(user, realm string) string {
	if realm == "" {
		return user
	}
	return user + "@" + realm
}

// Key is one key of the far end.
type Key struct {
	Digit byte // 0-9 * # A-D
	Via   string
	Held  time.Duration // how long it was pressed, 0 if unknown
}

// The ways a key can come.
const (
	ViaRTP    = "rfc4733"
	ViaINFO   = "info"
	ViaInband = "inband"
)

// Direction tells calls to us from calls by us.
type Direction string

// The directions.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Side is one way of a conversation.
type Side string

// The sides.
const (
	Heard  Side = "heard"  // what the far end says
	Spoken Side = "spoken" // what is played to it
	Both   Side = "both"   // the two, mixed
)

// DialOptions are the wishes of whoever dials. The zero value is fine.
type DialOptions struct {
	CallID       string // of the new call; made at random if empty
	CallerName   string
	CallerNumber string
	Headers      map[string]string // sent as they are
	Codecs       []*audio.Codec    // offered in this order; all we have if nil
	Username     string            // for a digest challenge
	Password     string
	Transport    string        // "UDP" (also "") or "TCP", unless the URI names one
	Timeout      time.Duration // how long to ring; 0 is no limit but ctx
	OnRing       func(code int)
}

// RefusedError is a call that was answered with no.
type RefusedError struct {
	Code   int    // the SIP status
	Reason string // its phrase
	Cause  Cause
}

func (e *RefusedError) Error() string { return fmt.Sprintf("call: refused: %d %s", e.Code, e.Reason) }

// Context ends when leg does, with ErrHungup as its cause. The goroutine that
// watches ends with the returned context.
func Context(parent context.Context, leg Leg) (context.Context, context.CancelFunc) {
	return During(parent, leg.Ended(), ErrHungup)
}

// During ends, because of why, when over is closed. The goroutine that
// watches ends with the returned context.
func During(parent context.Context, over <-chan struct{}, why error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-over:
			cancel(why)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}
