package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/examples/menu"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
)

// hearing is the caller's ear: it keeps what it hears, knows the tones of the
// application's chime and measures everything else.
type hearing struct {
	tape   *phone.Tape
	ear    *audio.Ear
	length time.Duration
	voiced int // frames that were not silence
}

func newHearing(tape *phone.Tape) *hearing {
	return &hearing{tape: tape, ear: audio.NewEar(tape.Rate(), menu.ChimeTones())}
}

// Rate implements audio.Sink.
func (h *hearing) Rate() int { return h.tape.Rate() }

// WriteFrame implements audio.Sink.
func (h *hearing) WriteFrame(frame []int16) error {
	sum := 0
	for _, s := range frame {
		sum += max(int(s), -int(s))
	}
	if len(frame) > 0 && sum/len(frame) > 100 {
		h.voiced++
	}
	if err := h.ear.WriteFrame(frame); err != nil {
		return err
	}
	return h.tape.WriteFrame(frame)
}

// tones are the names of the tones that were heard.
func (h *hearing) tones() string {
	var names []string
	for _, t := range h.ear.Heard() {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// fact is one thing that must have happened.
type fact struct {
	says string
	true bool
}

// check says what happened, point by point; one that did not is an error.
func (s *show) check(all []fact) error {
	s.say("")
	missing := 0
	for _, f := range all {
		mark := "✓"
		if !f.true {
			mark, missing = "✗", missing+1
		}
		s.say("%s %s", mark, f.says)
	}
	if missing > 0 {
		return fmt.Errorf("%d of these did not happen", missing)
	}
	return nil
}

// facts are what must be so on the wire and in the caller's ear.
func facts(c placed) []fact {
	h, r := c.heard, c.result
	var asked []event.Fetched
	spoken, pressed := 0, ""
	for _, e := range c.events {
		switch w := e.What.(type) {
		case event.Fetched:
			asked = append(asked, w)
		case event.Spoken:
			spoken++
		case event.Pressed:
			pressed += w.Key
		}
	}
	ok := len(asked) >= 2 && asked[0].Failure == "" && asked[1].Failure == ""
	return []fact{
		{fmt.Sprintf("the call was answered %d ms after it was dialled", r.Answered.Milliseconds()), r.Answered > 0},
		{fmt.Sprintf("the web application was asked %d times and answered with callflows", len(asked)), ok},
		{
			fmt.Sprintf("%d texts were spoken; the caller heard sound for %.1f s", spoken, float64(h.voiced)/50),
			spoken >= 2 && h.voiced > 50,
		},
		{"the caller heard the application's sound file: " + h.tones(), strings.Contains(h.tones(), menu.ChimeHeard)},
		{"the server heard the keys " + pressed, pressed == digits},
		{
			"the second request carried Digits=" + digits,
			ok && strings.Contains(asked[1].URL+asked[1].SentBody, "Digits="+digits),
		},
		{fmt.Sprintf("the callflow hung up (%s by the %s)", r.Cause.Name, r.Cause.By), r.Cause.By == "callee" && r.Done},
	}
}
