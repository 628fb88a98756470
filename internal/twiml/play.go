package twiml

import (
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/flow"
)

func play(Profile) *word {
	return &word{
		name: "Play", text: true, compile: compilePlay,
		attrs: []attr{
			{name: "loop", kind: whole(0, maxLoop), unset: "1"},
			{name: "digits", kind: tones()},
			{name: "terminators", kind: keys(anyKey+"ABCD", false), unset: "the profile's keys", own: true},
		},
	}
}

// toneLength is how long each key of <Play digits> is pressed, in
// milliseconds.
const toneLength = 200

func compilePlay(c *compiler, e *element) part {
	if digits := e.values["digits"]; digits != "" {
		return c.playDigits(e, digits)
	}
	n := c.play(e, c.terminators(e))
	if n == nil {
		return part{}
	}
	c.answered = true // as play does
	return step(n)
}

// play is the node that plays the URL in e, nil if there is none.
func (c *compiler) play(e *element, terminators []string) *flow.Node {
	ref := e.text()
	if ref == "" {
		c.fault(e, remark{rule: "empty", message: "<Play> has nothing to play: a URL must stand in it"})
		return nil
	}
	if wrong := c.badSound(ref); wrong != "" {
		c.fault(e, remark{rule: "url", code: CodeURL, value: ref, message: "what <Play> is to play " + wrong})
		return nil
	}
	fields := map[string]any{"id": c.sound(ref), "terminators": terminators}
	switch loop := e.number("loop", 1); {
	case loop == 0: // for ever, which is not without an end (section 2.2)
		fields["loop_count"] = maxLoop
	case loop > 1:
		fields["loop_count"] = loop
	}
	return c.node(e, "play", fields)
}

// badSound is what keeps ref from being played. In the profile Pivot it may be
// a media id or a prompt too (section 1.6).
func (c *compiler) badSound(ref string) string {
	if c.profile == Pivot && !strings.HasPrefix(strings.ToLower(ref), "http") {
		return ""
	}
	return badURL(ref)
}

// playDigits sends keys, as often as it is told to.
func (c *compiler) playDigits(e *element, digits string) part {
	if e.text() != "" {
		c.warn(e, remark{rule: "text", message: "<Play> has digits, so the URL in it is not played"})
	}
	times := e.number("loop", 1)
	if most := max(1, maxTones/len(digits)); times == 0 || times > most {
		times = most
		c.warnings.add(remark{
			rule: "value", message: fmt.Sprintf("at most %d keys are sent at once; they are sent %d times", maxTones, times),
		}.onAttr(e, "loop"))
	}
	n := c.node(e, "send_dtmf", map[string]any{"digits": strings.Repeat(digits, times), "duration_ms": toneLength})
	return c.taking(e, step(n))
}
