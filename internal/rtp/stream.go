package rtp

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"
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

// check says what is missing, for a stream bound to local.
func (p *Params) check(local netip.AddrPort) error {
	p.Remote = netip.AddrPortFrom(p.Remote.Addr().Unmap(), p.Remote.Port())
	p.RemoteRTCP = netip.AddrPortFrom(p.RemoteRTCP.Addr().Unmap(), p.RemoteRTCP.Port())
	switch {
	case p.Codec == nil:
		return errors.New("rtp: no codec")
	case !p.Remote.IsValid() || p.Remote.Port() == 0:
		return errors.New("rtp: no remote address")
	case p.Remote.Addr().Is4() != local.Addr().Is4():
		return errors.New("rtp: remote address of another IP version")
	case p.PayloadType > 127 || p.EventPT > 127:
		return errors.New("rtp: no such payload type")
	}
	if !p.RemoteRTCP.IsValid() || p.RemoteRTCP.Port() == 0 || p.RemoteRTCP.Addr().Is4() != local.Addr().Is4() {
		p.RemoteRTCP = following(p.Remote)
	}
	if p.Mux {
		p.RemoteRTCP = p.Remote
	}
	return nil
}

// following is the next port, where RTCP is if nobody says otherwise.
func following(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+1) }

// Stream is one call's sound, both ways. Its methods may be called from
// several goroutines.
type Stream struct {
	engine         *Engine
	clock          *scheduler
	slot, index    int  // of the clock's, and guarded by it; slot is -1 outside
	hurried        bool // guarded by the clock, too: it is among its hot ones
	media, control *socket
	ssrc           uint32
	cname          string

	// ticking is held while the clock serves the stream, calls to others
	// included; mu guards what follows, and is never held for a key's call.
	ticking sync.Mutex
	mu      sync.Mutex
	closed  bool
	params  Params
	ready   bool  // configured
	next    int64 // step of the next frame
	out     sender
	in      receiver
	reports reporter
	levels  levels
	taps    listeners
	onKey   func(Key)
	keys    []Key // heard, and to be told at the end of the tick
}

func newStream(e *Engine, media, control *socket) *Stream {
	var seed [26]byte
	_, _ = rand.Read(seed[:]) // never fails
	s := &Stream{
		engine: e, clock: e.scheduler(), slot: -1, media: media, control: control,
		ssrc: binary.BigEndian.Uint32(seed[0:]), cname: rand.Text(),
	}
	s.out.seq = binary.BigEndian.Uint16(seed[4:]) >> 1 // leaves room before it wraps
	s.out.ts = binary.BigEndian.Uint32(seed[6:])
	s.out.marker = true
	s.taps.log = e.log
	return s
}

// LocalAddr is where the far end should send RTP to. RTCP is on the next port.
func (s *Stream) LocalAddr() netip.AddrPort { return s.media.local }

// Port is the port of LocalAddr.
func (s *Stream) Port() int { return int(s.media.local.Port()) }

// Configure sets or changes what was agreed. SSRC, sequence numbers and what
// plays go on. With another Remote the far end's address is learnt anew; else
// it stays, so that a refresh opens the call to nobody.
func (s *Stream) Configure(p Params) error {
	if err := p.check(s.media.local); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if !s.ready || p.Remote != s.params.Remote {
		to, err := newAddress(p.Remote)
		if err != nil {
			return err
		}
		s.out.to, s.in.open = to, true
	}
	if !s.ready || p.RemoteRTCP != s.params.RemoteRTCP {
		to, err := newAddress(p.RemoteRTCP)
		if err != nil {
			return err
		}
		s.reports.to = to
	}
	fresh := p.Codec != s.params.Codec
	silence, err := s.engine.silence.Open(p.Codec).Next()
	if err != nil {
		return fmt.Errorf("rtp: no silence: %w", err)
	}
	s.params, s.out.silence = p, silence
	if fresh {
		s.in.track.rate(p.Codec.ClockRate)
		s.levels.restart(p.Codec)
		s.taps.restart(p.Codec)
	}
	s.taps.inband(p.Inband)
	if !s.ready {
		s.ready = true
		s.next = s.clock.place(s, time.Now().Add(audio.FrameTime/2))
	}
	return nil
}

// tick is the stream's turn at its slot.
func (s *Stream) tick(step int64, in *inbox) {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	tell, keys := s.serve(step, in)
	for _, k := range keys {
		tell(k)
	}
}

// serve receives what has come and sends what is due. It returns the keys
// heard and whom to tell.
func (s *Stream) serve(step int64, in *inbox) (tell func(Key), keys []Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || step < s.next || (step-s.next)%slots != 0 {
		return nil, nil // moved to another slot meanwhile
	}
	due := int(step-s.next)/slots + 1
	s.next = step + slots
	now := s.clock.at(step)
	s.drain(in, now)
	for ; due > catchUp; due-- {
		s.skip()
	}
	for range due {
		s.send()
	}
	s.in.events.tick(now, s.key)
	s.report(in, now)
	if s.in.events.pending() {
		s.clock.hurry(s)
	}
	return s.told()
}

// told is the keys heard and whom to tell.
func (s *Stream) told() (tell func(Key), keys []Key) {
	if len(s.keys) == 0 {
		return nil, nil
	}
	keys, s.keys = s.keys, nil
	if s.onKey == nil {
		return nil, nil
	}
	return s.onKey, keys
}

// peek looks, between the stream's own turns, whether the key that is down is
// up by now.
func (s *Stream) peek(step int64, in *inbox) {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	tell, keys := s.release(step, in)
	for _, k := range keys {
		tell(k)
	}
}

func (s *Stream) release(step int64, in *inbox) (tell func(Key), keys []Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil
	}
	now := s.clock.at(step)
	s.drain(in, now)
	s.in.events.tick(now, s.key)
	if !s.in.events.pending() {
		s.clock.calm(s)
	}
	return s.told()
}

// key is called for every key heard.
func (s *Stream) key(k Key) { s.keys = append(s.keys, k) }

// OnKey has f called for each key pressed, once, when its end is known. f is
// called from the media clock: it must return at once and must not close the
// stream. A nil f turns it off.
func (s *Stream) OnKey(f func(Key)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onKey = f
}

// Stats is a picture of the stream so far. It works after Close, too.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := s.in.track.lost()
	return Stats{
		Sent: s.out.sent, FirstSent: s.out.first, Skipped: s.out.skipped,
		Received: s.in.track.total, Lost: lost, Jitter: s.in.track.deviation(),
		Late: s.in.track.repeated + s.taps.late(), Dropped: s.in.dropped,
		FarLost: s.reports.lost, FarJitter: s.reports.jitter, RoundTrip: s.reports.roundTrip,
		Relatched: s.in.relatched, Latched: s.in.latched,
	}
}

// LastHeard is when a packet of the far end last came, to the nearest tick;
// the zero time if none did.
func (s *Stream) LastHeard() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.in.heard
}

// Close says goodbye (RTCP BYE), frees the ports and ends what plays with
// ErrClosed. It returns when the engine has let go of the stream; closing
// again does nothing.
func (s *Stream) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.goodbye()
	s.closed = true
	s.out.clear(ErrClosed)
	s.media.close()
	s.control.close()
	s.mu.Unlock()
	s.clock.remove(s)
	s.ticking.Lock() // the tick that may be telling keys
	defer s.ticking.Unlock()
	s.engine.release(s)
}
