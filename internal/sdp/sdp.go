// Package sdp makes and answers session descriptions for one stream of sound:
// offer and answer by RFC 3264, in the grammar of RFC 8866. It knows no SIP.
package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// What can be wrong with a description. All but ErrMalformed and ErrTooLarge
// are descriptions that are sound but cannot be agreed to (SIP's 488).
var (
	ErrMalformed     = errors.New("sdp: malformed description") // always inside a *SyntaxError
	ErrTooLarge      = errors.New("sdp: description too large") // over MaxSize or MaxMedia
	ErrNoAudio       = errors.New("sdp: no audio offered")      // no m=audio, or all refused
	ErrNoCommonCodec = errors.New("sdp: no codec in common")    // audio, but none we can do
	ErrSecureOnly    = errors.New("sdp: only encrypted audio")  // RTP/SAVP and the like alone
	ErrHostName      = errors.New("sdp: host name as address")  // c= must hold an IP address
	ErrMulticast     = errors.New("sdp: multicast address")     // one far end, not many
	ErrFamily        = errors.New("sdp: other IP version than ours")
	ErrMismatch      = errors.New("sdp: answer does not fit offer") // other m-lines than were offered
)

// The limits on a stranger's description.
const (
	MaxSize  = 64 << 10 // bytes
	MaxMedia = 32       // m-lines
)

// SyntaxError is a line that cannot be read.
type SyntaxError struct {
	Line   int    // counted from 1; 0 if it is the whole
	Text   string // the line, cut short
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%v: line %d %q: %s", ErrMalformed, e.Line, e.Text, e.Reason)
}

// Unwrap makes it an ErrMalformed.
func (e *SyntaxError) Unwrap() error { return ErrMalformed }

// Direction is who may send, seen from whoever wrote the description.
type Direction string

// The directions of RFC 8866 section 6.7.
const (
	SendRecv Direction = "sendrecv" // also ""
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// Local is our own side.
type Local struct {
	Addr      netip.AddrPort // where we hear RTP; RTCP is on the next port
	RTCPMux   bool           // we can have RTP and RTCP on one port (RFC 5761)
	Codecs    []*audio.Codec // what we can do, best first
	Direction Direction      // what we want; the answer may be less
	// SessionID and Version are those of o=. With Previous, the description
	// sent last in this session, they come from there, and the version counts
	// up by one when anything else has changed.
	SessionID, Version uint64
	Previous           []byte
}

// Negotiated is what both sides agreed on.
type Negotiated struct {
	Codec       *audio.Codec
	PayloadType uint8
	EventPT     int // telephone-event at the codec's clock rate, -1 if none
	// Remote is where to send RTP, RemoteRTCP where to send reports.
	Remote, RemoteRTCP netip.AddrPort
	Mux                bool
	// Send and Receive are the direction as seen from here.
	Send, Receive bool
	// Hold says that the far end does not want to hear us: sendonly,
	// inactive, or the address 0.0.0.0.
	Hold bool
	// RemoteDirection is what the far end wrote.
	RemoteDirection Direction
	// PTime and MaxPTime are what the far end asked for, 0 if nothing. We
	// send 20 ms a packet whatever it is.
	PTime, MaxPTime time.Duration
}
