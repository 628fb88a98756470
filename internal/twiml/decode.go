package twiml

import (
	"bytes"
	"fmt"
	"mime"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Decode reads a server's answer as a program and has check look at it. An
// empty answer is no program: nil. An error is a *webhook.Error of the kind
// content_type, an *event.ParseError, or schema.Faults as Check's.
//
// What a Content-Type means is in spec/twiml.md sections 1.3 and 2.3; callflow
// JSON is accepted in both profiles.
func (d Dialect) Decode(
	contentType string, body []byte, check func(*flow.Node) (*flow.Node, schema.Faults),
) (*flow.Node, error) {
	program, _, err := d.Read(webhook.Answer{ContentType: contentType, Body: body}, check)
	return program, err
}

// Read is Decode of an answer whose URL is known, so that sounds beside it are
// found, and with the warnings there are.
func (d Dialect) Read(
	a webhook.Answer, check func(*flow.Node) (*flow.Node, schema.Faults),
) (program *flow.Node, warnings schema.Faults, err error) {
	kind, charset := mediaType(a.ContentType)
	r := reader{Dialect: d, c: d.compiler(a.URL), body: a.Body, charset: charset, check: check}
	if strings.HasPrefix(kind, "audio/") && d.profile == Twilio {
		program, err = r.audio(a.URL)
		return program, nil, err
	}
	if blank(a.Body) {
		return nil, nil, nil
	}
	program, err = r.read(kind)
	return program, r.c.warnings.list(), err
}

// mediaType is the type and the charset of a Content-Type, in lower case.
// Servers write it in many ways, so that what can be read of it is taken.
func mediaType(contentType string) (kind, charset string) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, _, _ = strings.Cut(contentType, ";")
	}
	return strings.ToLower(strings.TrimSpace(kind)), strings.ToLower(params["charset"])
}

// reader reads one answer.
type reader struct {
	Dialect
	c       *compiler
	body    []byte
	charset string
	check   Checker
}

// read reads an answer that is not empty, by its type.
func (r reader) read(kind string) (*flow.Node, error) {
	switch kind {
	case "", "text/xml", "application/xml":
		return r.twiml()
	case "application/json":
		return r.json()
	}
	if r.profile == Pivot {
		if c := r.first(); c == '{' || c == '[' {
			return r.json()
		}
		return r.twiml()
	}
	switch kind {
	case "text/html":
		return r.twiml()
	case "text/plain":
		if r.first() == '<' && bytes.Contains(r.body, []byte("<Response")) {
			return r.twiml()
		}
		return r.spoken()
	}
	return nil, refuse("an answer of the type %s is not understood: it must be "+
		"text/xml, text/plain, audio/… or application/json", kind)
}

// first is the first byte that is no blank.
func (r reader) first() byte {
	text := bytes.TrimSpace(bytes.TrimPrefix(r.body, []byte("\xef\xbb\xbf")))
	return text[0]
}

func refuse(format string, a ...any) error {
	return &webhook.Error{Kind: event.FailContentType, Err: fmt.Errorf(format, a...)}
}

func (r reader) twiml() (*flow.Node, error) {
	if c := r.first(); c != '<' && c < 0x80 && c != 0 {
		at := len(r.body) - len(bytes.TrimLeft(r.body, blanks))
		return nil, stopped(r.body, at, "this is no XML: TwiML begins with <Response>")
	}
	program, err := r.c.document(r.body, r.charset)
	if err != nil {
		return nil, err
	}
	return r.checked(program)
}

// checked has a program looked at.
func (r reader) checked(program *flow.Node) (*flow.Node, error) {
	full, faults := r.check(program)
	if len(faults) > 0 {
		return nil, r.c.blame(program, faults)
	}
	return full, nil
}

func (r reader) json() (*flow.Node, error) {
	if r.Callflows == nil {
		return nil, &webhook.Error{Kind: event.FailContentType, Err: errNoJSON}
	}
	return r.Callflows.Decode("application/json", r.body, r.check)
}

// audio plays an answer that is a sound, then hangs up.
func (r reader) audio(from string) (*flow.Node, error) {
	if from == "" {
		from = Current
	}
	play := &flow.Node{Module: "play", Data: data(map[string]any{"id": from, "terminators": []string{}})}
	return r.thenOver(play)
}

// spoken reads an answer that is plain text aloud, then hangs up.
func (r reader) spoken() (*flow.Node, error) {
	body, err := toUTF8(r.body, r.charset)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), "\uFFFD"))
	if text == "" {
		return nil, nil //nolint:nilnil // nothing to say: no program is a proper answer
	}
	return r.thenOver(&flow.Node{Module: "say", Data: data(map[string]any{
		"text": cutRunes(text, maxText), "ssml": false, "loop": 1, "terminators": []string{},
	})})
}

func (r reader) thenOver(n *flow.Node) (*flow.Node, error) {
	n.Children = map[string]*flow.Node{flow.Else: {Module: "hangup"}}
	return r.checked(n)
}
