package audio

import "time"

// Utterance is speech to be turned into text.
type Utterance struct {
	PCM      []int16 // mono
	Rate     int     // Hz
	Language string  // "en-us"; "" lets the recogniser find out
	Hints    []string
	Model    string // of the recogniser, or a name that TwiML knows; "" is the configured one
}

// Length is how long it is.
func (u Utterance) Length() time.Duration {
	if u.Rate <= 0 {
		return 0
	}
	return time.Duration(len(u.PCM)) * time.Second / time.Duration(u.Rate)
}

// Transcript is what was understood.
type Transcript struct {
	Text string // "" if there were no words
	// Confidence is how sure the recogniser is, up to 1; 0 if it does not say.
	Confidence float64
}
