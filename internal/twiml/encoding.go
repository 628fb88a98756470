package twiml

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// declared is the encoding that an XML declaration names.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// toUTF8 is body in UTF-8. What it is in says its byte order mark, else
// charset (of the Content-Type, "" if it has none), else its XML declaration,
// else it is UTF-8 (RFC 7303 section 3). The error is an *event.ParseError.
func toUTF8(body []byte, charset string) ([]byte, error) {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return body[3:], nil
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return recode(body, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), "UTF-16")
	}
	if charset == "" {
		if m := declared.FindSubmatch(body[:min(len(body), 200)]); m != nil {
			charset = string(m[1])
		}
	}
	switch name := strings.ToLower(charset); name {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return body, nil
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
		// The web's ISO-8859-1 is Windows-1252: it differs in control codes only.
		return recode(body, charmap.Windows1252, name)
	case "iso-8859-15":
		return recode(body, charmap.ISO8859_15, name)
	case "utf-16", "utf-16be":
		return recode(body, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), name)
	case "utf-16le":
		return recode(body, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), name)
	}
	return nil, stopped(body, 0, fmt.Sprintf("the encoding %q is not supported; use UTF-8", charset))
}

func recode(body []byte, from encoding.Encoding, name string) ([]byte, error) {
	out, err := from.NewDecoder().Bytes(body)
	if err != nil {
		return nil, stopped(body, 0, "this is not "+name+": "+err.Error())
	}
	return out, nil
}
