package twiml

import "github.com/pivotvoice/pivot/internal/flow"

// maxPause is Kazoo's, in seconds.
const maxPause = 3600

func pause(Profile) *word {
	return &word{
		name: "Pause", compile: compilePause,
		attrs: []attr{{name: "length", kind: positive(maxPause), unset: "1"}},
	}
}

// compilePause waits and does not answer: a Pause before anything that
// answers is a delayed answer (section 2.4).
func compilePause(c *compiler, e *element) part { return step(c.pause(e)) }

func (c *compiler) pause(e *element) *flow.Node {
	return c.node(e, "sleep", map[string]any{"duration": e.number("length", 1), "unit": "s"})
}
