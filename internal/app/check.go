package app

import (
	"context"
	"strings"
	"sync"

	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/sim"
	"github.com/pivotvoice/pivot/internal/twiml"
)

// checkers hold web servers' documents to their languages, as the command
// `pivot check` does. A checker reads the declarations of all actions once.
type checkers struct{ pivot, twilio func() sim.Checker }

func newChecker() checkers {
	return checkers{
		pivot:  sync.OnceValue(func() sim.Checker { return sim.NewChecker(string(twiml.Pivot)) }),
		twilio: sync.OnceValue(func() sim.Checker { return sim.NewChecker(string(twiml.Twilio)) }),
	}
}

// CheckDocument is api.DocumentChecker.
func (all checkers) CheckDocument(_ context.Context, d api.Document) api.Report {
	name := "" // whether it is TwiML or JSON is told from the document, unless it is said
	switch {
	case strings.Contains(d.ContentType, "json"):
		name = "document.json"
	case strings.Contains(d.ContentType, "xml") || d.Format == "twiml":
		name = "document.xml"
	}
	checker := all.pivot
	if d.Compat == string(twiml.Twilio) {
		checker = all.twilio
	}
	r := checker().Check(name, d.Body)
	return api.Report{Language: r.Language, Faults: found(r.Faults), Warnings: found(r.Warnings)}
}

func found(all []sim.Finding) schema.Faults {
	out := make(schema.Faults, len(all))
	for i, f := range all {
		extra := map[string]any{}
		if f.Line > 0 {
			extra["line"], extra["column"] = f.Line, f.Column
		}
		if f.Hint != "" {
			extra["suggestion"] = f.Hint
		}
		out[i] = schema.Fault{Rule: f.Code, Message: f.Message, Extra: extra}
		if f.Path != "" {
			out[i].Path = strings.Split(f.Path, ".")
		}
	}
	return out
}
