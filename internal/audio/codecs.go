package audio

import "strings"

// Codecs are the codecs there are, the most widely understood first.
var Codecs = []*Codec{PCMU, PCMA, G722}

// CodecByName is the codec of that name in SDP, in any case; nil if there is
// none.
func CodecByName(name string) *Codec {
	for _, c := range Codecs {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}
