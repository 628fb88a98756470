package callbacks

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/pivotvoice/pivot/internal/actions"
)

// sendRecord posts the call's record to its cdr_url, if it has one: one form
// for each leg, and so far a call has one (spec/twiml.md section 1.7).
func (r *Reader) sendRecord(p *progress) {
	if p.record == "" {
		return
	}
	r.to.Post(p.cdr.Account, actions.Callback{
		Call: p.call, URL: p.record, Method: http.MethodPost, Event: "cdr", Params: p.recordForm(),
	})
}

// recordForm is the record under the names that Kazoo has for it. What is not
// known is left out.
func (p *progress) recordForm() url.Values {
	c := &p.cdr
	v := url.Values{}
	for name, value := range map[string]string{
		"Call-ID":                   c.CallID,
		"Account-ID":                c.Account,
		"Timestamp":                 number(c.Timestamp),
		"Call-Direction":            c.Direction,
		"From":                      c.From,
		"To":                        c.To,
		"Request":                   c.Request,
		"From-Uri":                  c.From,
		"To-Uri":                    c.To,
		"Caller-ID-Name":            c.CallerName,
		"Caller-ID-Number":          c.CallerNumber,
		"Caller-Destination-Number": c.Dialed,
		"Duration-Seconds":          number(c.Duration),
		"Billing-Seconds":           number(c.Billing),
		"Ringing-Seconds":           number(c.Ringing),
		"Hangup-Cause":              c.HangupCause,
		"Hangup-Code":               c.HangupCode,
		"Disposition":               p.disposition(),
		"Channel-Created-Time":      number(c.Began.UnixMicro()),
		"User-Agent":                c.UserAgent,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, value := range p.vars {
		v.Set("Custom-Application-Vars["+name+"]", value)
	}
	return v
}

// disposition is how the call was, in the words of a call record.
func (p *progress) disposition() string {
	switch p.outcome() {
	case "completed":
		return "ANSWER"
	case "busy":
		return "BUSY"
	case "canceled":
		return "CANCEL"
	case "no-answer":
		return "NO ANSWER"
	}
	return "FAILED"
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
