package audio

// The format tags of WAV files.
const (
	wavPCM        = 1
	wavFloat      = 3
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE
)

// maxChannels is the most channels that are mixed down.
const maxChannels = 32
