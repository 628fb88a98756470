package main

import (
	"errors"
	"io"
	"os"

	"github.com/pivotvoice/pivot/internal/sim"
)

// exit is an error with a status of its own: 1 is "no", as in a test that
// failed; 2 is "it could not be found out".
type exit struct {
	error

	code int
}

// ExitCode is for kong.
func (e exit) ExitCode() int { return e.code }

// could is err as what could not be done at all; nil stays nil.
func could(err error) error {
	if err == nil {
		return nil
	}
	return exit{err, 2}
}

// check is `pivot check`.
type check struct {
	Files  []string `arg:"" name:"file" help:"TwiML (.xml) or callflow (.json) documents; - reads one from the standard input."`
	Compat string   `help:"Whose TwiML it is: pivot or twilio." enum:"pivot,twilio" default:"pivot"`
	JSON   bool     `help:"Write what was found as JSON." name:"json"`
}

// Run is called by kong.
func (c *check) Run() error {
	var reports []sim.Report
	faults, checker := 0, sim.NewChecker(c.Compat)
	for _, name := range c.Files {
		body, shown, err := document(name)
		if err != nil {
			return could(err)
		}
		r := checker.Check(shown, body)
		reports = append(reports, r)
		faults += len(r.Faults)
		if !c.JSON {
			r.Show(out)
		}
	}
	if c.JSON {
		if err := sim.ShowJSON(out, reports); err != nil {
			return could(err)
		}
	}
	if faults > 0 {
		return exit{errors.New(many(faults, "fault")), 1}
	}
	return nil
}

// document is what a file, or the standard input, has, and how it is called.
func document(name string) (body []byte, shown string, err error) {
	if name == "-" {
		body, err = io.ReadAll(os.Stdin)
		return body, "<stdin>", err
	}
	body, err = sim.ReadFile(name)
	return body, name, err
}
