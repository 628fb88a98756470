package actions

import (
	"context"
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

// valueMethod is how a value is said.
type valueMethod string

// Enum are the methods there are.
func (valueMethod) Enum() []string { return saying.Methods() }

// value is a text that is said as what it is.
type value struct {
	text, language string
	kind           valueType
	method         valueMethod
}

// wordless are the types that are said without any word of English.
var wordless = []valueType{"telephone_extension", "account_number", "name_spelled", ""}

// speech is how the value is said, in the call's language if it has none. What
// is not said as it was asked for is told.
func (v value) speech(ctx context.Context, s *flow.Session, clock openings) audio.Speech {
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
	zone, _ := clock.zone(ctx, s, "")
	ssml, fits := saying.Value{
		Text: v.text, Type: string(v.kind), Method: string(v.method), Now: time.Now().In(zone),
	}.SSML()
	if !fits {
		s.Add(event.Warned{Code: "say.type", Message: fmt.Sprintf("%.40q is not a %s: it is read as text", v.text, v.kind)})
	}
	out.Text, out.SSML = ssml, true
	return out
}
