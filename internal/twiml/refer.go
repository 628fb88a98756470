package twiml

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// The bounds of an address to refer to (section 2.4).
const (
	maxSIP    = 255
	maxHeader = 1024
)

func refer() *word {
	return &word{
		name: "Refer", inside: []*word{{name: "Sip", text: true}}, compile: compileRefer,
		attrs: []attr{
			{name: "action", kind: link(), code: CodeURL},
			{name: "method", kind: method(), unset: "POST", with: "action"},
		},
	}
}

// compileRefer sends the caller elsewhere, then asks at action or goes on.
func compileRefer(c *compiler, e *element) part {
	target, headers := c.referTo(e)
	if target == "" {
		return part{}
	}
	n := c.node(e, "refer", map[string]any{"target": target, "headers": headers})
	p := step(n)
	if e.has(e.word.attr("action")) {
		goOn(n, c.action(e))
		p = end(n)
	}
	c.answered = true // as refer does
	return p
}

// referTo is the address in e's only Sip, and the headers it names.
func (c *compiler) referTo(e *element) (target string, headers map[string]string) {
	var noun *element
	for _, kid := range e.children() {
		if kid.word != nil && noun != nil {
			c.fault(kid, remark{rule: "nesting", message: "<Refer> takes one <Sip> only"})
			return "", nil
		}
		if kid.word != nil {
			noun = kid
		}
	}
	if noun == nil {
		c.fault(e, remark{rule: "required", message: "<Refer> needs a <Sip> with the address to go to"})
		return "", nil
	}
	address, query, _ := strings.Cut(noun.text(), "?")
	wrong := badSIP(address, query)
	headers, bad := sipHeaders(query)
	if wrong == "" {
		wrong = bad
	}
	if wrong != "" {
		c.fault(noun, remark{rule: "url", code: CodeURL, value: noun.text(), message: "the address in <Sip> " + wrong})
		return "", nil
	}
	if !strings.Contains(address, ":") || !isSIP(address) {
		address = "sip:" + address
	}
	return address, headers
}

// plainURI is a URI that fits between angle brackets.
var plainURI = regexp.MustCompile(`^[A-Za-z0-9_.!~*'()&=+$,;/:@%\[\]-]+$`)

func isSIP(address string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(address), ":")
	return scheme == "sip" || scheme == "sips" || scheme == "tel"
}

// badSIP is what is wrong with an address, "" if nothing is.
func badSIP(address, query string) string {
	switch {
	case address == "":
		return "is missing"
	case len(address) > maxSIP:
		return fmt.Sprintf("is longer than %d bytes", maxSIP)
	case len(query) > maxHeader:
		return fmt.Sprintf("has more than %d bytes of headers", maxHeader)
	case !plainURI.MatchString(address):
		return "must be a SIP URI such as sip:alice@example.com"
	}
	return ""
}

// sipHeaders are the headers that a SIP URI names behind its question mark.
func sipHeaders(query string) (headers map[string]string, wrong string) {
	headers = map[string]string{}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, "has headers that cannot be read"
	}
	for name, value := range values {
		lower := strings.ToLower(name)
		switch {
		case strings.HasPrefix(lower, "x-"), lower == "user-to-user":
			if strings.ContainsAny(value[0], "\r\n") {
				return nil, "has a header with a line break"
			}
			headers[name] = value[0]
		default:
			return nil, "names the header " + cutRunes(name, 60) + ", which cannot be set; X-… and User-to-User can"
		}
	}
	return headers, ""
}
