// Package twiml is the language of <Response> documents: it reads them into
// the same nodes that callflows are made of, and tells web servers of a call
// by the names that TwiML applications know (spec/twiml.md). A verb is one
// file, with its attributes and what it becomes.
package twiml

import (
	"encoding/json"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Profile says whose TwiML it is: names, ranges and defaults differ.
type Profile string

// The profiles, as the key compat of a pivot action has them.
const (
	Pivot  Profile = "pivot"  // what Kazoo's Pivot does (section 1), without its defects
	Twilio Profile = "twilio" // what Twilio does (section 2)
)

// Name is the dialect's name, as in req_format.
const Name = "twiml"

// Current is the id of the play node that an answer of sound becomes when
// Decode is not told where it came from: whoever knows puts the URL there.
const Current = "document://current"

// Checker fills in a program's defaults and finds what is wrong with it.
type Checker = func(*flow.Node) (*flow.Node, schema.Faults)

// JSONDecoder reads callflow JSON, for answers that are no TwiML. Its errors
// are those of Decode.
type JSONDecoder interface {
	Decode(contentType string, body []byte, check func(*flow.Node) (*flow.Node, schema.Faults)) (*flow.Node, error)
}

// Dialect speaks one profile of TwiML. Make one with New. It is safe for any
// number of calls at once once its fields are set.
type Dialect struct {
	// Lenient skips an unknown verb with a warning; it is a fault otherwise.
	Lenient bool
	// Callflows reads the answers that are callflow JSON; without it they are
	// refused.
	Callflows JSONDecoder

	profile Profile
	words   *words
}

// New returns the dialect of a profile.
func New(p Profile) Dialect { return Dialect{profile: p, words: vocabulary(p)} }

// Check reads a document and returns everything wrong with it, and what is
// odd and does not stop a call. Every fault and warning has in its Extra the
// place as "line" and "column" (from 1, in characters), and "code", Twilio's
// number for that kind of error; where a name was mistyped "suggestion" is the
// right one. At most maxFaults of each are returned.
func (d Dialect) Check(body []byte) (faults, warnings schema.Faults) {
	c := d.compiler("")
	if _, err := c.document(body, ""); err != nil {
		faults = errorFaults(err)
	}
	return faults, c.warnings.list()
}

// data is a node's data as JSON. Strings stay readable: nothing of it goes
// into HTML.
func data(fields map[string]any) json.RawMessage {
	raw, err := encode(fields)
	if err != nil {
		return nil // strings, numbers, booleans and nodes: there is JSON for all of them
	}
	return raw
}
