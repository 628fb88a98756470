package twiml

func reject(Profile) *word {
	return &word{
		name: "Reject", inside: []*word{parameter()}, compile: compileReject,
		attrs: []attr{
			{name: "reason", kind: oneOf("rejected", "busy"), unset: "rejected"},
			{name: "prompt", kind: longText(), own: true},
		},
	}
}

// compileReject refuses the call and never answers it; one that was answered
// is hung up, as the response action does.
func compileReject(c *compiler, e *element) part {
	reason := e.or("reason", "rejected")
	code := map[string]int{"rejected": 404, "busy": 486}[reason]
	if c.profile == Pivot && reason == "rejected" {
		code = 503
	}
	fields := map[string]any{"code": code}
	if c.profile == Pivot {
		fields["message"] = reason // Kazoo's reason phrase
	}
	if prompt := e.values["prompt"]; prompt != "" {
		fields["media"] = c.sound(prompt)
	}
	return end(c.node(e, "response", fields))
}
