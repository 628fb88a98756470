package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Object is a JSON object. Its numbers are json.Number, so that what was sent
// comes back digit for digit.
type Object = map[string]any

// errNotObject is a document that is some other JSON.
var errNotObject = errors.New("resource: not a JSON object")

// Parse reads one JSON value.
func Parse(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("resource: more than one JSON value")
	}
	return v, nil
}

// ParseObject reads a JSON object; null and nothing are an empty one.
func ParseObject(raw []byte) (Object, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return Object{}, nil
	}
	v, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	switch o := v.(type) {
	case nil:
		return Object{}, nil
	case Object:
		return o, nil
	default:
		return nil, errNotObject
	}
}

// At is the value at a dotted path ("sip.username"), and whether there is one.
func At(o Object, path string) (any, bool) {
	var v any = o
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(Object)
		if !ok {
			return nil, false
		}
		if v, ok = m[key]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Text is the string at a dotted path, "" if there is none.
func Text(o Object, path string) string {
	v, _ := At(o, path)
	s, _ := v.(string)
	return s
}

// Strings are the strings at a dotted path: of an array, or the one that is
// there by itself.
func Strings(o Object, path string) []string {
	v, _ := At(o, path)
	switch w := v.(type) {
	case string:
		return []string{w}
	case []any:
		out := make([]string, 0, len(w))
		for _, e := range w {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	default:
		return nil
	}
}

// Merge is base with patch over it: objects merge at every depth, all else
// replaces, null deletes (spec/crossbar-api.md section 1.7). Neither is
// changed.
func Merge(base, patch Object) Object {
	out := make(Object, len(base)+len(patch))
	for k, v := range base {
		out[k] = Clone(v)
	}
	for k, v := range patch {
		switch p := v.(type) {
		case nil:
			delete(out, k)
		case Object:
			old, _ := out[k].(Object)
			out[k] = Merge(old, p)
		default:
			out[k] = Clone(v)
		}
	}
	return out
}

// Clone is a copy of a JSON value that shares nothing with it.
func Clone(v any) any {
	switch w := v.(type) {
	case Object:
		out := make(Object, len(w))
		for k, e := range w {
			out[k] = Clone(e)
		}
		return out
	case []any:
		out := make([]any, len(w))
		for i, e := range w {
			out[i] = Clone(e)
		}
		return out
	default:
		return v
	}
}

func cloneObject(o Object) Object {
	c, _ := Clone(o).(Object)
	return c
}

// IsPrivate says whether a top-level key is kept from clients.
func IsPrivate(key string) bool { return strings.HasPrefix(key, "_") || strings.HasPrefix(key, "pvt_") }

// split parts the private keys from the public ones.
func split(o Object) (public, private Object) {
	public, private = Object{}, Object{}
	for k, v := range o {
		if IsPrivate(k) {
			private[k] = v
		} else {
			public[k] = v
		}
	}
	return public, private
}

// Texts are strings as a JSON array has them.
func Texts(all []string) []any {
	out := make([]any, len(all))
	for i, t := range all {
		out[i] = t
	}
	return out
}
