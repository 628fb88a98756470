package actions

import (
	"fmt"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/saying"
)

// valueType is what a text that is to be said is.
type valueType string

// Enum are the types there are.
func (valueType) Enum() []string { return saying.Types() }

// timely says whether it is a time: then an empty text is the current one.
func (t valueType) timely() bool {
	switch t {
	case "current_date", "current_time", "current_date_time", "short_date_time":
		return true
	default:
		return false
	}
}

// valueMethod is how a value is said.
type valueMethod string

// Enum are the methods there are.
func (valueMethod) Enum() []string { return saying.Methods() }

// value is a text that is said as what it is.
type value struct {
	text, language string
	kind           valueType
	method         valueMethod
	gender         string
}

// wordless are the types that are said without any word of English.
var wordless = []valueType{"telephone_extension", "account_number", "name_spelled", ""}

// speech is how the value is said, in the call's language if it has none. What
// is not said as it was asked for is told. now is the time by the account's
// clocks, which is asked for only where it matters.
func (v value) speech(s *flow.Session, now func() time.Time) audio.Speech {
	language := v.language
	if language == "" {
		language = s.Language
	}
	out := audio.Speech{Text: v.text, Language: language}
	if !prompts.English(language) && !slices.Contains(wordless, v.kind) {
		text := fmt.Sprintf("a %s is not put into words in %q: the text is read as it is", v.kind, language)
		s.Add(event.Warned{Code: "say.type", Message: text})
		return out
	}
	if v.gender != "" {
		text := fmt.Sprintf("gender %q changes nothing: English has none", v.gender)
		s.Add(event.Warned{Code: "say.gender", Message: text})
	}
	said := saying.Value{Text: v.text, Type: string(v.kind), Method: string(v.method)}
	if v.kind.timely() {
		said.Now = now()
	}
	ssml, fits := said.SSML()
	if !fits {
		s.Add(event.Warned{Code: "say.type", Message: fmt.Sprintf("%.40q is not a %s: it is read as text", v.text, v.kind)})
	}
	out.Text, out.SSML = ssml, true
	return out
}
