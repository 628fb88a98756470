package actions

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Asker asks customers' web servers; a *webhook.Client is one.
type Asker interface {
	Ask(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer)
	CheckURL(raw string) error
}

// Dialect is a language that web servers are asked in and answer in.
type Dialect interface {
	// Form is what is known of the call, for a query or a form.
	Form(s *flow.Session) url.Values
	// JSON is the same as a JSON object.
	JSON(s *flow.Session) ([]byte, error)
	// Decode reads an answer and has check look at it; nil is an answer that
	// holds nothing. An error is a *webhook.Error, *event.ParseError or
	// schema.Faults.
	Decode(contentType string, body []byte, check func(*flow.Node) (*flow.Node, schema.Faults)) (*flow.Node, error)
}

// pivotTime is how long a web server has where the data does not say.
const pivotTime = 5 * time.Second

// pivotData is spec/twiml.md section 1.1.
type pivotData struct {
	VoiceURL   string            `json:"voice_url" jsonschema:"required" jsonschema_description:"The URL to ask. In an answer of a web server it may be relative to the URL that answered."`
	Method     string            `json:"method,omitempty" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How to ask: get has what is known of the call in the query, post in the body."`
	Format     string            `json:"req_format,omitempty" jsonschema:"enum=kazoo,enum=twiml" jsonschema_description:"The names that the call is told by, and the language of the answer."`
	BodyFormat string            `json:"req_body_format,omitempty" jsonschema:"enum=form,enum=json" jsonschema_description:"What a post carries."`
	Timeout    int               `json:"req_timeout_ms,omitempty" jsonschema:"maximum=5000" jsonschema_description:"How long to wait for the whole answer, in milliseconds; 5000 if it is not given."`
	CDRURL     string            `json:"cdr_url,omitempty" jsonschema:"pattern=^https?://" jsonschema_description:"Where call records go when the answers are TwiML; with callflow JSON nothing is sent there."`
	Debug      bool              `json:"debug,omitempty" jsonschema:"default=false" jsonschema_description:"Show this exchange under pivot/debug too."`
	Headers    map[string]string `json:"custom_request_headers,omitempty" jsonschema_description:"Headers to send besides our own."`
	flow.Skip
}

const pivotDoc = `Asks a web server what to do with the call and does what it answers: one callflow node,
` + "`{\"module\": …, \"data\": …, \"children\": {\"_\": …}}`" + `, with ` + "`Content-Type: application/json`" + `.
The answer takes the place of what is left of the running callflow. An empty answer hangs up.

If the server cannot be reached, is too slow, answers with an error or with something that is
no good callflow, the child ` + "`error`" + ` is taken, else ` + "`_`" + `, on the first and on every later request
alike. The timeline says why.

Digits that were collected are sent as ` + "`Digits`" + `, named collections as ` + "`Digits[name]`" + `, once each for
the unnamed one. A ` + "`voice_url`" + ` in an answer may be relative to the URL that answered (RFC 3986).`

// pivot asks with web, in one of dialects by req_format.
func pivot(web Asker, dialects map[string]Dialect) flow.Action {
	p := pivoter{web, dialects}
	return flow.Define(flow.Def[pivotData]{
		Name:     "pivot",
		Summary:  "Asks a web server what to do with the call, and does it.",
		Doc:      pivotDoc,
		Default:  pivotData{Method: "get", Format: "kazoo", BodyFormat: "form"},
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "Ask your server.", Data: `{"voice_url": "https://example.com/voice"}`},
			{
				Says: "Ask with a JSON body.",
				Data: `{"voice_url": "https://example.com/voice", "method": "post", "req_body_format": "json"}`,
			},
			{Says: "Wait two seconds at most.", Data: `{"voice_url": "https://example.com/voice", "req_timeout_ms": 2000}`},
			{Says: "Ask the next page of the server that answered last.", Data: `{"voice_url": "code", "method": "post"}`},
		},
		Check: p.check,
		Run:   p.run,
	})
}

type pivoter struct {
	web      Asker
	dialects map[string]Dialect
}

func (p pivoter) check(d pivotData) schema.Faults {
	var all schema.Faults
	fault := func(rule, message string, value any, path ...string) {
		all = append(all, schema.Fault{Path: path, Rule: rule, Message: message, Extra: map[string]any{"value": value}})
	}
	if u, err := url.Parse(d.VoiceURL); err != nil || d.VoiceURL == "" ||
		(u.IsAbs() || u.Host != "") && p.web.CheckURL(absolute(u)) != nil {
		fault("error", "invalid client URL", d.VoiceURL, "voice_url")
	}
	if _, ok := p.dialects[d.Format]; !ok {
		fault("error", d.Format+" is not supported yet; use kazoo", d.Format, "req_format")
	}
	if d.Timeout < 0 {
		fault("minimum", "Value must be at least 0", d.Timeout, "req_timeout_ms")
	}
	for name, value := range d.Headers {
		if err := webhook.CheckHeader(name, value); err != nil {
			fault("error", err.Error(), value, "custom_request_headers", name)
		}
	}
	return all
}

// absolute is u for a look at its host: //host/path has no scheme of its own.
func absolute(u *url.URL) string {
	if u.Scheme == "" {
		return "https:" + u.String()
	}
	return u.String()
}

// pivots is the key of a call's count of pivots in its session.
type pivots struct{}

func (p pivoter) run(ctx context.Context, s *flow.Session, d pivotData) (flow.Next, error) {
	n, _ := s.Value(pivots{}).(int)
	s.SetValue(pivots{}, n+1)
	talk := p.dialects[d.Format]
	r, err := d.request(s, talk)
	if err != nil {
		return flow.Next{}, err
	}
	r.ID = n + 1
	s.Add(event.Fetching{ID: r.ID, Method: r.Method, URL: r.Shown()})
	got, answer := p.web.Ask(ctx, r)
	got.Debug = d.Debug
	var program *flow.Node
	if got.Failure == "" {
		program, err = talk.Decode(answer.ContentType, answer.Body, s.Check)
		blame(&got, err)
	}
	s.Add(got)
	switch {
	case ctx.Err() != nil:
		return flow.Next{}, context.Cause(ctx)
	case got.Failure != "":
		// A new error: what is wrong with the answer is not wrong with our data.
		return flow.Next{}, flow.Fail("pivot."+got.Failure, errors.New(got.Err))
	}
	s.Sent()
	if d.CDRURL != "" {
		s.Add(event.Warned{Code: "pivot.cdr_url", Message: "cdr_url is for TwiML only: no call record is sent there"})
	}
	if program == nil {
		s.Add(event.Warned{Code: "pivot.empty", Message: "the server answered with nothing: the call is hung up"})
		return flow.Over, nil
	}
	// A program was read from JSON and can be written as JSON.
	text, _ := json.Marshal(program)
	s.Add(event.Decoded{ID: got.ID, Dialect: d.Format, Program: event.Mask(text)})
	return flow.Become(program, answer.URL), nil
}

// request is what to ask, but for its ID.
func (d pivotData) request(s *flow.Session, talk Dialect) (webhook.Request, error) {
	r := webhook.Request{
		Method: strings.ToUpper(d.Method), URL: d.VoiceURL, Header: http.Header{},
		Timeout: time.Duration(d.Timeout) * time.Millisecond,
	}
	if r.Timeout == 0 {
		r.Timeout = pivotTime
	}
	r.Header.Set("Accept", "application/json, */*;q=0.1")
	for name, value := range d.Headers {
		r.Header.Set(name, value)
	}
	// A URL that leads nowhere stays as it is: asking it fails and says why.
	if full, err := webhook.Resolve(s.Base, d.VoiceURL); err == nil {
		r.URL = full
	}
	if r.Method != http.MethodPost || d.BodyFormat != "json" {
		r.Params = talk.Form(s)
		return r, nil
	}
	var err error
	r.Body, err = talk.JSON(s)
	r.ContentType = "application/json"
	return r, err
}

// blame puts what is wrong with an answer into its fact.
func blame(f *event.Fetched, err error) {
	if err == nil {
		return
	}
	f.Failure, f.Err = event.FailParse, err.Error()
	if e, ok := errors.AsType[*webhook.Error](err); ok {
		f.Failure = e.Kind
	}
	if e, ok := errors.AsType[schema.Faults](err); ok {
		f.Failure, f.Faults = event.FailSchema, e.Facts()
	}
	if e, ok := errors.AsType[*event.ParseError](err); ok {
		f.Parse = e
	}
}
