package callbacks_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/callbacks"
	"github.com/pivotvoice/pivot/internal/event"
)

// posts keeps what was posted.
type posts struct {
	accounts []string
	all      []actions.Callback
}

func (p *posts) Post(account string, c actions.Callback) {
	p.accounts, p.all = append(p.accounts, account), append(p.all, c)
}

// String is "<event>:<CallStatus>:<SequenceNumber>" of each.
func (p *posts) String() string {
	var out []string
	for _, c := range p.all {
		out = append(out, fmt.Sprintf("%s:%s:%s", c.Event, c.Params.Get("CallStatus"), c.Params.Get("SequenceNumber")))
	}
	return strings.Join(out, " ")
}

var began = time.Date(2026, 11, 20, 13, 0, 0, 0, time.FixedZone("", 3600))

// read gives a reader facts, a second apart.
func read(facts ...event.Fact) *posts {
	p := &posts{}
	r := callbacks.NewReader(p, nil)
	for i, f := range facts {
		r.Add(event.Event{At: began.Add(time.Duration(i) * time.Second), Call: "c1", What: f})
	}
	return p
}

func wants(events ...string) event.Fact {
	return event.StatusCallback{
		URL: "http://a.test/shown", Target: "http://me:pw@a.test/", Method: "GET", Events: events,
		Params: url.Values{"CallSid": {"c1"}, "From": {"+1"}},
	}
}

var (
	all     = wants("initiated", "ringing", "answered", "completed")
	inbound = event.Offered{Account: "acc", Direction: "inbound", From: "1000@from.test", To: "100@to.test", Request: "100@to.test"}
)

func TestReader(t *testing.T) {
	ended := func(cause, by string, sip int) event.Fact { return event.Ended{Cause: cause, By: by, SIP: sip} }
	outbound := event.Offered{Account: "acc", Direction: "outbound"}
	normal := ended("NORMAL_CLEARING", "caller", 0)
	for _, x := range []struct {
		name  string
		facts []event.Fact
		want  string
	}{
		{
			"all of it",
			[]event.Fact{inbound, all, event.Ringing{Code: 180}, event.Answered{}, normal},
			"initiated:initiated:0 ringing:ringing:1 answered:in-progress:2 completed:completed:3",
		},
		{"the end", []event.Fact{inbound, wants("completed"), event.Answered{}, normal}, "completed:completed:0"},
		{"nothing", []event.Fact{inbound, event.Answered{}, normal}, ""},
		{"two", []event.Fact{inbound, wants("completed", "answered"), event.Answered{}, normal}, "answered:in-progress:0 completed:completed:1"},
		{
			"asked for late",
			[]event.Fact{inbound, event.Answered{}, all, normal},
			"initiated:initiated:0 ringing:ringing:1 answered:in-progress:2 completed:completed:3",
		},
		{
			"asked for again",
			[]event.Fact{inbound, all, event.Answered{}, all, normal},
			"initiated:initiated:0 ringing:ringing:1 answered:in-progress:2 completed:completed:3",
		},
		{
			"by us",
			[]event.Fact{outbound, all, event.Ringing{Code: 180}, event.Ringing{Code: 183}, event.Answered{}, normal},
			"initiated:initiated:0 ringing:ringing:1 answered:in-progress:2 completed:completed:3",
		},
		{"by us, refused", []event.Fact{outbound, all, ended("CALL_REJECTED", "callee", 603)}, "initiated:initiated:0 completed:busy:1"},
		{"gave up", []event.Fact{inbound, wants("completed"), ended("ORIGINATOR_CANCEL", "caller", 487)}, "completed:canceled:0"},
		{"busy", []event.Fact{inbound, wants("completed"), event.Started{Module: "response"}, ended("USER_BUSY", "us", 486)}, "completed:busy:0"},
		{"rejected", []event.Fact{inbound, wants("completed"), event.Started{Module: "response"}, ended("NORMAL_TEMPORARY_FAILURE", "us", 503)}, "completed:no-answer:0"},
		{"failed", []event.Fact{inbound, wants("completed"), ended("NORMAL_TEMPORARY_FAILURE", "us", 503)}, "completed:failed:0"},
		{"ran out", []event.Fact{inbound, wants("completed"), ended("NORMAL_CLEARING", "us", 480)}, "completed:no-answer:0"},
		{"no call", []event.Fact{all, event.Answered{}, normal}, ""},
		{"after the end", []event.Fact{inbound, normal, all}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := read(x.facts...)
			if p.String() != x.want {
				t.Errorf("posted %s\nwant   %s", p, x.want)
			}
			for i, c := range p.all {
				if p.accounts[i] != "acc" || c.Call != "c1" || c.URL != "http://me:pw@a.test/" || c.Method != "GET" ||
					c.Params.Get("CallSid") != "c1" || c.Params.Get("From") != "+1" || c.Params.Get("CallbackSource") != "call-progress-events" {
					t.Errorf("posted %+v", c)
				}
			}
		})
	}
}

func TestReaderTimes(t *testing.T) {
	p := read(inbound, all, event.Answered{}, event.Started{}, event.Ended{Cause: "NORMAL_CLEARING", By: "caller"})
	for i, want := range []string{
		"Fri, 20 Nov 2026 12:00:00 +0000", "Fri, 20 Nov 2026 12:00:00 +0000",
		"Fri, 20 Nov 2026 12:00:02 +0000", "Fri, 20 Nov 2026 12:00:04 +0000",
	} {
		if got := p.all[i].Params.Get("Timestamp"); got != want {
			t.Errorf("%s at %s, want %s", p.all[i].Event, got, want)
		}
	}
	last := p.all[3].Params
	if last.Get("CallDuration") != "2" || last.Get("Duration") != "1" || last.Has("SipResponseCode") || p.all[2].Params.Has("CallDuration") {
		t.Errorf("posted %v", last)
	}
}

// TestRecord is Kazoo's form of a call record, at the end of the call.
func TestRecord(t *testing.T) {
	p := read(inbound, event.RecordCallback{URL: "http://a.test/", Target: "http://me:pw@a.test/cdr"}, event.Answered{},
		event.Set{Name: "customer", Value: "4711"}, event.Set{Name: "gone", Value: "x"}, event.Set{Name: "gone"},
		event.Ended{Cause: "NORMAL_CLEARING", By: "caller"})
	if len(p.all) != 1 {
		t.Fatalf("posted %d", len(p.all))
	}
	c := p.all[0]
	if c.URL != "http://me:pw@a.test/cdr" || c.Method != "POST" || c.Event != "cdr" {
		t.Errorf("posted %+v", c)
	}
	for name, want := range map[string]string{
		"Call-ID": "c1", "Account-ID": "acc", "Call-Direction": "inbound", "From": "1000@from.test", "To": "100@to.test",
		"Request": "100@to.test", "Caller-Destination-Number": "100", "Duration-Seconds": "6", "Billing-Seconds": "4",
		"Ringing-Seconds": "2", "Hangup-Cause": "NORMAL_CLEARING", "Disposition": "ANSWER",
		"Timestamp": "63962395206", "Channel-Created-Time": "1795176000000000", "Custom-Application-Vars[customer]": "4711",
	} {
		if got := c.Params.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"Hangup-Code", "User-Agent", "Custom-Application-Vars[gone]"} {
		if c.Params.Has(name) {
			t.Errorf("%s is %q", name, c.Params.Get(name))
		}
	}
}
