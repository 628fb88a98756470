package formant

// Voice is who speaks.
type Voice struct {
	Pitch  float64 // Hz, the base of the melody
	Range  float64 // how lively the melody is, 1 is a newsreader
	Mouth  float64 // formants against a man's: a shorter throat has higher ones
	Open   float64 // share of a period in which the vocal cords are open
	Tilt   float64 // Hz above which the voice is dull
	Breath float64 // breath in the voice, against the voice
	Pace   float64 // above 1 is slower
}

// Male and Female are the two voices.
func Male() Voice {
	return Voice{Pitch: 104, Range: 1, Mouth: 1, Open: 0.55, Tilt: 5000, Breath: 0.006, Pace: 0.94}
}

// Female is the default voice of the server.
func Female() Voice {
	return Voice{Pitch: 168, Range: 1, Mouth: 1.1, Open: 0.62, Tilt: 5000, Breath: 0.012, Pace: 0.94}
}

// scale fits a man's setting to the voice.
func (v Voice) scale(st *setting) {
	for n := range st.formant {
		st.formant[n] *= v.Mouth
		st.width[n] *= 0.5 + 0.5*v.Mouth
	}
	// The first formant of high voices lies above the pitch.
	st.formant[0] = max(st.formant[0], 0.95*st.pitch)
}
