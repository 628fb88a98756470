package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/twiml"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Finding is something in a document that people should know of.
type Finding struct {
	Line    int    `json:"line,omitempty"`   // from 1; 0 is unknown
	Column  int    `json:"column,omitempty"` // from 1, in characters
	Path    string `json:"path,omitempty"`   // dotted: "flow.data.voice_url"
	Code    string `json:"code"`             // of the rule, for programs
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what may have been meant
}

// Report is all that was found in a document.
type Report struct {
	File     string    `json:"file"`
	Language string    `json:"language"` // what it was taken for: twiml, kazoo, test
	Faults   []Finding `json:"faults"`   // for each of them the document is not carried out
	Warnings []Finding `json:"warnings"`
}

// The languages of documents.
const (
	languageTwiML = "twiml"
	languageKazoo = "kazoo"
	languageTest  = "test"
)

// Checker finds what is wrong with documents. Make one with NewChecker.
type Checker struct {
	engine *flow.Engine
	words  twiml.Dialect
}

// NewChecker returns a checker of callflows, and of the TwiML that compat
// names: "pivot" (also ""), or "twilio".
func NewChecker(compat string) Checker {
	return Checker{
		engine: flow.NewEngine(flow.Config{Actions: actions.All(Deps(anybody{})), Later: actions.Later()}),
		words:  profile(compat),
	}
}

// Check finds everything wrong with a document, which is TwiML, or a callflow:
// a node, or a callflow document with numbers; or with a test.
func (c Checker) Check(name string, body []byte) Report {
	r := Report{File: name, Language: languageKazoo, Faults: []Finding{}, Warnings: []Finding{}}
	switch kind := typeOf(name, body); {
	case kind == typeJSON && isTest(body):
		r.Language = languageTest
		r.test(name, body)
	case kind == typeXML:
		r.Language = languageTwiML
		r.twiml(c, body)
	case kind == typeJSON:
		r.callflow(c, body)
	default:
		r.Faults = append(r.Faults, Finding{
			Line: 1, Column: 1, Code: event.FailContentType,
			Message: "it is neither TwiML (<Response>…) nor callflow JSON ({…})",
		})
	}
	return r
}

// test looks at a test, and not at the files it names: whoever sends a document
// to a server must not have it read the server's files.
func (r *Report) test(name string, body []byte) {
	_, err := ReadTest(name, body)
	if err == nil {
		return
	}
	f := Finding{Line: 1, Column: 1, Code: "test", Message: err.Error()}
	if at, ok := errors.AsType[*event.ParseError](err); ok {
		f.Line, f.Column, f.Message = at.Line, at.Column, at.Message
	}
	r.Faults = append(r.Faults, f)
}

// maxFaults is how many faults of a callflow are told. To find where one is
// the document is read again.
const maxFaults = 100

// callflow looks at a node or a callflow document.
func (r *Report) callflow(c Checker, body []byte) {
	node, at := unwrap(body)
	_, err := kazoo.Dialect{}.Decode(typeJSON, node, c.engine.Check)
	if parse, ok := errors.AsType[*event.ParseError](err); ok {
		r.parse(body, at, parse)
		return
	}
	if len(at) > 0 {
		r.patterns(body, at[:len(at)-1])
	}
	faults, ok := errors.AsType[schema.Faults](err)
	if err != nil && !ok {
		faults = schema.Faults{{Rule: "error", Message: err.Error()}}
	}
	for _, f := range faults.Under(at...)[:min(len(faults), maxFaults)] {
		r.Faults = append(r.Faults, found(body, f))
	}
	if more := len(faults) - maxFaults; more > 0 {
		r.Faults = append(r.Faults, Finding{Line: 1, Column: 1, Code: "more", Message: fmt.Sprintf("%d more faults", more)})
	}
	if len(strings.TrimSpace(string(node))) == 0 {
		r.Faults = append(r.Faults, Finding{Code: "required", Message: "there is nothing in it"})
	}
}

// parse is JSON that cannot be read. What is wrong may be in a node within a
// document, and its place is then told in the document.
func (r *Report) parse(body []byte, at []string, p *event.ParseError) {
	line, column := p.Line, p.Column
	if len(at) > 0 {
		line, column = event.Position(body, locate(body, at)+int(p.Offset))
	}
	r.Faults = append(r.Faults, Finding{
		Line: line, Column: column, Path: strings.Join(at, "."), Code: event.FailParse, Message: p.Message,
	})
}

// patterns looks at the numbers' patterns of a callflow document.
func (r *Report) patterns(body []byte, at []string) {
	c, err := readCallflow(body)
	if err != nil {
		return // is told by whoever reads the flow
	}
	for i, p := range c.Patterns {
		if _, err := route.Compile(p); err != nil {
			path := append(slices.Clone(at), "patterns", fmt.Sprint(i))
			r.Faults = append(r.Faults, found(body, schema.Fault{Path: path, Rule: "pattern", Message: err.Error()}))
		}
	}
}

// found is a fault with its place in a JSON document.
func found(body []byte, f schema.Fault) Finding {
	line, column := event.Position(body, locate(body, f.Path))
	return Finding{Line: line, Column: column, Path: strings.Join(f.Path, "."), Code: f.Rule, Message: f.Message}
}

// anybody may be asked anything, and is not.
type anybody struct{ actions.Asker }

// CheckURL implements actions.Asker.
func (anybody) CheckURL(raw string) error {
	return webhook.Guard{AllowLoopback: true, Allow: everywhere()}.CheckURL(raw)
}

// Show writes a report for people, a line for each finding, as compilers do.
func (r Report) Show(w io.Writer) {
	for _, part := range []struct {
		kind string
		all  []Finding
	}{{"fault", r.Faults}, {"warning", r.Warnings}} {
		for _, f := range part.all {
			place := r.File
			if f.Line > 0 {
				place += fmt.Sprintf(":%d:%d", f.Line, f.Column)
			}
			text := f.Message
			if f.Path != "" {
				text = f.Path + ": " + text
			}
			if f.Hint != "" && !strings.Contains(text, f.Hint) {
				text += fmt.Sprintf(" (did you mean %s?)", f.Hint)
			}
			_, _ = fmt.Fprintf(w, "%s: %s: %s\n", place, part.kind, text)
		}
	}
}

// ShowJSON writes reports as JSON.
func ShowJSON(w io.Writer, all []Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}
