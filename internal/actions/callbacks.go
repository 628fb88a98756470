package actions

import (
	"cmp"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Callbacks tells web servers what they do not answer with a program.
type Callbacks interface {
	// Post tells one of something, in the background: what it took is kept
	// until the server has it, or has refused it often enough.
	Post(account string, c Callback)
}

// Callback is something to tell a web server.
type Callback struct {
	Call   string // the call's id
	URL    string // absolute
	Method string // GET or POST
	Params url.Values
	Event  string // what is told, for people: "recording completed"
	// Again is how often to try again; nil is for a day, at longer and longer
	// intervals.
	Again *Again
}

// Again is a patience of its own for a callback: it is tried again where the
// server could not be reached or did not answer, and no other failure is.
type Again struct {
	Times int           `json:"times"`
	Every time.Duration `json:"every"` // the wait before each, in nanoseconds
}

// telling is how actions tell web servers things.
type telling struct {
	by       Callbacks // nil tells nobody
	dialects map[string]Dialect
}

// caller is who an action tells things to: one URL, or nobody.
type caller struct {
	by          Callbacks
	account, id string
	url, method string
	base        url.Values
}

// called is a caller for a URL that may be relative to that of the running
// program. A URL that leads nowhere is warned of; nobody is told then.
func called(s *flow.Session, t telling, where, method string) caller {
	c := caller{by: t.by, account: s.Account, id: s.Leg.Info().ID, method: strings.ToUpper(cmp.Or(method, "POST"))}
	if where == "" {
		return c
	}
	full, err := webhook.Resolve(s.Base, where)
	switch {
	case err != nil:
		s.Add(event.Warned{Code: "callback.url", Message: "nobody is called back: " + err.Error()})
	case t.by == nil:
		s.Add(event.Warned{Code: "callback.none", Message: "nobody is called back: there is nothing here that could"})
	default:
		c.url, c.base = full, t.standing(s)
	}
	return c
}

// post tells it, together with what is known of the call.
func (c caller) post(what string, params map[string]string) {
	if c.url == "" {
		return
	}
	all := maps.Clone(c.base)
	for name, value := range params {
		all.Set(name, value)
	}
	c.by.Post(c.account, Callback{Call: c.id, URL: c.url, Method: c.method, Params: all, Event: what})
}

// apiVersion is what TwiML applications are told (spec/twiml.md section 1.2).
const apiVersion = "2010-04-01"

// standing is what every callback says of its call: in the names that the web
// server is used to which was asked last, if that was in TwiML's.
func (t telling) standing(s *flow.Session) url.Values {
	if v, ok := s.Value(visits{}).(*visit); ok && v.compat != "" {
		talk := t.dialects[pivotData{Format: formatTwiML, Compat: v.compat}.language()]
		if talk != nil {
			return known(s, talk)
		}
	}
	i := s.Leg.Info()
	return url.Values{
		"CallSid": {i.ID}, "AccountSid": {s.Account}, "From": {i.From}, "To": {i.To},
		"ApiVersion": {apiVersion}, "Direction": {string(i.Direction)},
	}
}

// checkURL is what is wrong with a URL at path: it must be http or https, or
// relative to that of the program that names it.
func checkURL(raw string, relative bool, path ...string) schema.Faults {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	if err == nil && relative && !u.IsAbs() && u.Opaque == "" {
		return nil
	}
	return schema.Faults{schema.BadURL(raw, nil, path...)}
}
