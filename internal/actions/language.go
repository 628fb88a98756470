package actions

import (
	"context"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

var language = flow.Define(flow.Def[languageData]{
	Name:    "language",
	Silent:  true,
	Summary: "Sets the call's language.",
	Doc: "It is the language of `tts` and of prompts from here on, where they do not name one, and is told to " +
		"webhooks.",
	Examples: []flow.Example{{Says: "German.", Data: `{"language": "de-de"}`}},
	Run: func(_ context.Context, s *flow.Session, d languageData) (flow.Next, error) {
		s.Language = strings.ToLower(d.Language)
		s.Add(event.Set{Name: "language", Value: s.Language})
		return flow.Next{}, nil
	},
})

type languageData struct {
	Language string `json:"language" jsonschema:"required,pattern=^[A-Za-z]{2}(-[A-Za-z]{2})?$" jsonschema_description:"Two letters, and two more for the country: en, en-us."`
	flow.Skip
}
