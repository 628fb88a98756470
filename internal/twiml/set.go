package twiml

import "github.com/pivotvoice/pivot/internal/flow"

// set is Kazoo's, with any number of variables (section 1.6).
func set() *word {
	return &word{name: "Set", inside: []*word{variable()}, only: Pivot, compile: compileSet}
}

func variable() *word {
	return &word{name: "Variable", only: Pivot, attrs: []attr{
		{name: "key", kind: anyText(256), must: true, own: true},
		{name: "value", kind: longText(), own: true},
	}}
}

func compileSet(c *compiler, e *element) part {
	n := c.variables(e)
	if n == nil {
		c.warn(e, remark{rule: "empty", message: "<Set> has no <Variable>, so it sets nothing"})
		return part{}
	}
	return step(n)
}

// variables is the node that sets the variables in e, nil if there are none.
func (c *compiler) variables(e *element) *flow.Node {
	vars := map[string]string{}
	for _, kid := range e.children() {
		if kid.word == nil {
			continue
		}
		key := kid.values["key"]
		if key == "" {
			if !kid.has(kid.word.attr("key")) {
				continue // told already
			}
			c.fault(kid, remark{rule: "required", message: "<Variable> needs a key that is not empty"})
			continue
		}
		vars[key] = kid.values["value"]
	}
	if len(vars) == 0 {
		return nil
	}
	return c.node(e, "set_variables", map[string]any{"custom_application_vars": vars})
}
