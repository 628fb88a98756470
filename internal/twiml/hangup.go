package twiml

func hangup() *word {
	return &word{name: "Hangup", inside: []*word{parameter()}, compile: compileHangup}
}

// compileHangup answers first (section 2.4), so that the caller is not told
// that the call was refused.
func compileHangup(c *compiler, e *element) part { return c.taking(e, end(c.node(e, "hangup", nil))) }

// parameter is what SDKs may put into Hangup and Reject, where no page says
// that it means anything.
func parameter() *word {
	const unused = "no page says what it does"
	return &word{name: "Parameter", attrs: []attr{
		{name: "name", kind: longText(), unused: unused}, {name: "value", kind: longText(), unused: unused},
	}}
}
