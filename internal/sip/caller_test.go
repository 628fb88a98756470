package sip

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

func parsed(t *testing.T, m string) *sip.Request {
	t.Helper()
	got, err := sip.ParseMessage([]byte(m))
	if err != nil {
		t.Fatal(err)
	}
	r, ok := got.(*sip.Request)
	if !ok {
		t.Fatal("no request")
	}
	return r
}

func invite(lines ...string) string {
	all := append([]string{
		"INVITE sip:+49%20123;phone-context=x@Pivot.Test;user=phone SIP/2.0", "Via: SIP/2.0/UDP a;branch=z9hG4bK1",
		"Call-ID: c", "CSeq: 1 INVITE", "To: <sip:100@pivot.test>", "Contact: <sip:a>",
	}, lines...)
	return strings.Join(all, "\r\n") + "\r\n\r\n"
}

func TestInfoOf(t *testing.T) {
	const from = `From: "Bob \"B\" Smith" <sip:bob@Home.Test>;tag=1`
	for _, c := range []struct {
		name        string
		lines       []string
		who, number string
	}{
		{"from alone", []string{from}, `Bob "B" Smith`, "bob"},
		{"asserted", []string{from, `P-Asserted-Identity: "Robert" <sip:+491@net>, <tel:+492>`}, "Robert", "+491"},
		{"asserted number only", []string{from, `P-Asserted-Identity: <tel:+492;x=y>`}, `Bob "B" Smith`, "+492"},
		{"remote party", []string{from, `Remote-Party-ID: "Rob" <sip:77@net>;party=calling;privacy=off`}, "Rob", "77"},
		{"remote party, private", []string{from, `Remote-Party-ID: "Rob" <sip:77@net>;privacy=full`}, `Bob "B" Smith`, "bob"},
		{"kept private", []string{from, "Privacy: id;critical", `P-Asserted-Identity: <sip:+491@net>`}, `Bob "B" Smith`, "bob"},
		{"nonsense", []string{from, `P-Asserted-Identity: <<<`}, `Bob "B" Smith`, "bob"},
		{"telephone", []string{"From: <tel:+1-201;phone-context=x>;tag=1"}, "", "+1-201"},
	} {
		in := &inbound{req: parsed(t, invite(c.lines...)), from: hop{conn: &tape{name: "UDP"}}, at: time.Now()}
		i := infoOf(in)
		if i.CallerName != c.who || i.CallerNumber != c.number || i.Request != "+49 123" || i.RequestRealm != "pivot.test" {
			t.Errorf("%s: %+v", c.name, i)
		}
	}
}

func TestCustomHeaders(t *testing.T) {
	lines := []string{
		"From: <sip:a@b>;tag=1", "x-account: 7", "X-ACCOUNT: 8", "User-to-User: 00", "Subject: no", "diversion: <sip:1@a>",
		"X-Long: " + strings.Repeat("y", 2*maxCustomBytes),
	}
	for i := range 2 * maxCustom {
		lines = append(lines, fmt.Sprintf("X-Many-%d: z", i))
	}
	got := custom(parsed(t, invite(lines...)))
	if len(got) != maxCustom || len(got["X-Long"]) != maxCustomBytes {
		t.Errorf("%d headers, the long one of %d bytes", len(got), len(got["X-Long"]))
	}
	for k := range got {
		if strings.HasPrefix(k, "X-Many") || k == "X-Long" {
			delete(got, k)
		}
	}
	if want := map[string]string{"X-Account": "7, 8", "User-To-User": "00", "Diversion": "<sip:1@a>"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		in   string
		want call.Cause
		ok   bool
	}{
		{`Q.850;cause=17;text="a, b"`, call.Cause{Name: "USER_BUSY", By: "caller", Text: "a, b"}, true},
		{`SIP;cause=503, Q.850 ; cause=1`, call.Cause{Name: "UNALLOCATED_NUMBER", By: "caller"}, true},
		{`SIP;cause=486;text="x"`, call.Cause{Name: "USER_BUSY", SIP: 486, By: "caller", Text: "x"}, true},
		{`SIP;cause=200;text="Call completed elsewhere"`, call.Cause{Text: "Call completed elsewhere"}, false},
		{`Q.850;cause=9999`, call.Cause{}, false},
		{`nonsense`, call.Cause{}, false},
	} {
		got, ok := reasonOf(parsed(t, invite("From: <sip:a@b>;tag=1", "Reason: "+c.in)), call.ByCaller)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v", c.in, got, ok)
		}
	}
	req := parsed(t, invite("From: <sip:a@b>;tag=1"))
	addReason(req, call.Cause{Name: "USER_BUSY", Text: "no \"line\"\r\nfree"})
	if v, _ := first(req, "Reason"); v != `Q.850;cause=17;text="no linefree"` {
		t.Errorf("wrote %s", v)
	}
}

func TestMask(t *testing.T) {
	m := "INVITE sip:bob:hunter2@a SIP/2.0\r\nAUTHORIZATION: Digest username=\"bob\",\r\n response=\"0123\"\r\n" +
		"Proxy-Authorization: Digest x=\"4567\"\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\na=crypto:1 X inline:keykey\r\n"
	got := mask([]byte(m))
	for _, secret := range []string{"hunter2", "0123", "4567", "keykey"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s is still there:\n%s", secret, got)
		}
	}
	for _, open := range []string{"sip:bob:***@a", "AUTHORIZATION: Digest ***\r\n", `nonce="n"`, "inline:***"} {
		if !strings.Contains(got, open) {
			t.Errorf("%s is gone:\n%s", open, got)
		}
	}
	if got := mask([]byte(strings.Repeat("x", 2*maxRaw))); len(got) != maxRaw {
		t.Errorf("%d bytes were kept", len(got))
	}
	const harmless = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060\r\nFrom: <sip:a@b:5060>\r\n\r\n"
	if mask([]byte(harmless)) != harmless {
		t.Error("changed what holds no secret")
	}
}
