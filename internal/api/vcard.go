package api

import (
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
)

// vcardOf is a document as a card (RFC 6350); first, last, whole and number
// are where it has the parts of a name and a number.
func vcardOf(o resource.Object, first, last, whole, number string) rest.Reply {
	given, family := resource.Text(o, first), resource.Text(o, last)
	name := strings.TrimSpace(given + " " + family)
	if s := resource.Text(o, whole); s != "" {
		name = s
	}
	lines := []string{
		"BEGIN:VCARD", "VERSION:4.0", "FN:" + escaped(name), "N:" + escaped(family) + ";" + escaped(given) + ";;;",
	}
	for _, line := range []struct{ name, value string }{
		{"TEL", resource.Text(o, number)},
		{"EMAIL", resource.Text(o, "email")},
		{"TITLE", resource.Text(o, "profile.title")},
		{"ROLE", resource.Text(o, "profile.role")},
		{"BDAY", resource.Text(o, "profile.birthday")},
		{"NOTE", resource.Text(o, "profile.note")},
	} {
		if line.value != "" {
			lines = append(lines, line.name+":"+escaped(line.value))
		}
	}
	card := strings.Join(append(lines, "END:VCARD", ""), "\r\n")
	return rest.Reply{Take: func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", rest.TypeVCard+"; charset=utf-8")
		_, _ = w.Write([]byte(card)) // nobody is left to be told of an error
	}}
}

// escaped is text as a value of a card (RFC 6350 section 3.4).
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(text)
}
