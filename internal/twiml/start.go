package twiml

import "github.com/pivotvoice/pivot/internal/flow"

func start() *word {
	return &word{
		name: "Start", compile: compileStart,
		inside: []*word{recording(), stream(), siprec(), transcription()},
		attrs: []attr{
			{name: "action", kind: link(), unused: "a recording is told of by its recordingStatusCallback"},
			{name: "method", kind: method(), unset: "POST", unused: "there is no action to ask by it"},
		},
	}
}

// maxBeside is how long such a recording may be, in seconds: Kazoo's longest.
const maxBeside = 10800

// maxName is how long the name of a recording may be, in characters.
const maxName = 128

// recording is the noun in Start.
func recording() *word {
	return &word{name: "Recording", attrs: append([]attr{
		{name: "name", kind: anyText(maxName)},
		{name: "trim", kind: oneOf(trimmed, "do-not-trim"), unset: trimmed},
		{name: "track", kind: oneOf("inbound", "outbound", "both"), unset: "both"},
		{name: "channels", kind: oneOf("mono", "dual"), unset: "dual"},
	}, recordingAttrs()...)}
}

func compileStart(c *compiler, e *element) part {
	var p part
	for _, kid := range e.children() {
		if kid.word == nil || kid.word.later {
			continue
		}
		fields := map[string]any{
			"action": "start", "channels": kid.or("channels", "dual"), "track": kid.or("track", "both"),
			"trim": kid.or("trim", trimmed) == trimmed, "time_limit": maxBeside,
		}
		kid.copyTo(fields, "name", "name")
		recordingCallback(kid, fields)
		p = p.then(c.node(kid, "record_call", fields))
	}
	if len(e.children()) == 0 {
		c.warn(e, remark{rule: "empty", message: "<Start> names nothing to start"})
	}
	return c.taking(e, p)
}

// then is p with n behind it.
func (p part) then(n *flow.Node) part {
	if p.first == nil {
		return step(n)
	}
	goOn(p.last, n)
	return part{p.first, n}
}
