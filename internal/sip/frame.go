package sip

import (
	"bytes"
	"errors"
	"strconv"
)

// maxHead is the most bytes that start line and headers may have.
const maxHead = 32 << 10

// What makes a stream unreadable from here on: without a length nobody knows
// where the next message begins (RFC 3261 section 18.3).
var (
	errNoLength   = errors.New("sip: message in a stream without a good Content-Length")
	errEndlessTop = errors.New("sip: headers without end")
)

// nextMessage finds the first message in the bytes of a stream: after skip
// bytes of line ends, n bytes long. n is 0 if it is not all there yet.
func nextMessage(b []byte) (skip, n int, err error) {
	for skip < len(b) && (b[skip] == '\r' || b[skip] == '\n') {
		skip++
	}
	rest := b[skip:]
	head := bytes.Index(rest, []byte("\r\n\r\n"))
	if head < 0 {
		if len(rest) > maxHead {
			return skip, 0, errEndlessTop
		}
		return skip, 0, nil
	}
	if head > maxHead {
		return skip, 0, errEndlessTop
	}
	length, ok := contentLength(rest[:head])
	if !ok {
		return skip, 0, errNoLength
	}
	head += 4
	if head+length > maxMessage {
		return skip, 0, errTooLarge
	}
	if len(rest) < head+length {
		return skip, 0, nil
	}
	return skip, head + length, nil
}

// contentLength reads the first Content-Length of a message's head.
func contentLength(head []byte) (int, bool) {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		name = bytes.TrimSpace(name)
		if !ok || !bytes.EqualFold(name, []byte("Content-Length")) && !bytes.EqualFold(name, []byte("l")) {
			continue
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
		return int(n), err == nil
	}
	return 0, false
}
