package twiml

func redirect() *word {
	return &word{
		name: "Redirect", text: true, inside: []*word{variable()}, compile: compileRedirect,
		attrs: []attr{{name: "method", kind: method(), unset: "POST"}},
	}
}

// compileRedirect asks for the next document, and does not answer the call.
func compileRedirect(c *compiler, e *element) part {
	to := e.text()
	if wrong := badURL(to); wrong != "" {
		c.fault(e, remark{rule: "url", code: CodeURL, value: to, message: "where <Redirect> leads " + wrong})
		return part{}
	}
	if to == "" {
		c.warn(e, remark{rule: "empty", message: "<Redirect> names no URL, so this document is asked for again"})
	}
	ask := c.pivot(e, to, e.or("method", "post"))
	vars := c.variables(e)
	if vars == nil {
		return end(ask)
	}
	goOn(vars, ask)
	return part{first: vars}
}
