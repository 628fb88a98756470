package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// tellWeb is Kazoo's webhook (spec/callflow-modules.md section 6, and
// crossbar-api.md section 5.1 for how it is delivered).
func tellWeb(web Asker, tell telling) flow.Action {
	return flow.Define(flow.Def[webhookData]{
		Name:    "webhook",
		Silent:  true,
		Summary: "Tells a web server of the call, and goes on at once.",
		Doc: "The call's data is sent by Kazoo's names for it, `call_id`, `account_id`, `from`, `caller_id_number` and so " +
			"on, as a form or, with `get`, in the query; what is in objects has its keys in brackets, " +
			"`custom_application_vars[name]`. `custom_data` is put over it. What the server answers is not looked at, " +
			"but for its status: 2xx is fine, anything else is not and is not tried again. A server that cannot be " +
			"reached or does not answer is asked again after 2 seconds, `retries` times.\n\n" +
			"The request is kept on disk until then, so that neither the end of the call nor of the server loses it. " +
			"Requests of one call to one server arrive in order. Each try is on the call's timeline. Private addresses " +
			"are refused, as for `pivot`.",
		Examples: []flow.Example{
			{Says: "Tell your server of the call.", Data: `{"uri": "https://example.com/calls"}`},
			{
				Says: "In the query, five more tries, with data of your own.",
				Data: `{"uri": "https://example.com/calls", "http_verb": "get", "retries": 5,
					"custom_data": {"step": "menu", "who": {"team": "sales"}}}`,
			},
		},
		Check: func(d webhookData) schema.Faults { return d.check(web) },
		Run: func(_ context.Context, s *flow.Session, d webhookData) (flow.Next, error) {
			d.post(s, tell)
			return flow.Next{}, nil
		},
	})
}

type webhookData struct {
	URI     string                     `json:"uri,omitempty" jsonschema_description:"The URL to tell: http or https. In an answer of a web server it may be relative to the URL that answered. Nobody is told without one."`
	Verb    string                     `json:"http_verb,omitempty" jsonschema:"enum=post,enum=get" jsonschema_description:"How to tell it; post if not given."`
	Retries *int                       `json:"retries,omitempty" jsonschema_description:"How often to try again when the server cannot be reached; 2 if not given."`
	Custom  map[string]json.RawMessage `json:"custom_data,omitempty" jsonschema_description:"What to tell besides."`
	flow.Skip
}

// How often, and after how long, a webhook is tried again.
const (
	webhookRetries = 2
	webhookWait    = 2 * time.Second
)

func (d webhookData) check(web Asker) schema.Faults {
	var all schema.Faults
	fault := func(rule, message, path string, value any) {
		extra := map[string]any{"value": value}
		all = append(all, schema.Fault{Path: []string{path}, Rule: rule, Message: message, Extra: extra})
	}
	if d.URI != "" && !(pivoter{web: web}).askable(d.URI) {
		all = append(all, schema.BadURL(d.URI, nil, "uri"))
	}
	if d.Retries != nil && *d.Retries < 0 {
		fault("minimum", "Value must be at least 0", "retries", *d.Retries)
	}
	return all
}

// post gives the request to the queue.
func (d webhookData) post(s *flow.Session, tell telling) {
	if d.URI == "" {
		s.Add(event.Warned{Code: "webhook.nobody", Message: "nobody is told: the webhook has no uri"})
		return
	}
	c := called(s, tell, d.URI, d.Verb)
	if c.url == "" {
		return
	}
	retries := webhookRetries
	if d.Retries != nil {
		retries = *d.Retries
	}
	c.by.Post(c.account, Callback{
		Call: c.id, URL: c.url, Method: c.method, Params: d.params(s), Event: "webhook",
		Again: &Again{Times: retries, Every: webhookWait},
	})
}

// params are what is told: the call, as Kazoo writes it down for its webhook
// service, without what is only its own (the store of keys and values, queues,
// channel variables), and what the callflow says besides.
func (d webhookData) params(s *flow.Session) url.Values {
	i, v := s.Leg.Info(), url.Values{}
	kind, id := s.Authorizing()
	for name, value := range map[string]string{
		"account_id": s.Account, "call_id": i.ID, "call_direction": string(i.Direction),
		"caller_id_name": s.Caller().Name, "caller_id_number": s.Caller().Number,
		"from": call.Address(i.From, i.FromRealm), "from_user": i.From, "from_realm": i.FromRealm,
		"to": call.Address(i.To, i.ToRealm), "to_user": i.To, "to_realm": i.ToRealm,
		"request": call.Address(s.Request, i.RequestRealm), "request_user": s.Request, "request_realm": i.RequestRealm,
		"language": s.Language, "owner_id": s.Owner(), "authorizing_id": id,
		"authorizing_type": kind, "user_agent": i.UserAgent,
		"timestamp": strconv.FormatInt(gregorian.Seconds(time.Now()), 10),
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, value := range s.Vars {
		v.Set("custom_application_vars["+name+"]", value)
	}
	for name, value := range i.Headers {
		v.Set("custom_sip_headers["+name+"]", value)
	}
	d.over(v)
	return v
}

// over puts the callflow's own data over v.
func (d webhookData) over(v url.Values) {
	for name := range v {
		first, _, _ := strings.Cut(name, "[")
		if _, own := d.Custom[first]; own {
			v.Del(name)
		}
	}
	for name, raw := range d.Custom {
		if value, err := resource.Parse(raw); err == nil { // it was read from JSON
			flatten(v, name, value, 0)
		}
	}
}

// mostNested is how deep what is told may be nested; what is deeper is JSON.
const mostNested = 20

// flatten puts a JSON value into v: what is in objects and lists has its keys
// in brackets behind name.
func flatten(v url.Values, name string, value any, depth int) {
	if depth == mostNested {
		raw, _ := json.Marshal(value) // it was read from JSON
		v.Set(name, string(raw))
		return
	}
	switch value := value.(type) {
	case resource.Object:
		for key, one := range value {
			flatten(v, name+"["+key+"]", one, depth+1)
		}
	case []any:
		for n, one := range value {
			flatten(v, fmt.Sprintf("%s[%d]", name, n), one, depth+1)
		}
	case nil:
	default:
		v.Set(name, fmt.Sprint(value))
	}
}
