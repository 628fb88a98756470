package twiml

import (
	"context"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/flow"
)

// caller is who calls in the tests, where they do not say.
func caller() call.Info {
	return call.Info{
		ID: "1@host", Direction: call.Inbound, From: "alice", FromRealm: "from.test", To: "+15550100", ToRealm: "to.test",
		Request: "100", RequestRealm: "pivot.test", CallerName: "Ann & Bob", CallerNumber: "+15550199",
		Source: netip.MustParseAddrPort("[::ffff:192.0.2.7]:5060"),
	}
}

// during runs do as the only step of a call.
func during(t *testing.T, i call.Info, need flow.Need, do func(*fake.Phone, *flow.Session)) {
	t.Helper()
	ran := false
	leg := fake.New(i, nil)
	e := flow.NewEngine(flow.Config{Actions: []flow.Action{flow.Define(flow.Def[struct{}]{
		Name: "test", Needs: need,
		Run: func(_ context.Context, s *flow.Session, _ struct{}) (flow.Next, error) {
			ran = true
			do(leg, s)
			return flow.Over, nil
		},
	})}})
	if err := e.Run(t.Context(), leg, flow.Start{Account: "acc", Program: &flow.Node{Module: "test"}}); err != nil || !ran {
		t.Fatalf("ran %v: %v", ran, err)
	}
}

func TestForm(t *testing.T) {
	during(t, caller(), flow.Anything, func(_ *fake.Phone, s *flow.Session) {
		for p, want := range map[Profile]string{
			Pivot: "AccountSid=acc&ApiVersion=2010-04-01&CallSid=1%40host&CallStatus=ringing&CallerName=Ann+%26+Bob" +
				"&CallerNumber=%2B15550199&Direction=inbound&From=alice&FromRealm=from.test&To=%2B15550100&ToRealm=to.test",
			Twilio: "AccountSid=acc&ApiVersion=2010-04-01&CallSid=1%40host&CallStatus=ringing&Called=%2B15550100" +
				"&Caller=sip%3Aalice%40from.test&CallerName=Ann+%26+Bob&Direction=inbound&From=sip%3Aalice%40from.test" +
				"&SipCallId=1%40host&SipDomain=to.test&SipSourceIp=192.0.2.7&To=%2B15550100",
		} {
			if got := New(p).Form(s).Encode(); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", p, got, want)
			}
		}
	})
}

// TestTold: what steps found comes along, variables in the profile Pivot only,
// and nothing takes the place of what the call is known by.
func TestTold(t *testing.T) {
	during(t, caller(), flow.Answer, func(_ *fake.Phone, s *flow.Session) {
		s.Vars["plan"], s.Vars["From"], s.Vars["Digits"] = "gold", "mallory", "0"
		s.SetRecording(flow.Recording{ID: "r1", URL: "http://a.test/r1.mp3", Length: 2600 * time.Millisecond})
		s.Tell(map[string]string{"Digits": "42", "CallSid": "stolen", "RecordingUrl": "http://a.test/new"})
		s.SetCollection("pin", "1234")
		got := New(Pivot).Form(s)
		for name, want := range map[string]string{
			"CallStatus": "in-progress", "plan": "gold", "From": "alice", "Digits": "42", "CallSid": "1@host",
			"RecordingUrl": "http://a.test/new", "RecordingSid": "r1", "RecordingDuration": "3", "Digits[pin]": "",
		} {
			if got.Get(name) != want {
				t.Errorf("pivot: %s is %q, want %q", name, got.Get(name), want)
			}
		}
		got = New(Twilio).Form(s)
		if got.Has("plan") || got.Get("Digits") != "42" || got.Has("RecordingSid") {
			t.Errorf("twilio: %v", got)
		}
		for name, values := range got {
			if len(values) != 1 {
				t.Errorf("%s is there %d times", name, len(values))
			}
		}
		s.Sent()
		s.SetCollection(flow.Default, "7")
		for _, p := range []Profile{Pivot, Twilio} {
			if got := New(p).Form(s); got.Get("Digits") != "7" || got.Get("Digits[pin]") != "1234" {
				t.Errorf("%s, nothing told: %v", p, got)
			}
		}
		b, err := New(Pivot).JSON(s)
		var all map[string]string
		if err != nil || json.Unmarshal(b, &all) != nil || all["Digits"] != "7" || all["FromRealm"] != "from.test" {
			t.Errorf("JSON: %s %v", b, err)
		}
	})
}

func TestStatusAfterTheCall(t *testing.T) {
	during(t, caller(), flow.Answer, func(p *fake.Phone, s *flow.Session) {
		p.Drop()
		for _, p := range []Profile{Pivot, Twilio} {
			if got := New(p).Form(s).Get("CallStatus"); got != "completed" {
				t.Errorf("%s: %s", p, got)
			}
		}
	})
}

// TestAddresses is who a call is from, as the profile Twilio says it.
func TestAddresses(t *testing.T) {
	for _, x := range []struct{ user, realm, want string }{
		{"+15550100", "a.test", "+15550100"},
		{"15550100999", "a.test", "15550100999"},
		{"1000", "a.test", "sip:1000@a.test"},
		{"alice", "a.test", "sip:alice@a.test"},
		{"alice", "", "alice"},
		{"anonymous", "anonymous.invalid", "anonymous"},
		{"", "a.test", ""},
	} {
		if got := address(x.user, x.realm); got != x.want {
			t.Errorf("%s@%s is %q, want %q", x.user, x.realm, got, x.want)
		}
	}
	for header, want := range map[string]string{
		`<sip:+15550123@a.test;user=phone>;reason=unconditional`: "+15550123",
		`"Bob" <sip:bob@a.test>, <sip:eve@b.test>`:               "sip:bob@a.test",
		`<tel:+15550124>`:            "+15550124",
		`sip:a%20b@c.test;counter=1`: "sip:a b@c.test",
		`nothing`:                    "",
	} {
		if got := diverted(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

func TestTwilioHeaders(t *testing.T) {
	i := caller()
	i.Direction, i.CallerName, i.Source = call.Outbound, "", netip.AddrPort{}
	i.Headers = map[string]string{
		"X-Tenant": "7", "Diversion": "<sip:+15550123@a.test>", "User-To-User": "ab", "P-Asserted-Identity": "<sip:x@y>",
	}
	during(t, i, flow.Anything, func(_ *fake.Phone, s *flow.Session) {
		got := New(Twilio).Form(s)
		if got.Get("SipHeader_X-Tenant") != "7" || got.Get("ForwardedFrom") != "+15550123" ||
			got.Get("Direction") != "outbound-api" || got.Has("CallerName") || got.Has("SipSourceIp") || got.Has("SipHeader_User-To-User") {
			t.Errorf("%v", got)
		}
	})
}
