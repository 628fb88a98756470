package twiml

func stop() *word {
	return &word{name: "Stop", compile: compileStop, inside: []*word{
		{name: "Recording", attrs: []attr{{name: "name", kind: anyText(maxName)}}}, stream(), siprec(), transcription(),
	}}
}

func compileStop(c *compiler, e *element) part {
	var p part
	for _, kid := range e.children() {
		if kid.word == nil || kid.word.later {
			continue
		}
		fields := map[string]any{"action": "stop"}
		kid.copyTo(fields, "name", "name")
		p = p.then(c.node(kid, "record_call", fields))
	}
	if len(e.children()) == 0 {
		c.warn(e, remark{rule: "empty", message: "<Stop> names nothing to stop"})
	}
	return p
}
