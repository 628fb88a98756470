package twiml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The bounds of a document, beyond which it is refused.
const (
	maxBytes    = 1 << 20
	maxElements = 10_000
	maxNesting  = 40       // elements within each other; verbs need four, SSML some more
	maxAllAttrs = 30_000   // of all elements
	maxAttrs    = 60       // of one element
	maxTag      = 64 << 10 // bytes of one tag
)

// element is one element of a document, and where it stands.
type element struct {
	name   string // as it is written
	at     place
	nth    int // which of its parent's children of that name, from 1
	parent *element
	attrs  []attribute
	inside []inner

	word   *word             // what it is; nil if it is unknown
	values map[string]string // its attributes, checked, by their proper names
}

// attribute is one attribute, as it is written.
type attribute struct {
	name, value string
	at          place
}

// inner is what stands inside an element: text, or an element.
type inner struct {
	text string
	at   place // where text begins that is not blank
	*element
}

// children are the elements directly inside e.
func (e *element) children() []*element {
	var all []*element
	for _, in := range e.inside {
		if in.element != nil {
			all = append(all, in.element)
		}
	}
	return all
}

// text is the text directly inside e, without blanks at its ends.
func (e *element) text() string {
	var b strings.Builder
	for _, in := range e.inside {
		if in.element == nil {
			b.WriteString(in.text)
		}
	}
	return strings.TrimSpace(b.String())
}

// path is where e is in its document: "Response", "Gather[1]", "Say[2]".
func (e *element) path() []string {
	if e.parent == nil {
		return []string{e.name}
	}
	return append(e.parent.path(), fmt.Sprintf("%s[%d]", e.name, e.nth))
}

// parser reads one document.
type parser struct {
	body   []byte // UTF-8
	dec    *xml.Decoder
	cursor *cursor
	root   *element
	open   *element // that what comes next is inside of
	depth  int
	count  int // elements so far
	attrs  int // attributes so far
	nth    map[*element]map[string]int
	dtd    *place // of a document type declaration
}

// parse reads body, which is UTF-8, into a tree. The error is an
// *event.ParseError.
func parse(body []byte) (*parser, error) {
	p := &parser{body: body, cursor: newCursor(body), nth: map[*element]map[string]int{}}
	if at := longTag(body); at >= 0 {
		return nil, stopped(body, at, fmt.Sprintf("a tag is longer than %d bytes", maxTag))
	}
	p.dec = xml.NewDecoder(bytes.NewReader(body))
	// The bytes are UTF-8 already, whatever the declaration says.
	p.dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		from := int(p.dec.InputOffset())
		tok, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, p.broken(from, err)
		}
		if problem := p.take(tok, from); problem != "" {
			return nil, stopped(body, from, problem)
		}
	}
	if p.root == nil {
		return nil, stopped(body, len(body), "there is no <Response>")
	}
	return p, nil
}

// take takes the token that begins at byte from, and says what is wrong with
// it.
func (p *parser) take(tok xml.Token, from int) string {
	switch tok := tok.(type) {
	case xml.StartElement:
		return p.start(tok, from)
	case xml.EndElement:
		p.open, p.depth = p.open.parent, p.depth-1
	case xml.CharData:
		if p.open != nil {
			in := inner{text: string(tok)}
			if lead := len(tok) - len(bytes.TrimLeft(tok, blanks)); lead < len(tok) {
				in.at = p.cursor.to(from + lead)
			}
			p.open.inside = append(p.open.inside, in)
		} else if len(bytes.TrimSpace(tok)) > 0 {
			return "there is text outside the root element"
		}
	case xml.Directive:
		at := p.cursor.to(from)
		p.dtd = &at
	}
	return ""
}

func (p *parser) start(tok xml.StartElement, from int) string {
	if p.count++; p.count > maxElements {
		return fmt.Sprintf("there are more than %d elements", maxElements)
	}
	if p.depth++; p.depth > maxNesting {
		return fmt.Sprintf("there are more than %d elements within each other", maxNesting)
	}
	if len(tok.Attr) > maxAttrs {
		return fmt.Sprintf("there are more than %d attributes", maxAttrs)
	}
	if p.attrs += len(tok.Attr); p.attrs > maxAllAttrs {
		return fmt.Sprintf("there are more than %d attributes", maxAllAttrs)
	}
	raw := p.body[from:p.dec.InputOffset()]
	name, spans := tagNames(raw)
	e := &element{name: name, at: p.cursor.to(from), parent: p.open, nth: 1}
	e.attrs = make([]attribute, 0, len(tok.Attr))
	for i, a := range tok.Attr {
		if i >= len(spans) {
			break
		}
		s := spans[i]
		if slices.ContainsFunc(e.attrs, func(b attribute) bool { return b.name == s.name }) {
			return fmt.Sprintf("<%s> has the attribute %s twice", name, s.name)
		}
		e.attrs = append(e.attrs, attribute{name: s.name, value: a.Value, at: p.cursor.to(from + s.at)})
	}
	return p.put(e)
}

// put puts e where the parser is.
func (p *parser) put(e *element) string {
	if p.open == nil {
		if p.root != nil {
			return "there is a second root element, <" + e.name + ">"
		}
		p.root = e
	} else {
		if p.nth[p.open] == nil {
			p.nth[p.open] = map[string]int{}
		}
		p.nth[p.open][e.name]++
		e.nth = p.nth[p.open][e.name]
		p.open.inside = append(p.open.inside, inner{element: e})
	}
	p.open = e
	return ""
}

// broken is what made the library stop, in words for people who never saw Go.
func (p *parser) broken(from int, err error) error {
	at, message := int(p.dec.InputOffset()), err.Error()
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		message = syntax.Msg
	}
	switch {
	case strings.Contains(message, "unexpected EOF"):
		message = "the document ends too early"
		if p.open != nil {
			message += fmt.Sprintf(": <%s> of line %d is not closed", p.open.name, p.open.at.line)
		}
		at = len(p.body)
	case strings.Contains(message, "closed by"), strings.Contains(message, "unexpected end element"):
		at = from
	case strings.Contains(message, "character entity"):
		message += "; write &amp; for a plain &"
	}
	return stopped(p.body, at, strings.TrimPrefix(message, "xml: "))
}

// longTag is where a tag begins that is too long, -1 if none is.
func longTag(body []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(body[at:], '<')
		if i < 0 {
			return -1
		}
		at += i
		n := bytes.IndexByte(body[at:], '>')
		isTag := at+1 < len(body) && body[at+1] != '!' && body[at+1] != '?'
		if isTag && (n > maxTag || n < 0 && len(body)-at > maxTag) {
			return at
		}
		if n < 0 {
			return -1
		}
		at += n
	}
}

// span is a name in a tag and where it stands there.
type span struct {
	name string
	at   int
}

// tagNames are the names in a start tag as they are written, prefixes too.
// The tag is known to be well-formed.
func tagNames(raw []byte) (name string, attrs []span) {
	const blank = " \t\r\n"
	end := bytes.IndexAny(raw, blank+"/>")
	if end < 1 {
		return "", nil
	}
	name = string(raw[1:end])
	at := end
	for {
		for at < len(raw) && strings.IndexByte(blank, raw[at]) >= 0 {
			at++
		}
		n := bytes.IndexAny(raw[at:], blank+"=")
		if at >= len(raw) || raw[at] == '>' || raw[at] == '/' || n < 0 {
			return name, attrs
		}
		attrs = append(attrs, span{string(raw[at : at+n]), at})
		at += n
		quote := bytes.IndexAny(raw[at:], `"'`)
		if quote < 0 {
			return name, attrs
		}
		at += quote
		closing := bytes.IndexByte(raw[at+1:], raw[at])
		if closing < 0 {
			return name, attrs
		}
		at += closing + 2
	}
}
