package rtp

import "time"

// The bounds of RFC 3550 section A.1.
const (
	maxDropout  = 3000 // a jump of this many packets may be loss
	maxMisorder = 100  // a packet may be overtaken by this many
)

// track follows the packets of one source: what is lost, what comes twice and
// how unevenly they come (RFC 3550 sections A.1, A.3 and A.8).
type track struct {
	clock int // Hz
	ssrc  uint32
	began bool

	base    uint32 // first extended sequence number
	highest uint32 // highest one, wraps included
	bad     uint32 // where the packet after a great jump would be; 1<<16 is nowhere
	seen    uint64 // bit i: highest-i has come
	here    uint64 // packets of this run, without doubles

	transit int64 // arrival less timestamp of the packet before, in ticks
	timed   bool
	jitter  float64 // ticks

	total     uint64 // packets taken of all sources so far
	repeated  uint64
	lostSoFar int64 // of sources before this one

	priorExpected, priorHere uint64 // at the last report
}

const nowhere = 1 << 16

func (t *track) rate(clock int) {
	t.jitter *= float64(clock) / float64(max(t.clock, 1))
	t.clock, t.timed = clock, false
}

// verdict is what a packet is to those who want to hear it.
type verdict int

const (
	good     verdict = iota
	restart          // good, and the first of a new source or a new count
	repeated         // came before
	wild             // not to be believed before it is confirmed
)

// packet takes in one packet's numbers.
func (t *track) packet(ssrc uint32, seq uint16) verdict {
	if !t.began || ssrc != t.ssrc {
		t.start(ssrc, seq)
		return restart
	}
	d := seq - uint16(t.highest)
	switch {
	case d == 0:
		t.repeated++
		return repeated
	case d < maxDropout:
		t.highest += uint32(d)
		t.seen = t.seen<<d | 1
	case d <= 1<<16-1-maxMisorder:
		if uint32(seq) != t.bad {
			t.bad = uint32(seq + 1)
			return wild
		}
		t.start(ssrc, seq)
		return restart
	default:
		back := -d // how far it was overtaken
		if back < 64 && t.seen&(1<<back) != 0 {
			t.repeated++
			return repeated
		}
		if back < 64 {
			t.seen |= 1 << back
		}
		if uint32(back) > t.highest-t.base {
			t.base = t.highest - uint32(back) // even the first was overtaken
		}
	}
	t.bad = nowhere
	t.here++
	t.total++
	return good
}

// start begins counting anew.
func (t *track) start(ssrc uint32, seq uint16) {
	if t.began {
		t.lostSoFar += t.missing()
	}
	t.began, t.ssrc, t.bad = true, ssrc, nowhere
	// One turn of the counter ahead, so that an overtaken first packet has
	// room below.
	t.highest = 1<<16 | uint32(seq)
	t.base = t.highest
	t.seen, t.here = 1, 1
	t.total++
	t.timed = false
	t.priorExpected, t.priorHere = 0, 0
}

// arrive takes in when a packet came.
func (t *track) arrive(at time.Time, ts uint32) {
	ticks := at.Unix()*int64(t.clock) + int64(at.Nanosecond())*int64(t.clock)/int64(time.Second)
	transit := int64(uint32(ticks) - ts)
	d := int64(int32(transit - t.transit))
	t.transit = transit
	if !t.timed {
		t.timed = true
		return
	}
	if d < 0 {
		d = -d
	}
	if d > int64(t.clock)*5 {
		return // the source's clock was set anew
	}
	t.jitter += (float64(d) - t.jitter) / 16
}

func (t *track) expected() uint64 {
	if !t.began {
		return 0
	}
	return uint64(t.highest-t.base) + 1
}

// missing is what this source lost so far; doubles do not make up for it.
func (t *track) missing() int64 { return max(0, int64(t.expected())-int64(t.here)) }

func (t *track) lost() uint64 { return uint64(t.lostSoFar + t.missing()) }

func (t *track) deviation() time.Duration {
	return time.Duration(t.jitter / float64(max(t.clock, 1)) * float64(time.Second))
}

// fraction is the loss since the last report, in 256ths.
func (t *track) fraction() uint8 {
	expected, here := t.expected(), t.here
	e, h := int64(expected-t.priorExpected), int64(here-t.priorHere)
	t.priorExpected, t.priorHere = expected, here
	if e <= 0 || e <= h {
		return 0
	}
	return uint8(min(255, (e-h)*256/e))
}
