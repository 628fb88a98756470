package audio

import "math/bits"

// The G.711 tables: every 16-bit sample's code, and every code's sample. They
// are never written after they are made.
var (
	muLawCodes, muLawLevels = g711Tables(muLawCode, muLawLevel)
	aLawCodes, aLawLevels   = g711Tables(aLawCode, aLawLevel)
)

// PCMU is G.711 µ-law, RFC 3551 section 4.5.14.
var PCMU = &Codec{
	Name: "PCMU", ClockRate: 8000, SampleRate: 8000, PayloadType: 0, FrameBytes: 160,
	NewEncoder: func() Encoder { return g711Encoder{muLawCodes} },
	NewDecoder: func() Decoder { return g711Decoder{muLawLevels} },
}

// PCMA is G.711 A-law, RFC 3551 section 4.5.14.
var PCMA = &Codec{
	Name: "PCMA", ClockRate: 8000, SampleRate: 8000, PayloadType: 8, FrameBytes: 160,
	NewEncoder: func() Encoder { return g711Encoder{aLawCodes} },
	NewDecoder: func() Decoder { return g711Decoder{aLawLevels} },
}

// g711Encoder looks samples up by their 16 bits.
type g711Encoder struct{ codes *[1 << 16]byte }

// Encode implements Encoder.
func (e g711Encoder) Encode(dst []byte, pcm []int16) []byte {
	for _, s := range pcm {
		dst = append(dst, e.codes[uint16(s)])
	}
	return dst
}

// g711Decoder looks codes up.
type g711Decoder struct{ levels *[1 << 8]int16 }

// Decode implements Decoder.
func (d g711Decoder) Decode(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		dst = append(dst, d.levels[b])
	}
	return dst
}

// g711Tables tabulates a law.
func g711Tables(code func(int) byte, level func(byte) int16) (*[1 << 16]byte, *[1 << 8]int16) {
	codes, levels := new([1 << 16]byte), new([1 << 8]int16)
	for i := range codes {
		codes[i] = code(int(int16(i)))
	}
	for i := range levels {
		levels[i] = level(byte(i))
	}
	return codes, levels
}

// µ-law adds a bias that makes every segment begin at a power of two; what
// would then be more than 15 bits is clipped. ITU-T G.711 table 2.
const (
	muLawBias = 33 << 2
	muLawMax  = 1<<15 - 1 - muLawBias
)

// muLawCode is the µ-law code of a 16-bit sample.
func muLawCode(s int) byte {
	sign := 0
	if s < 0 {
		sign, s = 0x80, -s
	}
	s = min(s, muLawMax) + muLawBias
	segment := bits.Len(uint(s)) - 8
	return ^byte(sign | segment<<4 | s>>(segment+3)&0xF)
}

// muLawLevel is the sample that a µ-law code stands for.
func muLawLevel(c byte) int16 {
	c = ^c
	level := (int(c&0xF)<<3+muLawBias)<<(c>>4&7) - muLawBias
	if c&0x80 != 0 {
		level = -level
	}
	return int16(level)
}

// aLawMask flips every other bit, as ITU-T G.711 section 3.2 asks.
const aLawMask = 0x55

// aLawCode is the A-law code of a 16-bit sample.
func aLawCode(s int) byte {
	sign := 0x80
	if s < 0 {
		sign, s = 0, -s-1
	}
	s >>= 3
	if s < 32 {
		return byte(sign|s>>1) ^ aLawMask
	}
	segment := bits.Len(uint(s)) - 5
	return byte(sign|segment<<4|s>>segment&0xF) ^ aLawMask
}

// aLawLevel is the sample that an A-law code stands for.
func aLawLevel(c byte) int16 {
	c ^= aLawMask
	level, segment := int(c&0xF)<<4+8, c>>4&7
	if segment > 0 {
		level = (level + 0x100) << (segment - 1)
	}
	if c&0x80 == 0 {
		level = -level
	}
	return int16(level)
}
