package twiml

import (
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/flow"
)

// The bounds of what is said, in characters. Kazoo cuts at 4,000 bytes.
const (
	maxText   = 4096
	pivotText = 4000
)

// maxLoop is how often something is said or played at most (section 2.2).
const maxLoop = 1000

// anyKey is every key there is.
const anyKey = "1234567890*#"

func say(Profile) *word {
	return &word{
		name: "Say", text: true, inside: ssml(), compile: compileSay,
		attrs: []attr{
			{name: "voice", kind: longText(), unset: "the configured voice"},
			{name: "language", kind: tongue(), unset: "the voice's or the call's language"},
			{name: "loop", kind: whole(0, maxLoop), unset: "1"},
			{name: "engine", kind: longText(), unset: "the configured engine", own: true},
			{name: "terminators", kind: keys(anyKey+"ABCD", false), unset: "the profile's keys", own: true},
		},
	}
}

func compileSay(c *compiler, e *element) part {
	n := c.say(e, c.terminators(e))
	if n == nil {
		c.warn(e, remark{rule: "empty", message: "<Say> has nothing to say"})
		return c.taking(e, part{})
	}
	c.answered = true // as say does
	return step(n)
}

// say is the node that says what e holds, nil if that is nothing.
func (c *compiler) say(e *element, terminators []string) *flow.Node {
	limit := maxText
	if c.profile == Pivot {
		limit = pivotText
	}
	text, marked, cut := speech(e, limit)
	if text == "" {
		return nil
	}
	if cut {
		c.warn(e, remark{rule: "too_long", message: "<Say> has more text than can be said at once; the end of it is cut off"})
	}
	fields := map[string]any{
		"text": text, "ssml": marked, "loop": e.number("loop", 1), "terminators": terminators,
	}
	e.copyTo(fields, "language", "language", "engine", "engine")
	c.voice(e, fields)
	return c.node(e, "say", fields)
}

// terminators are the keys that cut a Say or Play of its own short: none for
// Twilio, any for Kazoo.
func (c *compiler) terminators(e *element) []string {
	set, given := e.values["terminators"]
	if !given && c.profile == Pivot {
		set = anyKey
	}
	return strings.Split(set, "")
}

// voice puts e's voice into fields, as one that every engine has, beside the
// name it was given, and the language that the voice has of its own.
func (c *compiler) voice(e *element, fields map[string]any) {
	name := e.values["voice"]
	switch strings.ToLower(name) {
	case "":
		return
	case "man", "male":
		fields["voice"] = "male"
		return
	case "woman", "female", "alice":
		fields["voice"] = "female"
		return
	}
	family, rest, _ := strings.Cut(name, ".")
	if (family != "Polly" && family != "Google") || rest == "" {
		fields["voice"] = name // the name of a voice that the configured engine may have
		if near := nearest(family, []string{"Polly", "Google"}); rest != "" && near != "" {
			c.warnings.add(remark{
				rule: "voice", suggestion: near + "." + rest,
				message: fmt.Sprintf("there are no voices %s.…; did you mean %s.%s?", family, near, rest),
			}.onAttr(e, "voice"))
		}
		return
	}
	gender, language := soundsLike(family, rest)
	fields["voice"], fields["voice_name"] = gender, name
	if fields["language"] == nil && language != "" {
		fields["language"] = language
	}
}
