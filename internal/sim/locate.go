package sim

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// locate finds where in a JSON text the value at path begins, or of a path
// that leads nowhere the innermost value that is there. The text must be JSON.
func locate(text []byte, path []string) int {
	f := finder{dec: json.NewDecoder(bytes.NewReader(text)), text: text}
	f.value(path)
	return f.at
}

// finder walks along one path.
type finder struct {
	dec  *json.Decoder
	text []byte
	at   int // where the last value on the way began
}

// begin is where the next token begins.
func (f *finder) begin() int {
	at := int(f.dec.InputOffset())
	for at < len(f.text) && bytes.IndexByte([]byte(" \t\r\n,:"), f.text[at]) >= 0 {
		at++
	}
	return at
}

// value reads the next value, and goes on into it along path.
func (f *finder) value(path []string) {
	f.at = f.begin()
	tok, err := f.dec.Token()
	open, ok := tok.(json.Delim)
	if err != nil || !ok || len(path) == 0 {
		return
	}
	for i := 0; f.dec.More(); i++ {
		key := strconv.Itoa(i)
		if open == '{' {
			name, err := f.dec.Token()
			if err != nil {
				return
			}
			key, _ = name.(string)
		}
		if key == path[0] {
			f.value(path[1:])
			return
		}
		var skipped json.RawMessage
		if f.dec.Decode(&skipped) != nil {
			return
		}
	}
}
