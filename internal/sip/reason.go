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
	var out call.Cause
	found := false
	for _, h := range m.GetHeaders("Reason") {
		for v := range splitQuoted(h.Value()) {
			protocol, params, _ := strings.Cut(v, ";")
			n, err := strconv.Atoi(param(params, "cause"))
			if err != nil {
				continue
			}
			text := param(params, "text")
			switch strings.ToUpper(strings.TrimSpace(protocol)) {
			case "Q.850":
				if c, ok := call.FromQ850(n, by); ok {
					c.Text = text
					return c, true
				}
			case "SIP":
				if n >= 300 && n < 700 {
					out, found = call.FromSIP(n, by), true
				}
				if out.Text == "" {
					out.Text = text
				}
			}
		}
	}
	return out, found
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
