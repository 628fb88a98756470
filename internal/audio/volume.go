package audio

import "math"

// The levels that sound can be heard at: 0 is as it is, each step above it is
// 3 dB louder, each below it 6 dB softer, and the lowest is silence. The range
// is Kazoo's (callflow-modules.md section 8.3), the steps are ours.
const (
	LevelMax  = 4
	LevelMute = -4
)

// LevelDB is the change that a level makes, in dB; minus infinity is silence.
func LevelDB(level int) float64 {
	switch {
	case level <= LevelMute:
		return math.Inf(-1)
	case level < 0:
		return 6 * float64(level)
	}
	return 3 * float64(min(level, LevelMax))
}

// Volume makes a stream of payloads louder or softer. It is used by one
// goroutine at a time.
type Volume struct {
	gain float64
	dec  Decoder
	enc  Encoder
	pcm  []int16
	out  []byte
}

// NewVolume is for payloads of one codec; a level of 0 needs none.
func NewVolume(c *Codec, level int) *Volume {
	return &Volume{gain: math.Pow(10, LevelDB(level)/20), dec: c.NewDecoder(), enc: c.NewEncoder()}
}

// Payload is a payload at the new level. It is good until the next call.
func (v *Volume) Payload(p []byte) []byte {
	v.pcm = v.dec.Decode(v.pcm[:0], p)
	v.Samples(v.pcm)
	v.out = v.enc.Encode(v.out[:0], v.pcm)
	return v.out
}

// Samples changes linear sound in place; what gets too loud is clipped.
func (v *Volume) Samples(pcm []int16) {
	for i, s := range pcm {
		pcm[i] = clip16(float32(float64(s) * v.gain))
	}
}
