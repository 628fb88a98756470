package kazoo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
)

// The bounds of a readable answer.
const (
	maxDepth = 1000 // objects and arrays within each other: some 490 steps
	around   = 60   // bytes shown on each side of where reading stopped
)

// tooDeep is what to say beyond maxDepth.
var tooDeep = fmt.Sprintf("more than %d levels deep", maxDepth)

// scan reads body for what makes it no JSON text, or an ambiguous one: a key
// that is there twice would be read one way here and another there. It is nil
// or an *event.ParseError.
func scan(body []byte) error {
	var all json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, &all); errors.As(err, &syntax) {
		return broken(body, syntax)
	} else if err != nil {
		return stopped(body, 0, err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // any number is well written, however large
	var open []level
	for {
		before := dec.InputOffset()
		tok, err := dec.Token()
		if err != nil {
			return nil //nolint:nilerr // io.EOF: the syntax was checked above
		}
		top := len(open) - 1
		if d, ok := tok.(json.Delim); ok && (d == '}' || d == ']') {
			open = open[:top]
			continue
		}
		if top >= 0 && open[top].repeats(tok) {
			return stopped(body, value(body, before), fmt.Sprintf("the key %q is there twice", tok))
		}
		if d, ok := tok.(json.Delim); ok {
			open = append(open, level{object: d == '{'})
			if len(open) > maxDepth {
				return stopped(body, value(body, before), tooDeep)
			}
		}
	}
}

// level is an object or an array that is not over yet.
type level struct {
	object bool
	value  bool // a value comes next, not a key
	keys   map[string]bool
}

// repeats takes the next token of l and says whether it is a key that l has
// already.
func (l *level) repeats(tok json.Token) bool {
	if !l.object {
		return false
	}
	if l.value = !l.value; !l.value {
		return false
	}
	if l.keys == nil {
		l.keys = map[string]bool{}
	}
	key, _ := tok.(string)
	again := l.keys[key]
	l.keys[key] = true
	return again
}

// broken is a syntax error in words for people who never saw Go. Its Offset
// is behind the byte that is wrong, if there is one.
func broken(body []byte, e *json.SyntaxError) *event.ParseError {
	at, message := e.Offset-1, e.Error()
	switch {
	case strings.Contains(message, "after top-level value"):
		message += ": there must be one object and nothing behind it"
	case strings.Contains(message, "unexpected end"):
		at, message = e.Offset, "the JSON ends too early"
	case strings.Contains(message, "exceeded max depth"):
		message = tooDeep
	}
	return stopped(body, at, message)
}

// value is where the token begins that was read from at on.
func value(body []byte, at int64) int64 {
	for at < int64(len(body)) && strings.IndexByte(" \t\r\n,:", body[at]) >= 0 {
		at++
	}
	return at
}

// stopped is the error of reading that stopped at a byte of body.
func stopped(body []byte, at int64, message string) *event.ParseError {
	at = min(max(at, 0), int64(len(body)))
	upto, rest := body[:at], body[at:]
	line, column := event.Position(body, int(at))
	return &event.ParseError{
		Line: line, Column: column, Offset: at, Message: message,
		Before: strings.ToValidUTF8(string(upto[max(0, len(upto)-around):]), ""),
		After:  strings.ToValidUTF8(string(rest[:min(around, len(rest))]), ""),
	}
}
