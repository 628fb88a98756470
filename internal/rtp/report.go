package rtp

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/rtcp"

	"github.com/pivotvoice/pivot/internal/audio"
)

const (
	// reportTime is the least mean time between reports, RFC 3550 section 6.2;
	// each time is made random, so that calls do not report in step.
	reportTime = 5 * time.Second
	// reportLook is how often the RTCP port is looked at, in ticks. Times are
	// the kernel's, so a late look does no harm.
	reportLook = audio.FramesPerSecond
	// ntpEpoch is 1970 in NTP's seconds.
	ntpEpoch = 2208988800
)

// reporter is the state of the RTCP side.
type reporter struct {
	to    address
	due   time.Time // of the next report of ours
	looks int

	senderReport uint32    // the middle of the far end's last NTP time
	senderAt     time.Time // when that report came

	lost      uint64
	jitter    time.Duration
	roundTrip time.Duration
	packets   uint64 // sent
}

// ntp is a time in NTP's 32.32 fixed point.
func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// middle is the 16.16 part of an NTP time that reports refer to.
func middle(t uint64) uint32 { return uint32(t >> 16) }

// report sends a report when it is time, and hears those of the far end.
func (s *Stream) report(in *inbox, now time.Time) {
	r := &s.reports
	if r.looks++; r.looks%reportLook == 0 && !s.params.Mux {
		for i := range in.receive(s.control) {
			if p, from, at, ok := in.datagram(i); ok {
				s.hearReport(p, from, at)
			}
		}
	}
	switch {
	case s.out.sent == 0 && !s.in.track.began:
		return
	case r.due.IsZero(): // the first comes after half the time
		r.due = now.Add(spread(reportTime / 2))
	case !now.Before(r.due):
		r.due = now.Add(spread(reportTime))
		s.sendReport(s.describe(time.Now()))
	}
}

// spread is a random time from a half to one and a half of d.
func spread(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// describe is our report: what was sent, what was heard, and who we are.
func (s *Stream) describe(now time.Time) []rtcp.Packet {
	var heard []rtcp.ReceptionReport
	if t := &s.in.track; t.began {
		h := rtcp.ReceptionReport{
			SSRC: t.ssrc, FractionLost: t.fraction(), TotalLost: uint32(min(t.missing(), 1<<23-1)),
			LastSequenceNumber: t.highest - 1<<16, Jitter: uint32(t.jitter),
		}
		if !s.reports.senderAt.IsZero() {
			h.LastSenderReport = s.reports.senderReport
			h.Delay = uint32(max(0, now.Sub(s.reports.senderAt)) * 65536 / time.Second)
		}
		heard = append(heard, h)
	}
	who := rtcp.NewCNAMESourceDescription(s.ssrc, s.cname)
	if s.out.sent == 0 {
		return []rtcp.Packet{&rtcp.ReceiverReport{SSRC: s.ssrc, Reports: heard}, who}
	}
	return []rtcp.Packet{&rtcp.SenderReport{
		SSRC: s.ssrc, NTPTime: ntp(now), RTPTime: s.out.ts,
		PacketCount: uint32(s.out.sent), OctetCount: uint32(s.out.octets), Reports: heard,
	}, who}
}

func (s *Stream) sendReport(packets []rtcp.Packet) {
	if s.reports.to.Addr().IsUnspecified() {
		return
	}
	data, err := rtcp.Marshal(packets)
	if err != nil {
		return
	}
	from := s.control
	if s.params.Mux {
		from = s.media
	}
	if from.send(data, s.reports.to) == nil {
		s.reports.packets++
	}
}

// goodbye tells the far end that nothing more will come (RFC 3550 section
// 6.3.7), if it has heard anything at all.
func (s *Stream) goodbye() {
	if s.ready && (s.out.sent > 0 || s.reports.packets > 0) {
		s.sendReport(append(s.describe(time.Now()), &rtcp.Goodbye{Sources: []uint32{s.ssrc}}))
	}
}

// hearReport takes in RTCP of the far end: what it says of our packets, and
// when it said so.
func (s *Stream) hearReport(data []byte, from netip.AddrPort, at time.Time) {
	if from.Addr() != s.out.to.Addr() && from.Addr() != s.reports.to.Addr() {
		s.in.dropped++
		return
	}
	packets, err := rtcp.Unmarshal(data)
	if err != nil {
		s.in.dropped++
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if s.in.track.began && p.SSRC == s.in.track.ssrc {
				s.reports.senderReport, s.reports.senderAt = middle(p.NTPTime), at
			}
			s.reports.learn(s, p.Reports, at)
		case *rtcp.ReceiverReport:
			s.reports.learn(s, p.Reports, at)
		}
	}
	if !s.params.Mux && from != s.reports.to.AddrPort && from.Addr() == s.in.latched.Addr() {
		if to, err := newAddress(from); err == nil { // behind a NAT, like RTP
			s.reports.to = to
		}
	}
}

// learn takes in what the far end says of our packets.
func (r *reporter) learn(s *Stream, reports []rtcp.ReceptionReport, at time.Time) {
	for _, h := range reports {
		if h.SSRC != s.ssrc {
			continue
		}
		if h.TotalLost < 1<<23 { // it is signed; doubles can make it negative
			r.lost = uint64(h.TotalLost)
		}
		r.jitter = time.Duration(h.Jitter) * time.Second / time.Duration(s.params.Codec.ClockRate)
		if h.LastSenderReport == 0 {
			continue
		}
		trip := int32(middle(ntp(at)) - h.LastSenderReport - h.Delay)
		if trip >= 0 {
			r.roundTrip = time.Duration(trip) * time.Second / 65536
		}
	}
}
