package sip

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// looksLikeSIP is the first look at a datagram: a start line that ends or
// begins with SIP's name and version. What is not even that is junk.
func looksLikeSIP(b []byte) bool {
	line, _, ok := bytes.Cut(b, []byte("\n"))
	if !ok || len(line) > 8<<10 {
		return false
	}
	return isResponse(b) || bytes.Contains(line, []byte(" SIP/")) || bytes.Contains(line, []byte(" sip"))
}

// maxLines is how many lines start line and headers may have.
const maxLines = 512

// endless says that a message has more headers than anybody means: reading
// them would cost more than they did.
func endless(b []byte) bool {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	return len(head) > maxHead || bytes.Count(head, []byte("\n")) > maxLines
}

func isResponse(b []byte) bool { return bytes.HasPrefix(b, []byte("SIP/")) }

// method is the method of a request as it was written.
func method(b []byte) string {
	m, _, _ := bytes.Cut(b, []byte(" "))
	return string(m)
}

// keptHeaders are what a response copies from its request.
var keptHeaders = map[string]bool{
	"via": true, "v": true, "from": true, "f": true, "to": true, "t": true, "call-id": true, "i": true, "cseq": true,
}

// foreign says that a request that could not be read is for another kind of
// address altogether.
func foreign(b []byte) bool {
	_, rest, _ := bytes.Cut(b, []byte(" "))
	scheme, _, ok := bytes.Cut(rest, []byte(":"))
	if !ok || len(scheme) == 0 || len(scheme) > 64 || !isWord(string(scheme[:1])) {
		return false
	}
	for _, c := range scheme {
		if !isWord(string(c)) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return !slices.Contains([]string{"sip", "tel"}, strings.ToLower(string(scheme)))
}

// badRequest is a 400 (or 416) to a request that could not be read, made of
// the lines that it must repeat as they were. It returns nil where there is nothing to
// repeat or no answer is due: without a Via or a CSeq nobody could match it,
// and an ACK is never answered.
func badRequest(b []byte) []byte {
	if method(b) == "ACK" || isResponse(b) {
		return nil
	}
	code := 400
	if foreign(b) {
		code = 416
	}
	kept, found := keptLines(b)
	if !found["via"] && !found["v"] || !found["cseq"] {
		return nil
	}
	out := fmt.Appendf(nil, "SIP/2.0 %d %s\r\n%sContent-Length: 0\r\n\r\n", code, phrase(code), kept)
	if len(out) > len(b)+64 || bytes.IndexByte(out, 0) >= 0 {
		return nil // nobody shall have us multiply what they send
	}
	return out
}

// keptLines are the header lines of a request that its response repeats, and
// which there are.
func keptLines(b []byte) (kept []byte, found map[string]bool) {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	_, headers, _ := bytes.Cut(head, []byte("\r\n"))
	found = map[string]bool{}
	keep := false
	for line := range bytes.SplitSeq(headers, []byte("\r\n")) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' { // else it goes on with the line before
			name, _, _ := bytes.Cut(line, []byte(":"))
			key := strings.ToLower(string(bytes.TrimSpace(name)))
			keep = keptHeaders[key]
			found[key] = keep
		}
		if keep {
			kept = append(append(kept, line...), "\r\n"...)
		}
	}
	return kept, found
}

// tidy rewrites a message whose headers are folded over lines or have spaces
// in the odd places that RFC 3261 section 7.3.1 allows and the parser does
// not: around the slashes of a Via, the semicolons and equal signs of
// addresses.
func tidy(b []byte) []byte {
	head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		return b
	}
	var lines []string
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(lines) > 1 && len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			lines[len(lines)-1] += " " + string(bytes.TrimSpace(line))
			continue
		}
		lines = append(lines, string(line))
	}
	for i, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "via", "v":
			value = closeUp(value, "/;=,")
		case "from", "f", "to", "t", "contact", "m":
			value = closeUp(value, ";=")
		}
		lines[i+1] = name + ": " + value
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + string(body))
}

// closeUp takes the white space around the given marks away, outside of
// quotes, and makes one blank of any other.
func closeUp(s, marks string) string {
	var out strings.Builder
	quoted, escaped, blank := false, false, false
	mark := true // at the start, blanks are dropped as after a mark
	for _, r := range s {
		switch {
		case quoted:
			out.WriteRune(r)
			quoted = escaped || r != '"'
			escaped = !escaped && r == '\\'
			continue
		case r == ' ' || r == '\t':
			blank = true
			continue
		}
		is := strings.ContainsRune(marks, r)
		if blank && !is && !mark {
			out.WriteByte(' ')
		}
		quoted, blank, mark = r == '"', false, is
		out.WriteRune(r)
	}
	return out.String()
}
