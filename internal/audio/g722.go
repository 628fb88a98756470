package audio

import "github.com/gotranspile/g722"

// G722 is wideband sound at 64 kbit/s, ITU-T G.722 mode 1. Its RTP clock runs
// at 8000 Hz although it carries 16,000 samples a second (RFC 3551 section
// 4.5.2).
var G722 = &Codec{
	Name: "G722", ClockRate: 8000, SampleRate: 16000, PayloadType: 9, FrameBytes: 160,
	NewEncoder: func() Encoder { return g722Encoder{g722.NewEncoder(g722.Rate64000, 0)} },
	NewDecoder: func() Decoder { return g722Decoder{g722.NewDecoder(g722.Rate64000, 0)} },
}

// g722Encoder makes one byte of two samples.
type g722Encoder struct{ state *g722.Encoder }

// Encode implements Encoder. An odd last sample is taken twice.
func (e g722Encoder) Encode(dst []byte, pcm []int16) []byte {
	even := len(pcm) &^ 1
	at := len(dst)
	dst = append(dst, make([]byte, even/2)...)
	e.state.Encode(dst[at:], pcm[:even])
	if even < len(pcm) {
		var last [1]byte
		e.state.Encode(last[:], []int16{pcm[even], pcm[even]})
		dst = append(dst, last[0])
	}
	return dst
}

// g722Decoder makes two samples of one byte.
type g722Decoder struct{ state *g722.Decoder }

// Decode implements Decoder.
func (d g722Decoder) Decode(dst []int16, payload []byte) []int16 {
	at := len(dst)
	dst = append(dst, make([]int16, 2*len(payload))...)
	d.state.Decode(dst[at:], payload)
	return dst
}
