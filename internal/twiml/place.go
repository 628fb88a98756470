package twiml

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/event"
)

// place is where something stands in a document.
type place struct{ line, column int }

// cursor counts lines and characters while it is moved through a text, so
// that all places of a document cost one walk through it.
type cursor struct {
	text []byte
	at   int
	place
}

func newCursor(text []byte) *cursor { return &cursor{text: text, place: place{1, 1}} }

// to moves forward to offset and returns the place there.
func (c *cursor) to(offset int) place {
	offset = min(offset, len(c.text))
	if offset <= c.at {
		return c.place
	}
	between := c.text[c.at:offset]
	if n := bytes.Count(between, []byte("\n")); n > 0 {
		c.line += n
		c.column = 1
		between = between[bytes.LastIndexByte(between, '\n')+1:]
	}
	c.column += utf8.RuneCount(between)
	c.at = offset
	return c.place
}

// around is how many bytes are shown on each side of where reading stopped.
const around = 60

// stopped is the error of reading that stopped at a byte of body.
func stopped(body []byte, at int, message string) *event.ParseError {
	at = min(max(at, 0), len(body))
	p := newCursor(body).to(at)
	upto, rest := body[:at], body[at:]
	return &event.ParseError{
		Line: p.line, Column: p.column, Offset: int64(at), Message: message,
		Before: strings.ToValidUTF8(string(upto[max(0, len(upto)-around):]), ""),
		After:  strings.ToValidUTF8(string(rest[:min(around, len(rest))]), ""),
	}
}

// encode is v as JSON, with < > and & as they are.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
