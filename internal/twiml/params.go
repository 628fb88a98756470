package twiml

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
)

// version is what ApiVersion says, in both profiles.
const version = "2010-04-01"

// The values of CallStatus that a request can have.
const (
	ringing    = "ringing"
	inProgress = "in-progress"
	completed  = "completed"
)

// Form is what is known of the call, for a query or a form; no name is there
// twice. What the last steps found (Session.Told) comes with it, and in the
// profile Pivot the variables; none of them can take the place of what the
// call itself is known by (spec/twiml.md sections 1.2 and 2.3).
func (d Dialect) Form(s *flow.Session) url.Values {
	v := url.Values{}
	for name, value := range d.params(s) {
		v.Set(name, value)
	}
	return v
}

// JSON is the same as Form, as an object.
func (d Dialect) JSON(s *flow.Session) ([]byte, error) { return json.Marshal(d.params(s)) }

func (d Dialect) params(s *flow.Session) map[string]string {
	all := map[string]string{}
	if d.profile == Pivot {
		maps.Copy(all, s.Vars)
		recorded(all, s)
	}
	told := s.Told()
	if len(told) == 0 {
		digits(all, s.Collections())
	}
	maps.Copy(all, told)
	if d.profile == Pivot {
		pivotBase(all, s)
	} else {
		twilioBase(all, s)
	}
	return all
}

// digits are what was collected by steps that are no TwiML.
func digits(all, collections map[string]string) {
	for name, value := range collections {
		if name == flow.Default {
			all["Digits"] = value
		} else {
			all["Digits["+name+"]"] = value
		}
	}
}

// recorded tells of the call's last recording, as Kazoo does from then on.
func recorded(all map[string]string, s *flow.Session) {
	r, ok := s.Recording()
	if !ok {
		return
	}
	all["RecordingSid"] = r.ID
	all["RecordingDuration"] = strconv.Itoa(int(r.Length.Round(time.Second).Seconds()))
	known(all, "RecordingUrl", r.URL)
}

// known tells what is there to tell.
func known(all map[string]string, name, value string) {
	if value != "" {
		all[name] = value
	}
}

// pivotBase is what Kazoo says of a call.
func pivotBase(all map[string]string, s *flow.Session) {
	i := s.Leg.Info()
	maps.Copy(all, map[string]string{
		"CallSid": i.ID, "AccountSid": s.Account, "ApiVersion": version, "CallStatus": status(s),
		"From": i.From, "FromRealm": i.FromRealm, "To": i.To, "ToRealm": i.ToRealm,
		"Direction": string(i.Direction), "CallerName": s.Caller().Name, "CallerNumber": s.Caller().Number,
	})
}

// twilioBase is what Twilio says of a SIP call. CallSid is the Call-ID: any
// other id would be one more to look up.
func twilioBase(all map[string]string, s *flow.Session) {
	i := s.Leg.Info()
	from, to := address(i.From, i.FromRealm), address(i.To, i.ToRealm)
	maps.Copy(all, map[string]string{
		"CallSid": i.ID, "AccountSid": s.Account, "ApiVersion": version, "CallStatus": status(s),
		"From": from, "Caller": from, "To": to, "Called": to, "Direction": "inbound", "SipCallId": i.ID,
	})
	if i.Direction == call.Outbound {
		all["Direction"] = "outbound-api"
	}
	known(all, "CallerName", s.Caller().Name)
	known(all, "SipDomain", i.ToRealm)
	if i.Source.IsValid() {
		all["SipSourceIp"] = i.Source.Addr().Unmap().String()
	}
	for name, value := range i.Headers {
		switch {
		case strings.HasPrefix(strings.ToLower(name), "x-"):
			all["SipHeader_"+name] = value
		case strings.EqualFold(name, "Diversion"):
			known(all, "ForwardedFrom", diverted(value))
		}
	}
}

// status is where the call is.
func status(s *flow.Session) string {
	select {
	case <-s.Leg.Ended():
		return completed
	default:
	}
	if s.Answered() {
		return inProgress
	}
	return ringing
}

// number is a phone number: E.164, or the digits of one.
var number = regexp.MustCompile(`^(\+\d{2,15}|\d{7,15})$`)

// address is a phone number as it is; whoever has none is named by a SIP URI.
// Words such as anonymous stay what they are.
func address(user, realm string) string {
	switch strings.ToLower(user) {
	case "", "anonymous", "unknown", "restricted", "unavailable", "private":
		return user
	}
	if realm == "" || number.MatchString(user) {
		return user
	}
	return "sip:" + user + "@" + realm
}

// diversion is the address in a Diversion header (RFC 5806 section 4).
var diversion = regexp.MustCompile(`(?i)(?:sips?|tel):([^@;>,\s]+)(?:@([^;>,\s]+))?`)

// diverted is who a call was forwarded by last: the first that the header
// names.
func diverted(header string) string {
	m := diversion.FindStringSubmatch(header)
	if m == nil {
		return ""
	}
	user, err := url.PathUnescape(m[1])
	if err != nil {
		user = m[1]
	}
	return address(user, m[2])
}
