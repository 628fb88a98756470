package actions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/pivotvoice/pivot/internal/call"
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

// Reader is a Dialect that reads an answer better for knowing where it came
// from, and says what is odd in it and no fault.
type Reader interface {
	Read(a webhook.Answer, check func(*flow.Node) (*flow.Node, schema.Faults)) (*flow.Node, schema.Faults, error)
}

// The values of req_format, and with twiml of compat: whose TwiML it is.
const (
	formatKazoo  = "kazoo"
	formatTwiML  = "twiml"
	compatTwilio = "twilio"
)

// pivotData is spec/twiml.md section 1.1, and what Twilio keeps with a number.
type pivotData struct {
	VoiceURL   string            `json:"voice_url" jsonschema:"required" jsonschema_description:"The URL to ask. In an answer of a web server it may be relative to the URL that answered."`
	Method     string            `json:"method,omitempty" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How to ask: get has what is known of the call in the query, post in the body. With compat twilio it is post if it is not given."`
	Format     string            `json:"req_format,omitempty" jsonschema:"enum=kazoo,enum=twiml" jsonschema_description:"The names that the call is told by, and the language of an answer that does not say."`
	Compat     string            `json:"compat,omitempty" jsonschema:"enum=pivot,enum=twilio" jsonschema_description:"With req_format twiml: whose TwiML the application was written for. If it is not given: that of the call's pivot before, else pivot."`
	BodyFormat string            `json:"req_body_format,omitempty" jsonschema:"enum=form,enum=json" jsonschema_description:"What a post carries."`
	Timeout    int               `json:"req_timeout_ms,omitempty" jsonschema:"maximum=5000" jsonschema_description:"How long to wait for the whole answer, in milliseconds; 5000 if it is not given, with compat twilio 15000."`
	CDRURL     string            `json:"cdr_url,omitempty" jsonschema:"pattern=^https?://" jsonschema_description:"Where the call's record is posted when it is over, with req_format twiml; with kazoo nothing is sent there."`
	Debug      bool              `json:"debug,omitempty" jsonschema:"default=false" jsonschema_description:"Show this exchange under pivot/debug too."`
	Headers    map[string]string `json:"custom_request_headers,omitempty" jsonschema_description:"Headers to send besides our own."`

	FallbackURL    string   `json:"fallback_url,omitempty" jsonschema_description:"The URL to ask once when another one fails, here or later in the call."`
	FallbackMethod string   `json:"fallback_method,omitempty" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How to ask it; as method if it is not given."`
	StatusURL      string   `json:"status_callback,omitempty" jsonschema_description:"The URL to tell how the call goes."`
	StatusMethod   string   `json:"status_callback_method,omitempty" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How to tell it; post if it is not given."`
	StatusEvents   []string `json:"status_callback_event,omitempty" jsonschema:"uniqueItems=true,enum=initiated,enum=ringing,enum=answered,enum=completed" jsonschema_description:"What to tell it of; completed if nothing is given."`
	flow.Skip
}

const pivotDoc = `Asks a web server what to do with the call and does what it answers: one callflow node,
` + "`{\"module\": …, \"data\": …, \"children\": {\"_\": …}}`" + `, with ` + "`Content-Type: application/json`" + `.
The answer takes the place of what is left of the running callflow. An empty answer hangs up.

If the server cannot be reached, is too slow, answers with an error or with something that is
no good callflow, the child ` + "`error`" + ` is taken, else ` + "`_`" + `, on the first and on every later request
alike. The timeline says why.

Digits that were collected are sent as ` + "`Digits`" + `, named collections as ` + "`Digits[name]`" + `, once each for
the unnamed one. A ` + "`voice_url`" + ` in an answer may be relative to the URL that answered (RFC 3986).

With ` + "`\"req_format\": \"twiml\"`" + ` the server is told of the call by the names that TwiML
applications know, and answers with a ` + "`<Response>`" + ` document. An answer is read by its
Content-Type: XML is TwiML and ` + "`application/json`" + ` a callflow, whatever was asked for.
` + "`\"compat\": \"twilio\"`" + ` is for applications written for Twilio: it asks by POST first, waits
5 s for a connection, tries once more if there is none, and waits 15 s for all of it;
` + "`pivot`" + ` is for those written for Kazoo.

Whatever goes wrong, the ` + "`fallback_url`" + ` is asked once, with ` + "`ErrorCode`" + ` and ` + "`ErrorUrl`" + `
besides. If that fails too, and there is no child to take, a caller who was promised TwiML
hears that an application error has occurred, and the call is hung up. The fallback and the
status callback of the first ` + "`pivot`" + ` of a call hold for all that follow from it. A call that
is answered a hundred times in a row with nothing but the way to the next answer is ended.

Requests are signed with the account's key (` + "`X-Twilio-Signature`" + `), carry the call's cookies
and a token that stays the same when they are tried again
(` + "`I-Twilio-Idempotency-Token`" + `). A URL's fragment may set limits of its own: ` + "`#ct=`, `rt=`" + `
and ` + "`tt=`" + ` are milliseconds to connect, of silence and for all of it, ` + "`rc=`" + ` is how often to
try again and ` + "`rp=`" + ` after what (` + "`4xx,5xx,ct,rt,all`" + `).`

// pivot asks with web, in one of dialects: by req_format, or by compat if that
// is "twilio". keys are those of an account that requests are signed with.
func pivot(
	web Asker, dialects map[string]Dialect, keys func(ctx context.Context, account string) []string,
) flow.Action {
	return pivoter{web: web, dialects: dialects, keys: keys}.action()
}

// pivotDefault is the data as its schema shows it.
var pivotDefault = pivotData{Method: "get", Format: formatKazoo, BodyFormat: "form"}

// action is the action that p carries out.
func (p pivoter) action() flow.Action {
	// The default of method depends on compat, which a schema cannot say: so
	// the one that is published is not the one that data is filled in by.
	filled := pivotDefault
	filled.Method = ""
	a := flow.Define(flow.Def[pivotData]{
		Name:     "pivot",
		Silent:   true,
		Summary:  "Asks a web server what to do with the call, and does it.",
		Doc:      pivotDoc,
		Default:  filled,
		Branches: []string{flow.Error},
		AfterEnd: true,
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
	a.Schema = schema.Of(pivotDefault)
	return a
}

type pivoter struct {
	web      Asker
	dialects map[string]Dialect
	keys     func(ctx context.Context, account string) []string // nil signs nothing
	bound    int                                                // of webhooks that only lead to webhooks; 0 is maxIdle
}

func (p pivoter) check(d pivotData) schema.Faults {
	var all schema.Faults
	fault := func(rule, message string, value any, path ...string) {
		all = append(all, schema.Fault{Path: path, Rule: rule, Message: message, Extra: map[string]any{"value": value}})
	}
	// TwiML says "" for the URL of the running document.
	if !p.askable(d.VoiceURL) || d.VoiceURL == "" && d.Format != formatTwiML {
		all = append(all, schema.BadURL(d.VoiceURL, nil, "voice_url"))
	}
	for name, raw := range map[string]string{"fallback_url": d.FallbackURL, "status_callback": d.StatusURL} {
		if !p.askable(raw) {
			all = append(all, schema.BadURL(raw, nil, name))
		}
	}
	if _, ok := p.dialects[d.language()]; !ok {
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

// askable says whether raw is a URL, or a part of one, that may be asked.
func (p pivoter) askable(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (!u.IsAbs() && u.Host == "" || p.web.CheckURL(absolute(u)) == nil)
}

// absolute is u for a look at its host: //host/path has no scheme of its own.
func absolute(u *url.URL) string {
	if u.Scheme == "" {
		return "https:" + u.String()
	}
	return u.String()
}

// language is the key of the dialect that is asked in.
func (d pivotData) language() string {
	if d.Format == formatTwiML && d.Compat == compatTwilio {
		return compatTwilio
	}
	return d.Format
}

func (p pivoter) run(ctx context.Context, s *flow.Session, d pivotData) (flow.Next, error) {
	v := visitOf(s)
	d = v.inherit(d)
	if err := v.tired(s.Heard(), cmp.Or(p.bound, maxIdle)); err != nil {
		return d.tooMany(s, err)
	}
	talk := p.dialects[d.language()]
	p.wishes(s, v, d, talk)
	x, err := p.ask(ctx, s, v, d, nil)
	if err != nil {
		return flow.Next{}, err
	}
	if ctx.Err() != nil {
		return flow.Next{}, context.Cause(ctx)
	}
	if x.failed() && !x.last && v.fallback.VoiceURL != "" {
		s.Add(event.Failed{Code: x.code(), Message: x.Err, Faults: x.Faults})
		if x, err = p.ask(ctx, s, v, v.fallback.like(d), x.report()); err != nil {
			return flow.Next{}, err
		}
		if ctx.Err() != nil {
			return flow.Next{}, context.Cause(ctx)
		}
	}
	if x.failed() {
		return d.giveUp(s, x)
	}
	s.Sent()
	return d.goOn(s, v, x)
}

// goOn is the way on from an answer that is understood.
func (d pivotData) goOn(s *flow.Session, v *visit, x exchange) (flow.Next, error) {
	switch {
	case x.last:
		return flow.Over, nil // nobody is there for the answer
	case d.CDRURL != "" && d.Format == formatKazoo:
		s.Add(event.Warned{Code: "pivot.cdr_url", Message: "cdr_url is for TwiML only: no call record is sent there"})
	}
	if x.program == nil {
		s.Add(event.Warned{Code: "pivot.empty", Message: "the server answered with nothing: the call is hung up"})
		return flow.Over, nil
	}
	s.Add(event.Decoded{ID: x.ID, Dialect: x.language, Program: event.Mask(written(x.program))})
	v.idle++
	return flow.Become(x.program, x.from), nil
}

// written is a program as JSON: it was read from JSON or XML and can be.
func written(program *flow.Node) []byte {
	text, _ := json.Marshal(program)
	return text
}

// giveUp is the way on from a server that failed, and its fallback if it has
// one. A caller who was promised TwiML is told; one with callflow JSON hears
// what the callflow says, or nothing.
func (d pivotData) giveUp(s *flow.Session, x exchange) (flow.Next, error) {
	if d.Format != formatTwiML || x.last {
		// A new error: what is wrong with the answer is not wrong with our data.
		return flow.Next{}, flow.Fail(x.code(), errors.New(x.Err))
	}
	s.Add(event.Failed{Code: x.code(), Message: x.Err, Faults: x.Faults})
	return flow.Attempt(flow.Become(sorry(), s.Base), flow.Error, flow.Else), nil
}

// tooMany ends a call that is led from one web server's answer to the next.
func (d pivotData) tooMany(s *flow.Session, err error) (flow.Next, error) {
	s.Add(event.Failed{Code: "pivot.loop", Message: err.Error()})
	if d.Format == formatTwiML {
		return flow.Become(sorry(), s.Base), nil
	}
	return flow.OverWith(call.Cause{Name: "NORMAL_TEMPORARY_FAILURE", By: call.ByUs, Text: err.Error()}), nil
}

// sorry tells a caller that the application is broken, and hangs up: what is
// heard where there is nothing else to do (spec/twiml.md section 2.3). It
// takes the call first, as tts does.
func sorry() *flow.Node {
	return &flow.Node{
		Module: "tts",
		Data: json.RawMessage(`{"text":"We are sorry, an application error has occurred. Goodbye.",` +
			`"language":"en-us","terminators":[]}`),
		Children: map[string]*flow.Node{flow.Else: {Module: "hangup"}},
	}
}
