package sip

import (
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

// infoKey reads the key in an INFO: application/dtmf-relay has "Signal=5" and
// "Duration=160" on lines, application/dtmf the bare key. ok is false if the
// content is not a key; known says whether its type is one of the two.
func infoKey(m sip.Message) (k call.Key, known, ok bool) {
	ct, there := first(m, "Content-Type", "c")
	if !there {
		return k, len(m.Body()) == 0, false
	}
	kind, _, err := mime.ParseMediaType(ct)
	if err != nil {
		return k, false, false
	}
	body := strings.TrimSpace(string(m.Body()))
	k.Via = call.ViaINFO
	switch kind {
	case "application/dtmf":
		if sig, found := field(body, "signal"); found {
			body = sig
		}
		k.Digit, ok = digit(body)
	case "application/dtmf-relay":
		sig, _ := field(body, "signal")
		k.Digit, ok = digit(sig)
		if d, found := field(body, "duration"); found {
			if ms, err := strconv.ParseUint(d, 10, 16); err == nil {
				k.Held = time.Duration(ms) * time.Millisecond
			}
		}
	default:
		return k, false, false
	}
	return k, true, ok
}

// field reads "name = value" lines.
func field(body, name string) (string, bool) {
	for line := range strings.FieldsFuncSeq(body, func(r rune) bool { return r == '\r' || r == '\n' }) {
		n, v, ok := strings.Cut(line, "=")
		if ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// digit reads one key; 10 to 15 are * # A to D by RFC 4733's numbers.
func digit(s string) (byte, bool) {
	const keys = "0123456789*#ABCD"
	if n, err := strconv.ParseUint(s, 10, 8); err == nil {
		if n < uint64(len(keys)) && (len(s) == 1 || n >= 10) {
			return keys[n], true
		}
		return 0, false
	}
	s = strings.ToUpper(s)
	if len(s) == 1 && strings.Contains(keys, s) {
		return s[0], true
	}
	return 0, false
}
