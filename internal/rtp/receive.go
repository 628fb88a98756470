package rtp

import (
	"net/netip"
	"time"

	pion "github.com/pion/rtp"
)

const (
	// comfortNoise is the payload type of RFC 3389; it may come unasked.
	comfortNoise = 13
	// deaf is how long the far end must be silent before another address may
	// take its place.
	deaf = 2 * time.Second
	// gulp is how many times batch datagrams a stream takes in one tick. What
	// a flood leaves behind waits in the kernel's queue, which is bounded.
	gulp = 8
)

// receiver is the state of the incoming side.
type receiver struct {
	latched netip.AddrPort // where packets come from
	open    bool           // another address may take its place at once
	strange suspects
	heard   time.Time
	track   track
	events  eventReader
	packet  pion.Packet // parsed into, again and again

	relatched int
	dropped   uint64
}

// drain takes what has come for the stream.
func (s *Stream) drain(in *inbox, now time.Time) {
	for range gulp {
		n := in.receive(s.media)
		for i := range n {
			if p, from, at, ok := in.datagram(i); ok {
				s.datagram(p, from, at, now)
			} else {
				s.in.dropped++
			}
		}
		if n < batch {
			return
		}
	}
}

// datagram takes in one datagram: where it came from, when the kernel got it,
// and the tick's time.
func (s *Stream) datagram(data []byte, from netip.AddrPort, at, now time.Time) {
	if len(data) > 1 && data[1] >= 192 && data[1] <= 223 { // RFC 5761 section 4
		s.hearReport(data, from, at)
		return
	}
	p := &s.in.packet
	if p.Unmarshal(data) != nil || p.Version != 2 || !s.known(p.PayloadType) || !s.from(from, p, now) {
		s.in.dropped++
		return
	}
	s.in.heard = now
	if !s.params.Receive {
		return
	}
	v := s.in.track.packet(p.SSRC, p.SequenceNumber)
	if v == wild || v == repeated {
		return
	}
	switch p.PayloadType {
	case s.params.PayloadType:
		s.in.track.arrive(at, p.Timestamp)
		s.taps.packet(p, v == restart)
		if len(s.out.turns) > 0 {
			if e, ok := s.out.turns[0].source.(*echoing); ok {
				e.forward(s, p)
			}
		}
	case comfortNoise:
	default:
		s.in.events.clock = s.params.Codec.ClockRate
		s.in.events.packet(p.SequenceNumber, p.Timestamp, p.Payload, now, s.key)
	}
}

func (s *Stream) known(pt uint8) bool {
	return pt == s.params.PayloadType || int(pt) == s.params.EventPT || pt == comfortNoise
}

// from says whether a valid packet's sender is the far end. The address that
// was signalled is, whatever straggler or stranger was quicker. Another one,
// as behind a NAT, has to show that it sends a stream and not just packets,
// and may do so at first, after a silence or after a new agreement. So nobody
// gets a call's sound by guessing its port.
func (s *Stream) from(sender netip.AddrPort, p *pion.Packet, now time.Time) bool {
	in := &s.in
	switch {
	case sender == in.latched && !in.open:
		return true
	case sender == in.latched || sender == s.params.Remote:
	case !in.open && now.Sub(in.heard) < deaf:
		return false
	case !in.strange.proven(sender, p, now):
		return false
	}
	if sender != s.out.to.AddrPort {
		to, err := newAddress(sender)
		if err != nil {
			return false
		}
		s.out.to = to
		in.relatched++
		if s.params.Mux {
			s.reports.to = to
		}
	}
	in.latched, in.open = sender, false
	return true
}
