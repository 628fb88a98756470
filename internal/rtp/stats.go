package rtp

import (
	"net/netip"
	"time"
)

// Key is one key press heard.
type Key struct {
	Digit  byte          // 0-9 * # A-D
	Inband bool          // found in the sound, not an RFC 4733 event
	Held   time.Duration // how long it was pressed, as far as is known
}

// Side is one way of a stream.
type Side int

// The sides.
const (
	Heard  Side = iota // what the far end says
	Spoken             // what is sent to it
	Both               // the two, mixed
)

// Stats is what is known of a stream's quality, by RFC 3550 section 6.4.1.
type Stats struct {
	Sent     uint64        // packets sent
	Received uint64        // packets taken from the far end
	Lost     uint64        // packets of the far end that never came
	Late     uint64        // packets that came too late to be of use, and duplicates
	Jitter   time.Duration // interarrival jitter seen here
	// What the far end reported of our packets.
	FarLost   uint64
	FarJitter time.Duration
	RoundTrip time.Duration // 0 until it is known
	FirstSent time.Time     // when the first packet left
	// Skipped counts own frames left out to catch up after starvation,
	// Dropped the datagrams thrown away: junk, strangers, unknown payloads.
	Skipped, Dropped uint64
	// Relatched counts changes of the far end's address found from packets;
	// Latched is where they come from now.
	Relatched int
	Latched   netip.AddrPort
}
