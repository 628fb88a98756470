package twiml

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// compiler makes a program of one document.
type compiler struct {
	profile          Profile
	words            *words
	lenient          bool
	base             string // the document's URL, "" if it is not known
	faults, warnings remarks

	// answered says that a verb before has taken the call.
	answered bool
	origin   map[*flow.Node]*element
}

func (d Dialect) compiler(base string) *compiler {
	return &compiler{
		profile: d.profile, words: d.words, lenient: d.Lenient, base: base, origin: map[*flow.Node]*element{},
	}
}

// part is what a verb becomes: its first node, and the one whose child "_" is
// the next verb. Without a last nothing comes after it; the zero part is
// nothing at all.
type part struct{ first, last *flow.Node }

// document reads a document into a program. charset is of its Content-Type,
// "" if it has none. The error is an *event.ParseError or schema.Faults.
func (c *compiler) document(body []byte, charset string) (*flow.Node, error) {
	if len(body) > maxBytes {
		return nil, stopped(body, maxBytes, fmt.Sprintf("the document is longer than %d bytes", maxBytes))
	}
	body, err := toUTF8(body, charset)
	if err != nil {
		return nil, err
	}
	p, err := parse(body)
	if err != nil {
		return nil, err
	}
	if p.root.name != "Response" {
		return nil, schema.Faults{wrongRoot(p.root)}
	}
	if p.dtd != nil {
		c.warnings.add(remark{
			rule: "doctype", message: "the document type declaration has no meaning and is left out",
		}.about([]string{"Response"}, *p.dtd))
	}
	c.root(p.root)
	program := c.verbs(p.root)
	return program, c.faults.list().Err()
}

// root looks at <Response> itself and at all that is in it.
func (c *compiler) root(e *element) {
	e.word = &word{name: "Response"}
	c.vetAttrs(e)
	c.vet(e, c.words.verbs)
}

// wrongRoot is what is wrong with a document that is no <Response>.
func wrongRoot(e *element) schema.Fault {
	r := remark{
		rule: "root", code: CodeParse,
		message: fmt.Sprintf("the root element is <%s>, it must be <Response>", e.name),
	}
	switch {
	case strings.EqualFold(e.name, "html"):
		r.message = "this is an HTML page, not TwiML: the root element must be <Response>"
	case nearest(e.name, []string{"Response"}) != "":
		r.suggestion = "Response"
		r.message += "; names are case-sensitive"
	}
	return r.on(e)
}

// verbs makes nodes of what stands in a <Response>, one after the other, and
// hangs up behind the last.
func (c *compiler) verbs(root *element) *flow.Node {
	var line chain
	for _, e := range root.children() {
		if e.word == nil || e.word.later {
			continue
		}
		if over := line.over; over != nil && !line.told {
			line.told = true
			c.warn(e, remark{rule: "unreachable", message: fmt.Sprintf(
				"<%s> is never reached: <%s> in line %d does not come back", e.name, over.name, over.at.line)})
		}
		line.add(e, e.word.compile(c, e))
		if line.steps >= flow.MaxDepth {
			c.fault(e, remark{rule: "too_long", message: fmt.Sprintf(
				"the document has more than %d steps in a row; go on in another document with <Redirect>", flow.MaxDepth-1)})
			break
		}
	}
	return line.close()
}

// chain is the nodes of verbs one after the other.
type chain struct {
	first, last *flow.Node
	steps       int
	over        *element // the verb behind which nothing is reached
	told        bool     // a verb behind it was complained of
}

// add puts p, which e became, at the end, if that is ever reached.
func (l *chain) add(e *element, p part) {
	if p.first == nil || l.over != nil {
		return
	}
	if l.first == nil {
		l.first = p.first
	} else {
		goOn(l.last, p.first)
	}
	l.last = p.last
	l.steps += p.length()
	if p.last == nil {
		l.over = e
	}
}

// close hangs up at the end, and returns the first of all nodes.
func (l *chain) close() *flow.Node {
	hangup := &flow.Node{Module: "hangup"}
	if l.first == nil {
		return hangup
	}
	if l.last != nil {
		goOn(l.last, hangup)
	}
	return l.first
}

// length is how many nodes lie between the first and the last of p.
func (p part) length() int {
	n := 1
	for at := p.first; at != nil && at != p.last; at = at.Children[flow.Else] {
		n++
	}
	return n
}

// goOn makes next what comes after n.
func goOn(n, next *flow.Node) {
	if n.Children == nil {
		n.Children = map[string]*flow.Node{}
	}
	n.Children[flow.Else] = next
}

// node is a node that e became.
func (c *compiler) node(e *element, module string, fields map[string]any) *flow.Node {
	n := &flow.Node{Module: module}
	if len(fields) > 0 {
		n.Data = data(fields)
	}
	c.origin[n] = e
	return n
}

// step is a verb that is one node, and goes on.
func step(n *flow.Node) part { return part{n, n} }

// end is a verb that is one node, and does not go on.
func end(n *flow.Node) part { return part{n, nil} }

// taking puts the call's answer in front of p, unless a verb before has
// answered.
func (c *compiler) taking(e *element, p part) part {
	if c.answered {
		return p
	}
	c.answered = true
	first := c.node(e, "answer", nil)
	if p.first == nil {
		return step(first)
	}
	goOn(first, p.first)
	return part{first, p.last}
}

// pivot is the node that asks for the next document, at to: "" is the URL of
// this one.
func (c *compiler) pivot(e *element, to, method string) *flow.Node {
	return c.node(e, "pivot", map[string]any{
		"voice_url": to, "method": method, "req_format": Name, "compat": string(c.profile),
	})
}

// action is the node that asks at e's attribute action.
func (c *compiler) action(e *element) *flow.Node {
	return c.pivot(e, e.values["action"], e.or("method", "post"))
}

// sound is where a sound is: a URL of the document's is put in full. In the
// profile Pivot what does not look like a file is a media id or a prompt.
func (c *compiler) sound(ref string) string {
	if c.base == "" || c.profile == Pivot && !isFile(ref) {
		return ref
	}
	if full, err := webhook.Resolve(c.base, ref); err == nil {
		return full
	}
	return ref
}

// isFile says whether ref is a relative URL and no media id: it has no scheme
// and a dot in its last part, as "hello.mp3" and "/sounds/a.wav?x=1" have.
func isFile(ref string) bool {
	path, _, _ := strings.Cut(ref, "?")
	return !strings.Contains(path, "://") && strings.Contains(path[strings.LastIndexByte(path, '/')+1:], ".")
}

// or is e's attribute of that name, or what holds where it is not given.
func (e *element) or(name, unset string) string {
	if v, ok := e.values[name]; ok && v != "" {
		return v
	}
	return unset
}

// number is e's attribute of that name, or unset.
func (e *element) number(name string, unset int) int {
	if n, err := strconv.Atoi(e.values[name]); err == nil {
		return n
	}
	return unset
}

// flag is e's attribute of that name, or unset.
func (e *element) flag(name string, unset bool) bool {
	switch e.values[name] {
	case "true":
		return true
	case "false":
		return false
	}
	return unset
}

// copyTo puts those of e's attributes that are given into fields, under other
// names.
func (e *element) copyTo(fields map[string]any, from ...string) {
	for i := 0; i+1 < len(from); i += 2 {
		if v := e.values[from[i]]; v != "" {
			fields[from[i+1]] = v
		}
	}
}

// blame gives what check found wrong in a program its place in the document.
func (c *compiler) blame(program *flow.Node, found schema.Faults) error {
	var out remarks
	for _, f := range found {
		n, at := program, 0
		for at+1 < len(f.Path) && f.Path[at] == "children" && n.Children[f.Path[at+1]] != nil {
			n, at = n.Children[f.Path[at+1]], at+2
		}
		e := c.origin[n]
		if e == nil {
			out.add(f)
			continue
		}
		f.Path = f.Path[at:]
		out.add(remark{
			rule: f.Rule, message: fmt.Sprintf("<%s> becomes %s, which is wrong: %s", e.name, n.Module, f.Error()),
		}.on(e))
	}
	return out.list().Err()
}

// blank says whether there is nothing in body.
func blank(body []byte) bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))) == 0
}

var errNoJSON = errors.New("callflow JSON is not accepted here")
