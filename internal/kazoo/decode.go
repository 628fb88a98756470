package kazoo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Decode reads a server's answer as a program and has check look at it. An
// empty answer is no program: nil. An error is a *webhook.Error of the kind
// content_type, an *event.ParseError, or schema.Faults.
//
// What a Content-Type means (spec/twiml.md section 1.3): application/json is a
// callflow; none, text/xml and application/xml are TwiML, which is not for this
// dialect to read; any other is whichever of the two it turns out to be.
// check fills in the program's defaults and finds everything wrong with it.
// Names of types are compared without regard to case, unlike in Kazoo.
func (Dialect) Decode(
	contentType string, body []byte, check func(*flow.Node) (*flow.Node, schema.Faults),
) (*flow.Node, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) // which editors put before UTF-8
	text := bytes.TrimSpace(body)
	if len(text) == 0 {
		return nil, nil //nolint:nilnil // no program is a proper answer: there is nothing more to do
	}
	if err := readable(contentType, text); err != nil {
		return nil, &webhook.Error{Kind: event.FailContentType, Err: err}
	}
	if err := scan(body); err != nil {
		return nil, err
	}
	r := reader{dec: json.NewDecoder(bytes.NewReader(body))}
	program := r.root()
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	program, faults := check(program)
	return program, faults.Err()
}

// errTwiML is for all that might be TwiML, which its own dialect reads.
var errTwiML = errors.New("TwiML is not read here, only callflow JSON with Content-Type: application/json")

// readable is nil if an answer of that type may be callflow JSON.
func readable(contentType string, text []byte) error {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
	case "application/json":
		return nil
	case "":
		return fmt.Errorf("the answer has no Content-Type, which means TwiML: %w", errTwiML)
	case "text/xml", "application/xml":
		return fmt.Errorf("the answer is %s: %w", kind, errTwiML)
	}
	if text[0] == '<' {
		return fmt.Errorf("the answer is %s and begins like XML or HTML (%s): %w", kind, start(text), errTwiML)
	}
	if text[0] != '{' && text[0] != '[' {
		return fmt.Errorf("the answer is %s and begins %s: it must be callflow JSON, with Content-Type: application/json",
			kind, start(text))
	}
	return nil
}

// start is how a text begins, for people.
func start(text []byte) string {
	line, _, _ := strings.Cut(string(text), "\n")
	r := []rune(strings.ToValidUTF8(line, "\uFFFD"))
	if len(r) > 30 {
		return fmt.Sprintf("%q…", string(r[:30]))
	}
	return fmt.Sprintf("%q", string(r))
}
