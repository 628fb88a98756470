package rtp

import (
	"slices"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

const (
	// ahead is how long packets wait for those they have overtaken.
	ahead       = 3 // frames
	aheadTime   = ahead * audio.FrameTime
	heldMost    = 32                     // packets waiting
	heldLongest = 400 * time.Millisecond // sound waiting
	resyncLeap  = 2 * time.Second        // a jump of time that is no gap
	resyncLate  = 4                      // packets late in a row
	fade        = 3                      // frames until a gap is silent
)

// reorder is the jitter buffer of those who listen: packets go in as they
// come, and sound comes out in real time, 20 ms each tick, whatever is missing.
// Gaps sound like what was before them, fading away.
type reorder struct {
	codec  *audio.Codec
	decode audio.Decoder
	held   []waiting // by sequence number
	spare  [][]byte  // buffers of packets that are done
	began  bool
	at     uint32  // timestamp of the next sample to come out
	pcm    []int16 // decoded, from at on
	before []int16 // the 20 ms that came out last
	gap    int     // samples since then
	late   uint64
	behind int // late packets in a row
}

type waiting struct {
	seq     uint16
	ts      uint32
	payload []byte
}

func newReorder(c *audio.Codec) *reorder {
	return &reorder{codec: c, decode: c.NewDecoder()}
}

// ticks and samples turn RTP time into what the decoder yields and back.
func (r *reorder) ticks(d time.Duration) int32 {
	return int32(d * time.Duration(r.codec.ClockRate) / time.Second)
}

func (r *reorder) samples(ticks int32) int {
	return int(ticks) * r.codec.SampleRate / r.codec.ClockRate
}

// packet takes one in. fresh says that it belongs to a new source.
func (r *reorder) packet(p *pion.Packet, fresh bool) {
	if len(p.Payload) == 0 {
		return
	}
	d := int32(p.Timestamp - r.at)
	switch {
	case !r.began || fresh || d > r.ticks(resyncLeap) || d < -r.ticks(resyncLeap):
		r.resync(p.Timestamp)
	case d <= -int32(r.codec.FrameTicks()):
		r.late++
		if r.behind++; r.behind < resyncLate {
			return
		}
		r.resync(p.Timestamp)
	case d > r.ticks(heldLongest):
		r.resync(p.Timestamp)
	}
	r.behind = 0
	i, found := slices.BinarySearchFunc(r.held, p.SequenceNumber, func(w waiting, seq uint16) int {
		return int(int16(w.seq - seq))
	})
	if found {
		return
	}
	if len(r.held) == heldMost {
		r.pop()
		i = max(0, i-1)
	}
	w := waiting{seq: p.SequenceNumber, ts: p.Timestamp, payload: append(r.buffer(), p.Payload...)}
	r.held = slices.Insert(r.held, i, w)
}

// resync begins anew: the packet of that time will be heard after the usual
// wait, and what was waiting is not.
func (r *reorder) resync(ts uint32) {
	for len(r.held) > 0 {
		r.pop()
	}
	r.pcm = r.pcm[:0]
	r.began = true
	r.at = ts - uint32(r.ticks(aheadTime))
}

func (r *reorder) buffer() []byte {
	if n := len(r.spare); n > 0 {
		b := r.spare[n-1]
		r.spare = r.spare[:n-1]
		return b[:0]
	}
	return nil
}

func (r *reorder) pop() {
	r.spare = append(r.spare, r.held[0].payload)
	r.held = slices.Delete(r.held, 0, 1)
}

// frame appends the coming 20 ms to dst.
func (r *reorder) frame(dst []int16) []int16 {
	want := r.codec.FrameSamples()
	out := dst
	for missing := want; missing > 0; missing = want - (len(out) - len(dst)) {
		if n := min(missing, len(r.pcm)); n > 0 {
			out = append(out, r.pcm[:n]...)
			r.pcm = slices.Delete(r.pcm, 0, n)
			r.gap = 0
			continue
		}
		if len(r.held) == 0 {
			out = r.conceal(out, missing)
			break
		}
		due := int32(r.held[0].ts - r.at - r.given(out[len(dst):]))
		if due > 0 {
			out = r.conceal(out, min(missing, r.samples(due)))
			continue
		}
		r.pcm = r.decode.Decode(r.pcm[:0], r.held[0].payload)
		r.pop()
		r.pcm = slices.Delete(r.pcm, 0, min(len(r.pcm), r.samples(-due)))
	}
	r.at += r.codec.FrameTicks()
	if r.gap == 0 {
		r.before = append(r.before[:0], out[len(dst):]...)
	}
	return out
}

// given is the RTP time of samples that have come out in this frame already.
func (r *reorder) given(pcm []int16) uint32 {
	return uint32(len(pcm) * r.codec.ClockRate / r.codec.SampleRate)
}

// conceal appends n samples in place of those missing.
func (r *reorder) conceal(dst []int16, n int) []int16 {
	span := fade * r.codec.FrameSamples()
	for range n {
		v := 0
		if r.gap < span && len(r.before) > 0 {
			v = int(r.before[r.gap%len(r.before)]) * (span - r.gap) / span
		}
		dst = append(dst, int16(v))
		r.gap++
	}
	return dst
}
