package rtp

import (
	"net/netip"
	"time"

	pion "github.com/pion/rtp"
)

// proof is how many packets in a row an address that was not signalled has to
// send before it is believed.
const proof = 4

// suspect is a sender that may be the far end behind a NAT, or somebody who
// wants to hear what is not for them.
type suspect struct {
	from netip.AddrPort
	ssrc uint32
	seq  uint16
	n    int // packets in a row
	last time.Time
}

// suspects are the latest few, so that one does not keep another from being
// believed.
type suspects [4]suspect

// proven says that with p the sender has sent enough packets of one source,
// each the next of the one before.
func (all *suspects) proven(sender netip.AddrPort, p *pion.Packet, now time.Time) bool {
	one := &all[0]
	for i := range all {
		if all[i].from == sender {
			one = &all[i]
			break
		}
		if all[i].last.Before(one.last) {
			one = &all[i]
		}
	}
	if one.from != sender || one.ssrc != p.SSRC || p.SequenceNumber != one.seq+1 || now.Sub(one.last) > deaf {
		*one = suspect{from: sender, ssrc: p.SSRC}
	}
	one.seq, one.last = p.SequenceNumber, now
	if one.n++; one.n < proof {
		return false
	}
	*one = suspect{}
	return true
}
