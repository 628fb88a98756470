package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// What a request's body may be.
const (
	MaxBody   = 8_000_000 // bytes
	MaxDepth  = 1000      // arrays and objects inside each other
	MaxValues = 500_000   // in all: strangers' bodies are read before their tokens are looked at
)

// envelope is the body of a request: data, and what stands beside it.
type envelope struct {
	data  any // an object or an array
	aside resource.Object
	other bool // the body is not of a kind that carries an envelope
}

// readBody reads a body to its end, and once all of it is there waits for its
// turn.
func (r *Request) readBody(w http.ResponseWriter) ([]byte, error) {
	body, err := newSpool(http.MaxBytesReader(w, r.HTTP.Body, MaxBody))
	var large *http.MaxBytesError
	var disk *fs.PathError
	switch {
	case errors.As(err, &large):
		return nil, TooLarge(MaxBody)
	case errors.As(err, &disk):
		return nil, err
	case err != nil:
		w.Header().Set("Connection", "close") // nobody waits for the rest
		return nil, schema.Invalid("json", "invalid", "The body could not be read", map[string]any{"target": "body"})
	}
	defer func() { _ = body.Close() }() // it was read
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if err = r.takeTurn(body.size); err != nil {
		return nil, err
	}
	return body.all()
}

// parseEnvelope reads what a body carries (spec/crossbar-api.md section 1.2).
// What is wrong with it is schema.Faults.
func parseEnvelope(contentType string, body []byte) (envelope, error) {
	empty := envelope{data: resource.Object{}, aside: resource.Object{}}
	text := strings.TrimSpace(string(body))
	if text == "" {
		return empty, nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = strings.TrimSpace(contentType)
	}
	if !CarriesEnvelope(kind) {
		empty.other = true
		return empty, nil
	}
	// curl calls JSON a form if not told otherwise.
	if kind == TypeForm && text[0] != '{' {
		form, err := url.ParseQuery(text)
		if err != nil {
			return envelope{}, notJSON(err.Error(), 0)
		}
		return openEnvelope(formObject(form))
	}
	all, err := parseBody(body)
	if err != nil {
		return envelope{}, err
	}
	return openEnvelope(all)
}

// CarriesEnvelope says whether bodies of a media type are envelopes.
func CarriesEnvelope(kind string) bool {
	switch kind {
	case "", TypeJSON, "application/x-json", "text/json", TypeForm:
		return true
	default:
		return false
	}
}

func formObject(form url.Values) resource.Object {
	out := resource.Object{}
	for k, v := range form {
		out[k] = v[0]
	}
	return out
}

func parseBody(body []byte) (resource.Object, error) {
	if what, at := TooMuch(body); what != "" {
		return nil, notJSON(what, int64(at))
	}
	v, err := resource.Parse(body)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, notJSON(syntax.Error(), syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, notJSON("unexpected end of JSON", int64(len(body)))
	case err != nil:
		return nil, notJSON("All JSON must be valid", int64(len(body)))
	}
	o, ok := v.(resource.Object)
	if !ok {
		return nil, schema.Invalid("json", "invalid", "The body must be a JSON object with the key data",
			map[string]any{"target": "body"})
	}
	return o, nil
}

func notJSON(message string, offset int64) error {
	return schema.Invalid("json", "invalid", fmt.Sprintf("%s around %d", message, offset),
		map[string]any{"target": "body"})
}

// TooMuch says of what body has more than it may, and where; "" is nothing.
// It looks at brackets and commas only, before anything is made of them.
func TooMuch(body []byte) (what string, at int) {
	depth, values, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > MaxDepth {
			return fmt.Sprintf("nested more than %d levels deep", MaxDepth), i
		}
		if values > MaxValues {
			return fmt.Sprintf("more than %d values", MaxValues), i
		}
	}
	return "", 0
}

// openEnvelope parts data from what stands beside it. Keys may be written with
// dashes and capitals; of two that come to the same, the one that is written
// as it should be counts.
func openEnvelope(all resource.Object) (envelope, error) {
	e := envelope{aside: resource.Object{}}
	for k, v := range all {
		name := asideKey(k)
		if _, exact := all[name]; v != nil && (k == name || !exact) {
			e.aside[name] = v
		}
	}
	switch data := e.aside["data"].(type) {
	case resource.Object, []any:
		e.data = data
	case nil:
		return e, schema.Faults{schema.Required("data")}
	default:
		return e, schema.Faults{{
			Path: []string{"data"}, Rule: "type", Message: "Value did not match type(s): object, array",
			Extra: map[string]any{"target": "object, array", "value": data},
		}}
	}
	delete(e.aside, "data")
	return e, nil
}

// asideKey is how a key beside data is looked for.
func asideKey(k string) string { return strings.ReplaceAll(strings.ToLower(k), "-", "_") }
