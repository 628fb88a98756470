package event

import (
	"bytes"
	"regexp"
)

// userinfo is the user and password of a URL in a text.
var userinfo = regexp.MustCompile(`(https?:\\?/\\?/)[^\s"'<>/@\\]+@`)

// secret is the value, a text or a number, of a JSON key that names one.
var secret = regexp.MustCompile(`(?i)("(?:(?:proxy-)?authorization|cookie|x-api-key|x-auth-token|` +
	`api[-_]?key|password|passwd|secret|token|access[-_]token|pin|record[-_]pin)"\s*:\s*)` +
	`(?:"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*)`)

// Mask is a document as a timeline may keep it: without passwords in URLs and
// without the values of keys that are secrets by their names. JSON stays
// JSON. The slice itself is left as it is.
func Mask(text []byte) []byte {
	if bytes.IndexByte(text, '@') >= 0 {
		text = userinfo.ReplaceAll(text, []byte("${1}xxxxx@"))
	}
	if bytes.IndexByte(text, ':') >= 0 {
		text = secret.ReplaceAll(text, []byte(`${1}"xxxxx"`))
	}
	return text
}
