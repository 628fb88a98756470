package twiml

func leave() *word { return &word{name: "Leave", compile: compileLeave} }

// compileLeave ends the document: outside of a queue there is nothing to
// leave.
func compileLeave(c *compiler, e *element) part { return end(c.node(e, "leave", nil)) }
