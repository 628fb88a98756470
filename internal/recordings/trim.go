package recordings

import (
	"github.com/pivotvoice/pivot/internal/audio"
)

// How sound is trimmed, in samples of a channel: it is looked at in pieces of
// 20 ms; a fifth of a second of silence stays at both ends; pauses of up to 10
// seconds are kept as they are, and what is longer becomes perfect silence.
const (
	piece = rate / 50
	edge  = rate / 5
	pause = 10 * rate
)

// trimmer passes sound on without the silence at both ends.
type trimmer struct {
	to       writer
	channels int

	rest  []int16 // no whole piece yet
	began bool
	held  []int16 // silence that may be the end, or the edge before the beginning
	more  int     // pieces of silence that came after held was full
}

// Write implements writer.
func (t *trimmer) Write(samples []int16) error {
	size := piece * t.channels
	t.rest = append(t.rest, samples...)
	at := 0
	for ; at+size <= len(t.rest); at += size {
		if err := t.piece(t.rest[at : at+size]); err != nil {
			return err
		}
	}
	t.rest = append(t.rest[:0], t.rest[at:]...)
	return nil
}

func (t *trimmer) piece(p []int16) error {
	if t.loud(p) {
		return t.sound(p)
	}
	switch {
	case !t.began:
		t.held = append(t.held, p...)
		if over := len(t.held) - edge*t.channels; over > 0 {
			t.held = append(t.held[:0], t.held[over:]...)
		}
	case len(t.held) < pause*t.channels:
		t.held = append(t.held, p...)
	default:
		t.more++
	}
	return nil
}

// sound passes a loud piece on, after the silence that came before it.
func (t *trimmer) sound(p []int16) error {
	t.began = true
	if err := t.to.Write(t.held); err != nil {
		return err
	}
	t.held = t.held[:0]
	if t.more > 0 {
		nothing := make([]int16, len(p))
		for ; t.more > 0; t.more-- {
			if err := t.to.Write(nothing); err != nil {
				return err
			}
		}
	}
	return t.to.Write(p)
}

// loud says whether any channel of a piece is.
func (t *trimmer) loud(p []int16) bool {
	for c := range t.channels {
		sum := 0
		for i := c; i < len(p); i += t.channels {
			sum += max(int(p[i]), -int(p[i]))
		}
		if sum*t.channels/len(p) > audio.SilenceThreshold {
			return true
		}
	}
	return false
}

// end passes on the edge after the last sound.
func (t *trimmer) end() error {
	if !t.began {
		return nil
	}
	t.held = append(t.held, t.rest...)
	return t.to.Write(t.held[:min(len(t.held), edge*t.channels)])
}
