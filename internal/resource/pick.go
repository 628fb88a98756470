package resource

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/store"
)

// wanted are the keys of an object that somebody looks at. Where nothing is
// below a key, its whole value is wanted.
type wanted map[string]wanted

// add wants the value at a dotted path.
func (w wanted) add(path string) {
	key, rest, deeper := strings.Cut(path, ".")
	below, there := w[key]
	switch {
	case key == alphanumName: // which is made of the name
		w["name"], w[key] = nil, nil
	case !deeper:
		w[key] = nil
	case there && below == nil: // all of it is wanted already
	default:
		if below == nil {
			below = wanted{}
			w[key] = below
		}
		below.add(rest)
	}
}

// glance is a stored document as filters see it, with no keys but those that
// are wanted, at which alone they look. Most documents are looked at to be
// passed over, and to read one whole takes ten times as long.
func glance(s store.Doc, want wanted) (Object, error) {
	p := picker{raw: s.JSON}
	out, ok := p.object(want)
	if !ok { // not as this server writes JSON
		whole, err := read(s)
		return whole.Full(), err
	}
	d := Doc{Account: s.Account, Type: s.Type, ID: s.ID, Created: s.Created, Modified: s.Modified, Public: out}
	if _, asked := want["_rev"]; asked {
		d.Revision = revision(s)
	}
	for key := range want {
		if v, computed := d.computed(key); computed {
			out[key] = v
		}
	}
	return out, nil
}

// picker is a place in JSON. It takes for granted that what it passes over is
// some, and says no where what it reads is not.
type picker struct {
	raw []byte
	at  int
}

// object picks what is wanted of an object.
func (p *picker) object(want wanted) (Object, bool) {
	out := Object{}
	if !p.is('{') {
		return nil, false
	}
	for first := true; !p.is('}'); first = false {
		if !first && !p.is(',') || !p.member(out, want) {
			return nil, false
		}
	}
	return out, true
}

// member passes a key and its value, and puts it into out if it is wanted. Of
// a key that is there twice the last counts.
func (p *picker) member(out Object, want wanted) bool {
	text, ok := p.value()
	if !ok || text[0] != '"' || !p.is(':') {
		return false
	}
	key := text[1 : len(text)-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		var plain string
		if json.Unmarshal(text, &plain) != nil {
			return false
		}
		key = []byte(plain)
	}
	below, needed := want[string(key)]
	if !needed {
		_, ok = p.value()
		return ok
	}
	return p.keep(out, string(key), below)
}

// keep passes the value of a key, and puts what is wanted of it into out.
func (p *picker) keep(out Object, key string, below wanted) bool {
	delete(out, key)
	if below != nil {
		return p.below(out, key, below)
	}
	text, ok := p.value()
	if !ok {
		return false
	}
	v, ok := scalar(text)
	if !ok {
		var err error
		v, err = Parse(text)
		ok = err == nil
	}
	out[key] = v
	return ok
}

// below picks what is wanted below a key; nothing is where there is no object.
func (p *picker) below(out Object, key string, want wanted) bool {
	if !p.is('{') {
		_, ok := p.value()
		return ok
	}
	p.at--
	inner, ok := p.object(want)
	out[key] = inner
	return ok
}

// scalar reads what is neither an array nor an object, and no text with
// anything odd in it.
func scalar(text []byte) (any, bool) {
	switch {
	case text[0] == '"' && bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text):
		return string(text[1 : len(text)-1]), true
	case string(text) == "true", string(text) == "false":
		return text[0] == 't', true
	case string(text) == "null":
		return nil, true
	default:
		return nil, false
	}
}

// is passes spaces, and the character behind them if it is c.
func (p *picker) is(c byte) bool {
	p.spaces()
	if p.at == len(p.raw) || p.raw[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *picker) spaces() {
	for p.at < len(p.raw) && isSpace(p.raw[p.at]) {
		p.at++
	}
}

func isEnd(c byte) bool { return c == ',' || c == '}' || c == ']' }

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// value passes a value, and is its text.
func (p *picker) value() (text []byte, ok bool) {
	p.spaces()
	begin := p.at
	switch {
	case p.is('"'):
		ok = p.closing()
	case p.is('{'), p.is('['):
		ok = p.nested()
	default:
		for p.at < len(p.raw) && !isSpace(p.raw[p.at]) && !isEnd(p.raw[p.at]) {
			p.at++
		}
		ok = p.at > begin
	}
	return p.raw[begin:p.at], ok
}

// closing passes the rest of a string.
func (p *picker) closing() bool {
	for begin := p.at; ; {
		next := bytes.IndexByte(p.raw[p.at:], '"')
		if next < 0 {
			return false
		}
		end := p.at + next
		p.at = end + 1
		escapes := end
		for escapes > begin && p.raw[escapes-1] == '\\' {
			escapes--
		}
		if (end-escapes)%2 == 0 {
			return true
		}
	}
}

// nested passes the rest of an array or an object.
func (p *picker) nested() bool {
	for depth := 1; p.at < len(p.raw); {
		c := p.raw[p.at]
		p.at++
		switch c {
		case '"':
			if !p.closing() {
				return false
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return true
			}
		}
	}
	return false
}
