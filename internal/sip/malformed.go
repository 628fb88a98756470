package sip

import (
	"bytes"
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

// badRequest is a 400 to a request that could not be read, made of the lines
// that it must repeat as they were. It returns nil where there is nothing to
// repeat or no answer is due: without a Via or a CSeq nobody could match it,
// and an ACK is never answered.
func badRequest(b []byte) []byte {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	var out strings.Builder
	out.WriteString("SIP/2.0 400 Bad Request\r\n")
	found, keep := map[string]bool{}, false
	for i, line := range bytes.Split(head, []byte("\r\n")) {
		if i == 0 {
			if method(line) == "ACK" {
				return nil
			}
			continue
		}
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			if keep {
				out.WriteString(" " + string(bytes.TrimSpace(line)) + "\r\n")
			}
			continue
		}
		name, _, _ := bytes.Cut(line, []byte(":"))
		key := strings.ToLower(string(bytes.TrimSpace(name)))
		if keep = keptHeaders[key]; keep {
			found[key] = true
			out.Write(line)
			out.WriteString("\r\n")
		}
	}
	if !found["via"] && !found["v"] || !found["cseq"] {
		return nil
	}
	out.WriteString("Content-Length: 0\r\n\r\n")
	if out.Len() > len(b)+64 || bytes.IndexByte([]byte(out.String()), 0) >= 0 {
		return nil
	}
	return []byte(out.String())
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
			value = strings.TrimRight(closeUp(value, "/;=,"), ",;")
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
