package twiml

import (
	"fmt"
	"strings"
)

// fault is something that refuses the document.
func (c *compiler) fault(e *element, r remark) { c.faults.add(r.on(e)) }

// warn is something odd that does not stop the call.
func (c *compiler) warn(e *element, r remark) { c.warnings.add(r.on(e)) }

// vet finds out what the elements in e are, of those that may stand there,
// and what is wrong with them, all the way down.
func (c *compiler) vet(e *element, may []*word) {
	for _, in := range e.inside {
		if in.element == nil {
			c.vetText(e, in)
			continue
		}
		kid := in.element
		kid.word = find(may, kid.name)
		if kid.word != nil && kid.word.only != "" && kid.word.only != c.profile {
			c.fault(kid, remark{rule: "profile", message: fmt.Sprintf(
				"<%s> belongs to the profile %s, and this document is of the profile %s", kid.name, kid.word.only, c.profile)})
			kid.word = nil
			continue
		}
		if kid.word == nil {
			c.unknown(kid, may)
			continue
		}
		c.vetWord(kid)
	}
}

// vetWord looks at an element that is known.
func (c *compiler) vetWord(e *element) {
	if e.word.later && !e.parent.refused() {
		name := "<" + e.name + ">"
		if e.parent.parent != nil {
			name = "<" + e.parent.name + ">" + name
		}
		c.fault(e, remark{rule: "unsupported", message: name + " is not supported yet"})
	}
	c.vetAttrs(e)
	c.vet(e, e.word.inside)
}

// refused says of an element that it, or what it stands in, is not built yet:
// what is inside needs no second fault.
func (e *element) refused() bool {
	return e != nil && (e.word != nil && e.word.later || e.parent.refused())
}

func (c *compiler) vetText(e *element, in inner) {
	if strings.Trim(in.text, blanks) == "" || e.word.text {
		return
	}
	where := "<" + e.name + ">"
	if e.parent == nil {
		where = "<Response>, outside of any verb,"
	}
	c.warnings.add(remark{
		rule: "text", message: "text in " + where + " has no meaning and is left out",
	}.about(e.path(), in.at))
}

// unknown tells of an element that may not stand where it does: a fault, or
// where it is passed over a warning.
func (c *compiler) unknown(e *element, may []*word) {
	// Kazoo's Say reads past markup it does not know; its words stay.
	markup := e.parent.word.text && c.profile == Pivot
	to, over := &c.faults, ""
	if c.lenient || markup {
		to, over = &c.warnings, " (it is passed over)"
	}
	if to.full() {
		to.more++ // without a long search for what was meant
		return
	}
	r := c.stranger(e, may)
	r.message += over
	to.add(r.on(e))
}

// stranger is what to say of an element that is none of those that may stand
// where it does.
func (c *compiler) stranger(e *element, may []*word) remark {
	r := remark{rule: "unknown", value: e.name}
	verb := e.parent.parent == nil
	switch {
	case c.words.known[e.name] && verb:
		r.rule, r.message = "nesting", fmt.Sprintf("<%s> cannot stand directly in <Response>", e.name)
	case c.words.known[e.name]:
		r.rule, r.message = "nesting", fmt.Sprintf("<%s> cannot stand inside <%s>", e.name, e.parent.name)
		if len(may) > 0 {
			r.message += ", where there may be <" + strings.Join(names(may), ">, <") + ">"
		}
	case verb:
		r.message = fmt.Sprintf("there is no verb <%s>", e.name)
	default:
		r.message = fmt.Sprintf("there is no <%s> inside <%s>", e.name, e.parent.name)
	}
	if near := nearest(e.name, names(may)); near != "" {
		r.suggestion = near
		r.message += "; did you mean <" + near + ">?"
	}
	return r
}

// vetAttrs checks the attributes of e, and keeps the good values under their
// proper names.
func (c *compiler) vetAttrs(e *element) {
	e.values = make(map[string]string, len(e.attrs))
	for _, a := range e.attrs {
		if a.name == "xmlns" || strings.HasPrefix(a.name, "xmlns:") || strings.HasPrefix(a.name, "xsi:") {
			continue // about the XML itself
		}
		known := e.word.attr(a.name)
		if known == nil {
			c.unknownAttr(e, a)
			continue
		}
		c.vetValue(e, known, a)
	}
	c.vetUnused(e)
	for _, a := range e.word.attrs {
		if _, there := e.values[a.name]; a.must && !there && !e.has(&a) {
			c.fault(e, remark{rule: "required", message: fmt.Sprintf("<%s> needs the attribute %s", e.name, a.name)})
		}
	}
}

func (c *compiler) vetValue(e *element, known *attr, a attribute) {
	if _, twice := e.values[known.name]; twice {
		c.warnings.add(remark{
			rule: "twice", message: fmt.Sprintf("<%s> has %s in two spellings; the first is taken", e.name, known.name),
		}.onAttr(e, a.name))
		return
	}
	use, wrong := known.kind.clean(a.value)
	if wrong == "" {
		e.values[known.name] = use
		return
	}
	r := remark{rule: "value", message: fmt.Sprintf("%s=%q %s", a.name, cutRunes(a.value, 60), wrong), code: known.code}
	if known.code != 0 && c.profile == Twilio || known.must {
		c.faults.add(r.onAttr(e, a.name))
		return
	}
	switch {
	case use != "":
		e.values[known.name] = use
		r.message += fmt.Sprintf("; %s is taken", cutRunes(use, 60))
	case known.unset != "":
		r.message += "; " + known.unset + " is taken"
	default:
		r.message += "; it is left out"
	}
	c.warnings.add(r.onAttr(e, a.name))
}

// vetUnused warns of attributes of e that ask for something and have no effect.
func (c *compiler) vetUnused(e *element) {
	for _, a := range e.word.attrs {
		use := e.values[a.name]
		if use == "" || strings.EqualFold(use, a.unset) || e.refused() {
			continue
		}
		why := ""
		switch {
		case a.unused != "":
			why = ": " + a.unused
		case a.with != "" && !e.has(e.word.attr(a.with)):
			why = " without " + a.with
		default:
			continue
		}
		c.warnings.add(remark{rule: "unused", message: a.name + " has no effect" + why}.onAttr(e, a.name))
	}
}

func (c *compiler) unknownAttr(e *element, a attribute) {
	if c.warnings.full() {
		c.warnings.more++
		return
	}
	all := make([]string, len(e.word.attrs))
	for i := range e.word.attrs {
		all[i] = e.word.attrs[i].name
	}
	r := remark{rule: "unknown", message: fmt.Sprintf("<%s> has no attribute %s", e.name, a.name)}
	if near := nearest(a.name, all); near != "" {
		r.suggestion = near
		r.message += "; did you mean " + near + "?"
	}
	c.warnings.add(r.onAttr(e, a.name))
}

// has says whether e has attribute a, whatever its value.
func (e *element) has(a *attr) bool {
	for _, there := range e.attrs {
		if e.word.attr(there.name) == nil {
			continue
		}
		if e.word.attr(there.name).name == a.name {
			return true
		}
	}
	return false
}
