package rtp

import (
	"context"
	"net/netip"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// Params is what offer and answer agreed on.
type Params struct {
	// Remote is where to send to until a packet from elsewhere tells better
	// (symmetric RTP), RemoteRTCP where reports go; the zero RemoteRTCP is
	// the port after Remote's, or Remote itself with Mux.
	Remote, RemoteRTCP netip.AddrPort
	// Mux says that RTP and RTCP share a port (RFC 5761).
	Mux bool
	// Codec and PayloadType are how sound goes both ways.
	Codec       *audio.Codec
	PayloadType uint8
	// EventPT is the payload type of telephone-event (RFC 4733), -1 if there
	// is none: keys are then sent as sound.
	EventPT int
	// Send and Receive are the direction, as seen from here.
	Send, Receive bool
	// Inband asks for keys to be found in the sound heard.
	Inband bool
	// NoFill leaves the line silent when nothing plays. Otherwise, from the
	// first Play on, silence is sent between sounds: it keeps the ways through
	// middleboxes open and the far end's jitter buffer and recorder in step.
	NoFill bool
}

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

// Stream is one call's sound, both ways. Its methods may be called from
// several goroutines.
type Stream struct{}

// LocalAddr is where the far end should send RTP to; Port is its port. RTCP
// is on the next one.
func (s *Stream) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// Port is the port of LocalAddr.
func (s *Stream) Port() int { return 0 }

// Configure sets or changes what was agreed. SSRC and sequence numbers go on;
// the far end's address is learnt anew.
func (s *Stream) Configure(p Params) error { return ErrClosed }

// Play sends snd and returns when it is over (nil), when ctx ends (its
// cause), when the sound breaks (its error) or has nothing to give for ten
// seconds (ErrStalled), or when the stream is closed (ErrClosed). The first
// frame leaves at once. A second Play waits for its turn. While the direction
// does not allow sending, the sound goes on unheard.
func (s *Stream) Play(ctx context.Context, snd audio.Sound) error { return ErrClosed }

// Echo sends back what is heard until ctx ends, and returns its cause. It
// waits for its turn like Play.
func (s *Stream) Echo(ctx context.Context) error { return ErrClosed }

// SendKeys presses keys (0-9 * # A-D; w and W are half a second and a second
// of silence), each for the time given, and returns when they are sent: as
// RFC 4733 events if these were agreed on, else as sound. It waits for its
// turn like Play.
func (s *Stream) SendKeys(ctx context.Context, keys string, each time.Duration) error {
	return ErrClosed
}

// OnKey has f called for each key pressed, once, when its end is known. f is
// called from the media clock: it must return at once. A nil f turns it off.
func (s *Stream) OnKey(f func(Key)) {}

// Tap copies one side's sound to the sink, at the sink's rate, from now until
// stop; stop returns when the sink is not used any more. A sink that fails is
// dropped. stop must not be called from the sink itself.
func (s *Stream) Tap(side Side, to audio.Sink) (stop func()) { return func() {} }

// Stats is a picture of the stream so far. It works after Close, too.
func (s *Stream) Stats() Stats { return Stats{} }

// LastHeard is when a packet of the far end last came; the zero time if none
// did.
func (s *Stream) LastHeard() time.Time { return time.Time{} }

// Close says goodbye (RTCP BYE), frees the ports and ends what plays with
// ErrClosed. It returns when the engine has let go of the stream; closing
// again does nothing.
func (s *Stream) Close() {}
