package sip

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

// reasonOf reads the Reason headers of a message (RFC 3326). A Q.850 cause
// tells more than a SIP status.
func reasonOf(m sip.Message, by string) (call.Cause, bool) {
	var sipCause call.Cause
	var found bool
	for _, h := range m.GetHeaders("Reason") {
		for v := range splitQuoted(h.Value()) {
			c, q850, ok := oneReason(v, by)
			if ok && q850 {
				return c, true
			}
			if ok || sipCause.Text == "" {
				sipCause, found = c, found || ok
			}
		}
	}
	return sipCause, found
}

// oneReason reads a value like `Q.850;cause=16;text="bye"`. Of a SIP status
// that is no failure only the text is kept.
func oneReason(v, by string) (c call.Cause, q850, ok bool) {
	protocol, params, _ := strings.Cut(v, ";")
	n, err := strconv.Atoi(param(params, "cause"))
	if err != nil {
		return c, false, false
	}
	switch strings.ToUpper(strings.TrimSpace(protocol)) {
	case "Q.850":
		c, ok = call.FromQ850(n, by)
		q850 = true
	case "SIP":
		if ok = n >= 300 && n < 700; ok {
			c = call.FromSIP(n, by)
		}
	}
	c.Text = param(params, "text")
	return c, q850, ok
}

// splitQuoted yields what stands between commas outside of quotes.
func splitQuoted(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		from, quoted := 0, false
		for i := range len(s) {
			switch {
			case s[i] == '"':
				quoted = !quoted
			case s[i] == ',' && !quoted:
				if !yield(s[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(s[from:])
	}
}

// addReason writes a cause as Reason header.
func addReason(m sip.Message, c call.Cause) {
	v := fmt.Sprintf("Q.850;cause=%d", c.Q850())
	text := c.Text
	if text == "" {
		text = c.Name
	}
	if text = plain(text); text != "" {
		v += `;text="` + text + `"`
	}
	add(m, "Reason", v)
}

// plain makes text safe inside the quotes of a header.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '\\' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 128)]
}
