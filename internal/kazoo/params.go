// Package kazoo is the language in which a customer's server is asked and
// answers when a pivot action says req_format=kazoo: Kazoo's names for what
// is known of a call, and callflow JSON back (spec/twiml.md sections 1.2 and
// 1.3). What Kazoo gets wrong there (section 1.8) is done right.
package kazoo

import (
	"encoding/json"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/pivotvoice/pivot/internal/flow"
)

// Name is the dialect's name, as in req_format.
const Name = "kazoo"

// version is what Api-Version says.
const version = "4.x"

// Dialect speaks Kazoo's language. The zero Dialect works.
type Dialect struct{}

// The values of Call-Status: where the call is.
const (
	ringing    = "ringing"
	inProgress = "in-progress"
)

// Form is what is known of the call, as a query or a form has it: the keys of
// objects in brackets.
func (Dialect) Form(s *flow.Session) url.Values {
	v := url.Values{}
	for name, value := range params(s) {
		switch value := value.(type) {
		case string:
			v.Set(name, value)
		case map[string]string:
			for k, inner := range value {
				v.Set(name+"["+k+"]", inner)
			}
		}
	}
	return v
}

// JSON is the same as Form, as an object.
func (Dialect) JSON(s *flow.Session) ([]byte, error) { return json.Marshal(params(s)) }

// params are strings and objects of strings, by name.
func params(s *flow.Session) map[string]any {
	i := s.Leg.Info()
	p := map[string]any{
		"Call-ID":                 i.ID,
		"Account-ID":              s.Account,
		"From":                    i.From,
		"From-Realm":              i.FromRealm,
		"To":                      i.To,
		"To-Realm":                i.ToRealm,
		"Request":                 s.Request,
		"Request-Realm":           i.RequestRealm,
		"Call-Status":             ringing,
		"Api-Version":             version,
		"Direction":               string(i.Direction),
		"Caller-ID-Name":          s.Caller().Name,
		"Caller-ID-Number":        s.Caller().Number,
		"Custom-Application-Vars": object(s.Vars),
		"Custom-SIP-Headers":      object(i.Headers),
	}
	if s.Answered() {
		p["Call-Status"] = inProgress
	}
	known(p, "Language", s.Language)
	known(p, "User-ID", s.Owner())
	if len(s.KVS) > 0 {
		p["Custom-KVS"] = s.KVS
	}
	if len(s.Channel) > 0 {
		p["Custom-Channel-Vars"] = maps.Clone(s.Channel)
	}
	if d := digits(s.Collections()); d != nil {
		p["Digits"] = d
	}
	if r, ok := s.Recording(); ok {
		known(p, "Recording-ID", r.ID)
		known(p, "Recording-Url", r.URL)
		p["Recording-Duration"] = strconv.Itoa(int(r.Length.Round(time.Second).Seconds()))
	}
	return p
}

// known tells what is there to tell.
func known(p map[string]any, name, value string) {
	if value != "" {
		p[name] = value
	}
}

// object is m, which in JSON is never null.
func object(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// digits are what was collected: the keys alone as long as nothing but the
// default collection has any, else an object by name. A form must not have
// both Digits and Digits[name], which many servers cannot read.
func digits(all map[string]string) any {
	switch only, ok := all[flow.Default]; {
	case len(all) == 0:
		return nil
	case ok && len(all) == 1:
		return only
	}
	return all
}
