package flow

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pivotvoice/pivot/internal/schema"
)

// Def declares an action whose data is a D. It is all the product knows of
// it: the API, the editor, the docs and the checks are read from here.
type Def[D any] struct {
	Name     string    // its "module" in a callflow
	Aliases  []string  // other names for the same
	Summary  string    // one line
	Doc      string    // the rest, in Markdown
	Default  D         // the data where a callflow says nothing
	Branches []string  // the children it may take, besides Else
	Examples []Example // shown in the docs and run by the tests
	Needs    Need      // what must be so before it runs
	AfterEnd bool      // it may run once the call is over, see Last; where it leads to is then not gone to
	// Parts are schemas of parts of the data, which are published by name as
	// "callflows.<module>.<name>".
	Parts map[string]*schema.Schema
	// Silent is an action that takes none of the caller's time, whatever its
	// data: nothing is played, and nobody is waited for but computers.
	Silent bool
	// Check is what a schema cannot say.
	Check func(D) schema.Faults
	Run   func(ctx context.Context, s *Session, data D) (Next, error)
}

// Need is the state a call must be in for an action; the engine sees to it.
type Need int

// The needs.
const (
	Anything Need = iota
	Answer        // the call is answered first
)

// Example is a use of an action that works.
type Example struct {
	Says string // what it shows, one line
	Data string // the node's data, JSON
}

// Action is a Def with its type forgotten.
type Action struct {
	Name, Summary, Doc string
	Aliases            []string
	Branches           []string
	Examples           []Example
	Needs              Need
	AfterEnd, Silent   bool
	Schema             *schema.Schema
	Parts              map[string]*schema.Schema

	check func(data json.RawMessage) (json.RawMessage, schema.Faults)
	run   func(context.Context, *Session, json.RawMessage) (Next, error)
}

// Check returns data with its defaults, and everything wrong with it. Paths
// start at data.
func (a Action) Check(data json.RawMessage) (json.RawMessage, schema.Faults) { return a.check(data) }

// CodedError is an error with a code of its own for the timeline, such as
// "media.missing". Any other error of an action is "<module>.failed".
type CodedError struct {
	Code string
	Err  error
}

// Fail is a *CodedError, or nil if err is.
func Fail(code string, err error) error {
	if err == nil {
		return nil
	}
	return &CodedError{Code: code, Err: err}
}

func (e *CodedError) Error() string { return e.Err.Error() }

func (e *CodedError) Unwrap() error { return e.Err }

// Define makes an Action of d.
func Define[D any](d Def[D]) Action {
	s := schema.Of(d.Default)
	decode := func(raw json.RawMessage) (D, json.RawMessage, schema.Faults) {
		var data D // the schema fills the defaults in
		full, faults := s.Check(raw)
		if len(faults) > 0 {
			return data, full, faults
		}
		if err := s.Decode(full, &data); err != nil {
			return data, full, schema.Faults{{Rule: "type", Message: fmt.Sprintf("Value did not match type(s): %v", err)}}
		}
		if d.Check != nil {
			faults = d.Check(data)
		}
		return data, full, faults
	}
	return Action{
		Name: d.Name, Aliases: d.Aliases, Summary: d.Summary, Doc: d.Doc, Branches: d.Branches,
		Examples: d.Examples, Needs: d.Needs, AfterEnd: d.AfterEnd, Silent: d.Silent, Schema: s, Parts: d.Parts,
		check: func(raw json.RawMessage) (json.RawMessage, schema.Faults) {
			_, full, faults := decode(raw)
			return full, faults
		},
		run: func(ctx context.Context, sn *Session, raw json.RawMessage) (Next, error) {
			data, _, faults := decode(raw)
			if len(faults) > 0 {
				return Next{}, faults.Under("data")
			}
			return d.Run(ctx, sn, data)
		},
	}
}
