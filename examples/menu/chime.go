package menu

import (
	"encoding/binary"
	"math"
)

// ChimeHeard is what someone who listens for ChimeTones hears when the chime
// is played: the names of its tones, in their order.
const ChimeHeard = "ding, dong"

// ChimeTones are the two tones of the chime, in Hz, by name.
func ChimeTones() map[string]float64 { return map[string]float64{"ding": 1046.5, "dong": 880} }

// rate is how many samples of the chime there are in a second.
const rate = 16000

// chime is a WAV file of 16 bits, mono: ding, dong.
func chime() []byte {
	tones := ChimeTones()
	samples := append(bell(tones["ding"], 0.5), bell(tones["dong"], 0.8)...)
	size := 2 * len(samples)

	// A WAV file is a RIFF file with two chunks: how the sound is written
	// down, and the sound.
	w := []byte("RIFF")
	w = binary.LittleEndian.AppendUint32(w, uint32(36+size))
	w = append(w, "WAVEfmt "...)
	w = binary.LittleEndian.AppendUint32(w, 16)     // the length of this chunk
	w = binary.LittleEndian.AppendUint16(w, 1)      // PCM
	w = binary.LittleEndian.AppendUint16(w, 1)      // channels
	w = binary.LittleEndian.AppendUint32(w, rate)   // samples a second
	w = binary.LittleEndian.AppendUint32(w, 2*rate) // bytes a second
	w = binary.LittleEndian.AppendUint16(w, 2)      // bytes a sample
	w = binary.LittleEndian.AppendUint16(w, 16)     // bits a sample
	w = append(w, "data"...)
	w = binary.LittleEndian.AppendUint32(w, uint32(size))
	for _, s := range samples {
		w = binary.LittleEndian.AppendUint16(w, uint16(s))
	}
	return w
}

// bell is a tone that dies away.
func bell(hz, seconds float64) []int16 {
	out := make([]int16, int(seconds*rate))
	for i := range out {
		t := float64(i) / rate
		loud := 12000 * math.Min(1, t/0.005) * math.Exp(-3*t) // softly on, slowly off
		loud *= math.Min(1, (seconds-t)/0.02)                 // and silent at the end
		out[i] = int16(loud * math.Sin(2*math.Pi*hz*t))
	}
	return out
}
