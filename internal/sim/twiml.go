package sim

import (
	"slices"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/twiml"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// profile is the profile of TwiML that compat names; "" is pivot.
func profile(compat string) twiml.Dialect {
	p := twiml.Pivot
	if compat == string(twiml.Twilio) {
		p = twiml.Twilio
	}
	d := twiml.New(p)
	d.Callflows = kazoo.Dialect{}
	return d
}

// dialects are those of the server.
func dialects() map[string]actions.Dialect {
	return map[string]actions.Dialect{
		kazoo.Name: kazoo.Dialect{}, twiml.Name: profile(""), string(twiml.Twilio): profile(string(twiml.Twilio)),
	}
}

// twiml looks at a TwiML document: at its words first, and if they are good
// at what it becomes.
func (r *Report) twiml(c Checker, body []byte) {
	faults, warnings := c.words.Check(body)
	if len(faults) == 0 {
		answer := webhook.Answer{URL: fileURL("document.xml"), ContentType: typeXML, Body: body}
		_, odd, err := c.words.Read(answer, c.engine.Check)
		faults, warnings = faultsOf(err), odd
	}
	r.Faults = append(r.Faults, placed(faults)...)
	r.Warnings = append(r.Warnings, placed(warnings)...)
}

// faultsOf are the faults that an error of a dialect is.
func faultsOf(err error) schema.Faults {
	switch e := err.(type) { //nolint:errorlint // a dialect's errors are never wrapped
	case nil:
		return nil
	case schema.Faults:
		return e
	case *event.ParseError:
		return schema.Faults{{
			Rule: event.FailParse, Message: e.Message, Extra: map[string]any{"line": e.Line, "column": e.Column},
		}}
	}
	return schema.Faults{{Rule: "error", Message: err.Error()}}
}

// placed are faults that know where they are, in the order of their places.
func placed(faults schema.Faults) []Finding {
	var all []Finding
	for _, f := range faults {
		one := Finding{Code: f.Rule, Message: f.Message}
		one.Path = schema.Faults{f}.Facts()[0].Path
		one.Line, _ = f.Extra["line"].(int)
		one.Column, _ = f.Extra["column"].(int)
		one.Hint, _ = f.Extra["suggestion"].(string)
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return all
}
