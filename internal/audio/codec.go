package audio

// Codec is a way to carry sound in RTP. The fields never change.
type Codec struct {
	// Name is the encoding name of SDP's rtpmap, as in RFC 3551: "PCMU".
	Name string
	// ClockRate is the RTP clock in Hz; G.722's is 8000 by the historical
	// error kept in RFC 3551 section 4.5.2.
	ClockRate int
	// SampleRate is the rate of the linear sound in Hz.
	SampleRate int
	// PayloadType is the static payload type of RFC 3551, or -1.
	PayloadType int
	// FrameBytes is the payload of 20 ms.
	FrameBytes int

	// NewEncoder and NewDecoder return fresh state for one stream.
	NewEncoder func() Encoder
	NewDecoder func() Decoder
}

// FrameSamples is the linear samples in 20 ms.
func (c *Codec) FrameSamples() int { return c.SampleRate / FramesPerSecond }

// FrameTicks is the RTP timestamp units in 20 ms.
func (c *Codec) FrameTicks() uint32 { return uint32(c.ClockRate / FramesPerSecond) }

// Encoder turns linear sound at the codec's SampleRate into payload bytes.
type Encoder interface {
	// Encode appends the payload of pcm to dst and returns it.
	Encode(dst []byte, pcm []int16) []byte
}

// Decoder turns payload bytes into linear sound at the codec's SampleRate.
type Decoder interface {
	// Decode appends the samples of payload to dst and returns it.
	Decode(dst []int16, payload []byte) []int16
}
