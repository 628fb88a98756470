package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// What a document may be, so that holding it to a schema is cheap.
const (
	maxDepth  = 200     // objects and arrays in each other
	maxValues = 100_000 // keys and items, all together
	maxDigits = 400     // characters of a number
)

// shape is what one look over a document tells before it is decoded.
type shape struct {
	depth, members, items int
	oddNumbers            bool // with an exponent, or long
}

// look scans raw, which need not be JSON, in one pass.
func look(raw []byte) shape {
	var s shape
	depth, run := 0, 0
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		digit := c >= '0' && c <= '9' || c == '.'
		if digit {
			run++
		}
		switch c {
		case '"':
			i = closing(raw, i)
		case '{', '[':
			depth++
			s.depth = max(s.depth, depth)
		case '}', ']':
			depth--
		case ':':
			s.members++
		case ',':
			s.items++
		case 'e', 'E':
			s.oddNumbers = s.oddNumbers || run > 0
		}
		if !digit {
			run = 0
		}
		s.oddNumbers = s.oddNumbers || run > maxDigits/2
	}
	return s
}

// closing is where the string that opens at i ends.
func closing(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return i
}

// decode reads one JSON value. Numbers stay as they were written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the value at offset %d", d.InputOffset())
	}
	return v, nil
}

// encode is json.Marshal that leaves <, > and & alone.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// parse decodes raw if it is JSON that is not too much of anything. exact
// says that raw means the same to everybody: no key twice, all of it UTF-8.
func parse(raw []byte) (v any, exact bool, faults Faults) {
	s := look(raw)
	switch {
	case s.depth > maxDepth:
		return nil, false, invalid(fmt.Sprintf("JSON is nested deeper than %d levels", maxDepth))
	case s.items > maxValues:
		return nil, false, invalid(fmt.Sprintf("JSON has more than %d values", maxValues))
	}
	v, err := decode(raw)
	if err != nil {
		return nil, false, invalid(said(err, len(raw)))
	}
	if s.oddNumbers {
		if faults = numbers(v, nil, nil); len(faults) > 0 {
			return v, false, faults
		}
	}
	return v, members(v) == s.members && utf8.Valid(raw), nil
}

// said is what a decoder's error says, and where.
func said(err error, size int) string {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON: %v around %d", syntax, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Sprintf("invalid JSON: it ends too early, around %d", size)
	}
	return "invalid JSON: " + err.Error()
}

func invalid(message string) Faults {
	return Faults{{Rule: "invalid", Message: message, Extra: map[string]any{"target": "body"}}}
}

// members counts the keys of all objects in v.
func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, inner := range v {
			n += members(inner)
		}
	case []any:
		for _, inner := range v {
			n += members(inner)
		}
	}
	return n
}

// numbers adds a fault for each number that no float64 comes near, wherever
// it is: nobody could read it, and arithmetic on it would take for ever.
func numbers(v any, at []string, faults Faults) Faults {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			faults = numbers(inner, append(at, k), faults)
		}
	case []any:
		for i, inner := range v {
			faults = numbers(inner, append(at, strconv.Itoa(i)), faults)
		}
	case json.Number:
		if _, err := v.Float64(); err != nil || len(v) > maxDigits {
			faults = append(faults, typeFault(at, "number", nil))
		}
	}
	return faults
}
