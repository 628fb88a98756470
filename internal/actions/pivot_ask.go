package actions

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// How long a web server has where the data does not say (spec/twiml.md
// sections 1.1 and 2.3).
const (
	pivotTime     = 5 * time.Second
	twilioTime    = 15 * time.Second
	twilioConnect = 5 * time.Second
)

// exchange is one webhook and what came of it.
type exchange struct {
	event.Fetched
	asked    string     // the URL, without the call's parameters and without secrets
	language string     // the dialect that read the answer
	program  *flow.Node // nil is none
	from     string     // the URL that answered
	number   int        // Twilio's number of what went wrong with the document, 0 if it has none
	last     bool       // the call was over before it was asked
}

func (x exchange) failed() bool { return x.Failure != "" }

func (x exchange) code() string { return "pivot." + x.Failure }

// ask asks what d says, with more parameters, and puts it on the timeline. The
// error is one of ours; a server's is in the exchange.
func (p pivoter) ask(ctx context.Context, s *flow.Session, v *visit, d pivotData, more url.Values) (exchange, error) {
	x := exchange{last: over(s)}
	r, err := d.request(s, p.dialects[d.language()])
	if err != nil {
		return x, err
	}
	v.webhooks++
	r.ID, r.Token, r.Jar, r.Cache = v.webhooks, rand.Text(), v.jar, &v.cache
	if p.keys != nil {
		r.SigningKeys = p.keys(ctx, s.Account)
	}
	x.asked = shown(r.URL)
	if err := addTo(&r, more); err != nil {
		return x, err
	}
	s.Add(event.Fetching{ID: r.ID, Method: r.Method, URL: r.Shown(), Fallback: more != nil})
	var answer webhook.Answer
	x.Fetched, answer = p.web.Ask(ctx, r)
	x.Debug, x.from = d.Debug, answer.URL
	var odd schema.Faults
	if !x.failed() && !x.last {
		x.language = p.languageOf(d, answer)
		x.program, odd, err = read(p.dialects[x.language], answer, s.Check)
		x.blame(err)
	}
	s.Add(x.Fetched)
	for _, w := range odd {
		s.Add(event.Warned{Code: "document." + w.Rule, Message: placed(w)})
	}
	return x, nil
}

// addTo puts more parameters where a request has its own: among them, or into
// its JSON object.
func addTo(r *webhook.Request, more url.Values) error {
	if r.Body == nil {
		maps.Copy(r.Params, more)
		return nil
	}
	if len(more) == 0 {
		return nil
	}
	all := map[string]any{}
	if err := json.Unmarshal(r.Body, &all); err != nil {
		return err
	}
	for name := range more {
		all[name] = more.Get(name)
	}
	var err error
	r.Body, err = json.Marshal(all)
	return err
}

// over says whether the call has ended: then only the request is made.
func over(s *flow.Session) bool {
	select {
	case <-s.Leg.Ended():
		return true
	default:
		return false
	}
}

// placed is a fault with its place, in words.
func placed(f schema.Fault) string {
	line, _ := f.Extra["line"].(int)
	column, _ := f.Extra["column"].(int)
	if line == 0 {
		return f.Error()
	}
	return fmt.Sprintf("line %d, column %d: %s", line, column, f.Error())
}

// read reads an answer, with what is odd in it where the dialect says it.
func read(
	talk Dialect, a webhook.Answer, check func(*flow.Node) (*flow.Node, schema.Faults),
) (*flow.Node, schema.Faults, error) {
	if r, ok := talk.(Reader); ok {
		return r.Read(a, check)
	}
	program, err := talk.Decode(a.ContentType, a.Body, check)
	return program, nil, err
}

// languageOf is the dialect that reads an answer. One that was asked for in
// TwiML knows JSON; one that was asked for in callflow JSON and is XML, or
// begins like it, is TwiML of the profile pivot (spec/twiml.md section 1.3).
func (p pivoter) languageOf(d pivotData, a webhook.Answer) string {
	if _, ok := p.dialects[formatTwiML]; !ok || d.Format != formatKazoo {
		return d.language()
	}
	kind, _, _ := strings.Cut(a.ContentType, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "", "text/xml", "application/xml":
		return formatTwiML
	case "application/json":
		return formatKazoo
	}
	if text := bytes.TrimSpace(bytes.TrimPrefix(a.Body, []byte("\xef\xbb\xbf"))); bytes.HasPrefix(text, []byte("<")) {
		return formatTwiML
	}
	return formatKazoo
}

// request is what to ask, but for what the call keeps.
func (d pivotData) request(s *flow.Session, talk Dialect) (webhook.Request, error) {
	r := webhook.Request{
		Method: d.method(), URL: resolved(s.Base, d.VoiceURL), Header: http.Header{}, Timeout: pivotTime,
	}
	r.Header.Set("Accept", "application/json, */*;q=0.1")
	if d.Format == formatTwiML {
		r.Header.Set("Accept", "*/*")
	}
	if d.language() == compatTwilio {
		r.Timeout, r.Connect, r.Any2xx = twilioTime, twilioConnect, true
		r.Retry = webhook.Retry{Times: 1, On: []string{webhook.OnConnect}}
		r.ContentType = "application/x-www-form-urlencoded; charset=utf-8"
	}
	r.Timeout = cmp.Or(time.Duration(d.Timeout)*time.Millisecond, r.Timeout)
	for name, value := range d.Headers {
		r.Header.Set(name, value)
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

// method is how to ask.
func (d pivotData) method() string {
	switch {
	case d.Method != "":
		return strings.ToUpper(d.Method)
	case d.language() == compatTwilio:
		return http.MethodPost
	}
	return http.MethodGet
}

// resolved is where raw leads from base. One that leads nowhere stays as it
// is: asking it fails and says why.
func resolved(base, raw string) string {
	if full, err := webhook.Resolve(base, raw); err == nil {
		return full
	}
	return raw
}

// blame puts what is wrong with an answer into its fact.
func (x *exchange) blame(err error) {
	if err == nil {
		return
	}
	x.Failure, x.Err = event.FailParse, err.Error()
	if e, ok := errors.AsType[*webhook.Error](err); ok {
		x.Failure = e.Kind
	}
	if e, ok := errors.AsType[schema.Faults](err); ok {
		x.Failure, x.Faults = event.FailSchema, e.Facts()
		if len(e) > 0 {
			x.number, _ = e[0].Extra["code"].(int)
		}
	}
	if e, ok := errors.AsType[*event.ParseError](err); ok {
		x.Parse = e
	}
}

// report is what a fallback URL is told of x besides the call: Twilio's number
// of what went wrong, and which URL it was (spec/twiml.md section 2.3).
func (x exchange) report() url.Values {
	code := x.number
	if code == 0 {
		code = map[string]int{
			event.FailDNS: 11205, event.FailConnect: 11205, event.FailTimeout: 11205,
			event.FailRedirects: 11215, event.FailGuard: 11100,
			event.FailContentType: 12300, event.FailParse: 12100, event.FailSchema: 12200,
		}[x.Failure]
	}
	if code == 0 {
		code = 11200 // any other trouble with HTTP
	}
	return url.Values{"ErrorCode": {strconv.Itoa(code)}, "ErrorUrl": {x.asked}}
}
