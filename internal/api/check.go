package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Document is what a web server could answer.
type Document struct {
	Body        []byte
	ContentType string // "" is to be told from the body
	Format      string // the req_format of the pivot action; "" is whatever the document is
	Compat      string // the compat of the pivot action, of TwiML; "" is the default
}

// Report is all that was found in a document. A fault's Extra has its place
// as "line" and "column" (from 1, in characters) where that is known, Twilio's
// number for it as "code", and what was probably meant as "suggestion".
type Report struct {
	Language string        // what the document was taken for: "twiml", "kazoo"
	Faults   schema.Faults // for any of them the document is not carried out
	Warnings schema.Faults // what is odd and does not stop a call
}

// DocumentChecker holds web servers' documents to their languages.
type DocumentChecker interface {
	CheckDocument(ctx context.Context, d Document) Report
}

// checkBody is the data of POST pivot/check.
type checkBody struct {
	Document    string `json:"document" jsonschema:"required" jsonschema_description:"What a web server would answer."`
	ContentType string `json:"content_type,omitempty" jsonschema:"maxLength=256" jsonschema_description:"The Content-Type it would have; told from the document where it is not given."`
	Format      string `json:"req_format,omitempty" jsonschema:"enum=kazoo,enum=twiml" jsonschema_description:"The req_format of the pivot action."`
	Compat      string `json:"compat,omitempty" jsonschema:"enum=pivot,enum=twilio" jsonschema_description:"The compat of the pivot action."`
}

func (s *Server) checkOperations() []rest.Operation {
	if s.cfg.Documents == nil {
		return nil
	}
	return []rest.Operation{{
		Method: http.MethodPost, Path: "accounts/{account_id}/pivot/check", Group: "pivot",
		Consumes: []string{"text/xml", "application/xml", rest.TypeJSON},
		Summary:  "Check a document as a web server would answer it: in data, or as the body",
		Params:   []rest.Param{rest.Text("req_format", "kazoo or twiml."), rest.Text("compat", "pivot or twilio.")},
		Body:     schema.Of(checkBody{}), Do: s.checkDocument,
		Example: rest.Example{Type: "text/xml", Body: "<Response><Say>Hello</Say></Response>"},
	}}
}

func (s *Server) checkDocument(r *rest.Request) (rest.Reply, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.HTTP.Body, rest.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return rest.Reply{}, rest.TooLarge(rest.MaxBody)
	case err != nil:
		return rest.Reply{}, schema.Invalid("document", "invalid", "The body could not be read", nil)
	}
	in, err := s.documentIn(r, body)
	if err != nil {
		return rest.Reply{}, err
	}
	report := s.cfg.Documents.CheckDocument(r.Context(), Document{
		Body: []byte(in.Document), ContentType: in.ContentType, Format: in.Format, Compat: in.Compat,
	})
	return rest.Reply{Data: map[string]any{
		"valid": len(report.Faults) == 0, "language": report.Language,
		"faults": findings(report.Faults), "warnings": findings(report.Warnings),
	}}, nil
}

// findings are faults as a list, in the order that they were found in.
func findings(faults schema.Faults) []any {
	rows := make([]any, len(faults))
	for i, f := range faults {
		row := resource.Object{}
		maps.Copy(row, f.Extra)
		row["path"], row["rule"], row["message"] = f.Dotted(), f.Rule, f.Message
		rows[i] = row
	}
	return rows
}

// documentIn is the document that a body is, or has in an envelope.
func (s *Server) documentIn(r *rest.Request, body []byte) (in checkBody, err error) {
	given := r.HTTP.Header.Get("Content-Type")
	if data, ok := enveloped(given, body); ok {
		r.SetValue(data)
		return in, r.Decode(&in)
	}
	r.SetValue(resource.Object{"document": ""})
	for _, name := range []string{"req_format", "compat"} {
		if v := r.Query.Get(name); v != "" {
			r.Data()[name] = v
		}
	}
	if err := r.Decode(&in); err != nil {
		return in, err
	}
	in.Document, in.ContentType = string(body), given
	if strings.HasPrefix(given, rest.TypeForm) {
		in.ContentType = "" // curl calls everything so if not told otherwise
	}
	return in, nil
}

// enveloped is the data of a body that is an envelope. A callflow node has
// data too, and a module besides.
func enveloped(contentType string, body []byte) (resource.Object, bool) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = ""
	}
	if !rest.CarriesEnvelope(kind) {
		return nil, false
	}
	var e struct {
		Module json.RawMessage `json:"module"`
		Data   json.RawMessage `json:"data"`
	}
	if what, _ := rest.TooMuch(body); what != "" || json.Unmarshal(body, &e) != nil || e.Module != nil {
		return nil, false
	}
	data, err := resource.ParseObject(e.Data)
	return data, err == nil && e.Data != nil
}
