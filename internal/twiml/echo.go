package twiml

func echo() *word { return &word{name: "Echo", compile: compileEcho} }

// compileEcho goes on until the call is over.
func compileEcho(c *compiler, e *element) part { return end(c.node(e, "echo", nil)) }
