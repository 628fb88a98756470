package sip

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/trial"
)

// board has one account, with the realm pivot.test.
func board(tb testing.TB) *presence.Board {
	tb.Helper()
	docs := store.Memory().Docs
	_, err := docs.Put(context.Background(), store.Doc{Key: store.Key{Type: "account", ID: "acme"}, JSON: json.RawMessage(`{"realm":"pivot.test"}`)})
	if err != nil {
		tb.Fatal(err)
	}
	b := presence.New(docs)
	if err := b.Load(context.Background(), "acme"); err != nil {
		tb.Fatal(err)
	}
	return b
}

func set(t *testing.T, b *presence.Board, id string, s presence.State) {
	t.Helper()
	if _, err := b.Set(context.Background(), "acme", id, s); err != nil {
		t.Fatal(err)
	}
}

func watched(b *presence.Board, change ...func(*Config)) func(*Config) {
	return func(c *Config) {
		c.Presence, c.Timers = b, Timers{T1: 100 * time.Millisecond} // phones that are gone are waited for
		for _, f := range change {
			f(c)
		}
	}
}

// note is what a NOTIFY says.
type note struct {
	raw, kind, state, direction string
	version                     int
}

// notified reads the next NOTIFY that is not the last one again, and answers
// it, if code says how.
func (h *handset) notified(code int, extra ...string) note {
	h.t.Helper()
	m := h.expect("NOTIFY sip:")
	for head(m, "CSeq") == h.told {
		m = h.expect("NOTIFY sip:")
	}
	h.told = head(m, "CSeq")
	n := note{raw: m, kind: head(m, "Event"), state: head(m, "Subscription-State"), version: -1}
	if head(m, "Content-Type") == presence.TypeDialogInfo {
		var x struct {
			XMLName xml.Name `xml:"urn:ietf:params:xml:ns:dialog-info dialog-info"`
			Version int      `xml:"version,attr"`
			Dialog  []struct {
				Direction string `xml:"direction,attr"`
				State     string `xml:"state"`
			} `xml:"dialog"`
		}
		if err := xml.Unmarshal([]byte(body(m)), &x); err != nil || len(x.Dialog) != 1 {
			h.t.Fatalf("%v in\n%s", err, m)
		}
		n.version, n.direction = x.Version, x.Dialog[0].Direction
		n.state = x.Dialog[0].State + ", " + n.state
	}
	if code > 0 {
		h.reply(m, code, "", extra...)
	}
	return n
}

// says fails unless a note has the words.
func (n note) says(t *testing.T, words ...string) note {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(n.state, w) {
			t.Errorf("told %q, not %q:\n%s", n.state, w, n.raw)
		}
	}
	return n
}

// subscribe begins a subscription and returns the answer.
func (h *handset) subscribe(extra ...string) string {
	h.t.Helper()
	h.send(h.request("SUBSCRIBE", "", extra...))
	ok := h.expect("SIP/2.0 200")
	h.far = tagOf(ok)
	return ok
}

// subscribed waits until a server has n subscriptions.
func (u *ua) subscribed(t *testing.T, n int) {
	t.Helper()
	trial.Eventually(t, func() string {
		if got := u.Subscribers(); got != n {
			return fmt.Sprintf("there are %d subscriptions, not %d", got, n)
		}
		return ""
	})
}

// TestSubscription is a lamp's life: told at once, at each change, renewed,
// given up.
func TestSubscription(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b))
	h := newHandset(t, s.udp(t))
	ok := h.subscribe("Event: dialog;id=7", "Expires: 600", "Accept: application/dialog-info+xml", "Record-Route: <sip:"+h.addr()+";lr>")
	for name, want := range map[string]string{
		"Expires": "600", "Allow-Events": "dialog, presence, refer", "Record-Route": "<sip:" + h.addr() + ";lr>",
		"Contact": "<sip:" + s.udp(t).String() + ">",
	} {
		if got := head(ok, name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	first := h.notified(200).says(t, "terminated, active;expires=600")
	if first.version != 0 || first.kind != "dialog;id=7" || !strings.Contains(head(first.raw, "To"), h.from) ||
		!strings.Contains(head(first.raw, "From"), h.far) || head(first.raw, "Route") == "" {
		t.Errorf("told\n%s", first.raw)
	}
	if all, err := b.Subscribers("acme", "100"); err != nil || len(all) != 1 || all[0].Event != "dialog" || all[0].CallID == "" ||
		all[0].From != "200@home.test" || all[0].Until.Sub(all[0].Since) < 9*time.Minute {
		t.Errorf("subscribers are %+v, %v", all, err)
	}
	set(t, b, "100", presence.Busy)
	if n := h.notified(200).says(t, "confirmed, active"); n.version != 1 {
		t.Errorf("version %d", n.version)
	}
	set(t, b, "100", presence.Ringing)
	if n := h.notified(200).says(t, "early, active"); n.version != 2 || head(n.raw, "CSeq") != "3 NOTIFY" {
		t.Errorf("version %d, %s", n.version, head(n.raw, "CSeq"))
	}
	set(t, b, "200", presence.Busy) // is nothing to this one
	if ok := h.subscribe("Event: dialog;id=7", "Expires: 99999999"); head(ok, "Expires") != "3600" {
		t.Errorf("renewed with\n%s", ok)
	}
	h.notified(200).says(t, "early, active;expires=3600")
	h.subscribe("Event: dialog;id=7", "Expires: 0")
	h.notified(200).says(t, "early, terminated;reason=timeout")
	s.subscribed(t, 0)
	set(t, b, "100", presence.Idle)
	h.send(h.request("SUBSCRIBE", "", "Event: dialog;id=7"))
	h.expect("SIP/2.0 481")
	if all := b.List("acme"); len(all) != 1 || all[0].User != "200" {
		t.Errorf("left are %+v", all)
	}
	trial.Eventually(t, func() string {
		if c := s.Counts(); c.Subscribed != 1 || c.Notified != 5 || c.Lost != 0 || c.Unsubscribed != 1 {
			return fmt.Sprintf("counted %+v", c)
		}
		return ""
	})
	if all := s.log.String(); all != "" {
		t.Errorf("on a timeline:\n%s", all)
	}
}

// TestPresenceEvent is the other event package.
func TestPresenceEvent(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b))
	h := newHandset(t, s.udp(t))
	set(t, b, "100@PIVOT.test", presence.Busy)
	h.subscribe("o: presence", "Accept: text/plain, application/*;q=0.5")
	n := h.notified(200)
	if head(n.raw, "Content-Type") != presence.TypePIDF || !strings.Contains(body(n.raw), "<basic>closed</basic>") ||
		!strings.Contains(body(n.raw), `entity="sip:100@127.0.0.1"`) {
		t.Errorf("told\n%s", n.raw)
	}
	set(t, b, "100", presence.Idle)
	if n := h.notified(200); !strings.Contains(body(n.raw), "<basic>open</basic>") {
		t.Errorf("told\n%s", n.raw)
	}
}

// TestFetch only asks.
func TestFetch(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t)))
	h := newHandset(t, s.udp(t))
	if ok := h.subscribe("Event: dialog", "Expires: 0"); head(ok, "Expires") != "0" {
		t.Errorf("answered\n%s", ok)
	}
	h.notified(200).says(t, "terminated, terminated;reason=timeout")
	s.subscribed(t, 0)
}

// TestSubscribeRefused is everything that is not subscribed to, and why.
func TestSubscribeRefused(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t)))
	realm := func(r string) []string { return []string{"sip:100@" + s.udp(t).String() + " ", "sip:100@" + r + " "} }
	for _, c := range []struct {
		name   string
		change []string // old and new words
		extra  []string
		code   string
		want   string // a line of the answer
	}{
		{"no event", nil, nil, "489", "Allow-Events: dialog, presence, refer"},
		{"voicemail", nil, []string{"Event: message-summary"}, "489", "Allow-Events: dialog, presence, refer"},
		{"a shared line", nil, []string{"Event: dialog;sla"}, "489", "Allow-Events"},
		{"one call of many", nil, []string{"Event: dialog;call-id=x;from-tag=y"}, "489", "Allow-Events"},
		{"event of a package", nil, []string{"Event: presence.winfo"}, "489", "Allow-Events"},
		{"other documents", nil, []string{"Event: dialog", "Accept: application/pidf+xml"}, "406", "Accept: application/dialog-info+xml"},
		{"too brief", nil, []string{"Event: dialog", "Expires: 59"}, "423", "Min-Expires: 60"},
		{"Expires of words", nil, []string{"Event: dialog", "Expires: soon"}, "400", ""},
		{"Expires below zero", nil, []string{"Event: dialog", "Expires: -1"}, "400", ""},
		{"two Events", nil, []string{"Event: dialog", "o: presence"}, "400", ""},
		{"no Contact", []string{"Contact:", "X-Contact:"}, []string{"Event: dialog"}, "400", ""},
		{"Contact of all", []string{"Contact: <sip:200@", "Contact: *\r\nX: <sip:200@"}, []string{"Event: dialog"}, "400", ""},
		{"no such realm", realm("nobody.test"), []string{"Event: dialog"}, "404", ""},
		{"nobody", []string{"SUBSCRIBE sip:100@", "SUBSCRIBE sip:"}, []string{"Event: dialog"}, "404", ""},
		{"a name that cannot be", []string{"SUBSCRIBE sip:100@", "SUBSCRIBE sip:a%40b@"}, []string{"Event: dialog"}, "404", ""},
		{"in no dialog", []string{"To: <sip:100@pivot.test>", "To: <sip:100@pivot.test>;tag=x"}, []string{"Event: dialog"}, "481", ""},
		{"extension", nil, []string{"Event: dialog", "Require: eventlist"}, "420", "Unsupported: eventlist"},
		{"publishing", []string{"SUBSCRIBE", "PUBLISH"}, []string{"Event: presence"}, "405", "Allow: " + allowValue},
		{"registering", []string{"SUBSCRIBE", "REGISTER"}, nil, "405", "Allow: " + allowValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHandset(t, s.udp(t))
			h.send(strings.NewReplacer(c.change...).Replace(h.request("SUBSCRIBE", "", c.extra...)))
			m, _ := h.read()
			if !strings.HasPrefix(m, "SIP/2.0 "+c.code) || !strings.Contains(m, c.want) {
				t.Errorf("answered with\n%s", m)
			}
		})
	}
	if n := s.Subscribers(); n != 0 {
		t.Errorf("%d subscriptions came of it", n)
	}
	h := newHandset(t, s.udp(t))
	h.send(strings.NewReplacer(realm("PIVOT.test")...).Replace(h.request("SUBSCRIBE", "", "Event: dialog")))
	h.expect("SIP/2.0 200")
	h.notified(200).says(t, "active;expires=3600")
}

// TestWithinSubscription is what may not come in a dialog that is there.
func TestWithinSubscription(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t)))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	h.notified(200)
	for _, c := range []struct {
		method, code string
		extra        []string
	}{
		{"SUBSCRIBE", "481", []string{"Event: presence"}},
		{"SUBSCRIBE", "481", []string{"Event: dialog;id=1"}},
		{"SUBSCRIBE", "489", []string{"Event: message-summary"}},
		{"SUBSCRIBE", "423", []string{"Event: dialog", "Expires: 3"}},
		{"BYE", "481", nil},
		{"NOTIFY", "481", []string{"Event: dialog", "Subscription-State: active"}},
	} {
		h.send(h.request(c.method, "", c.extra...))
		if m := h.expect("SIP/2.0 "); !strings.HasPrefix(m, "SIP/2.0 "+c.code) {
			t.Errorf("%s %v was answered\n%s", c.method, c.extra, m)
		}
	}
	h.seq = 0
	h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
	h.expect("SIP/2.0 500")
	h.seq = 20
	other := h.from
	h.from = "another"
	h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
	h.expect("SIP/2.0 481")
	h.from = other
	h.subscribe("Event: dialog", "Expires: 90") // and none of it did any harm
	h.notified(200).says(t, "active;expires=90")
}

// TestSameSubscribeAgain is answered once more, and begins nothing.
func TestSameSubscribeAgain(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t)))
	h := newHandset(t, s.udp(t))
	m := h.request("SUBSCRIBE", "", "Event: dialog")
	h.send(m)
	h.far = tagOf(h.expect("SIP/2.0 200"))
	h.notified(200)
	h.send(m)
	if again := h.expect("SIP/2.0 200"); tagOf(again) != h.far {
		t.Errorf("answered again with\n%s", again)
	}
	h.send(strings.Replace(m, h.via, h.via+"other", 1))
	h.expect("SIP/2.0 482")
	if n := s.Subscribers(); n != 1 {
		t.Errorf("%d subscriptions", n)
	}
}

// TestOneAtATime has changes come faster than they are answered: the phone
// hears of the last one, after it answered the first.
func TestOneAtATime(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	m := h.notified(0)
	for range 50 {
		set(t, b, "100", presence.Busy)
		set(t, b, "100", presence.Idle)
	}
	set(t, b, "100", presence.Ringing)
	h.reply(m.raw, 200, "")
	if n := h.notified(200).says(t, "early"); n.version != 1 {
		t.Errorf("version %d", n.version)
	}
	trial.Eventually(t, func() string { // it is counted once it has left
		if c := s.Counts(); c.Notified != 2 {
			return fmt.Sprintf("%d NOTIFYs", c.Notified)
		}
		return ""
	})
}

// TestNotifyFailed is how subscriptions end that nobody wants.
func TestNotifyFailed(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b), quick)
	for _, code := range []int{481, 404, 500, 302, 401} {
		h := newHandset(t, s.udp(t))
		h.subscribe("Event: dialog")
		h.notified(code)
		s.subscribed(t, 0)
	}
	silent := newHandset(t, s.udp(t))
	silent.subscribe("Event: dialog")
	silent.notified(0)
	s.subscribed(t, 0)
	if n := s.Counts().Lost; n != 6 {
		t.Errorf("%d were lost", n)
	}
	if all := b.List("acme"); len(all) != 0 {
		t.Errorf("still watched: %+v", all)
	}
	later := newHandset(t, s.udp(t))
	later.subscribe("Event: dialog")
	later.notified(503, "Retry-After: 1 (busy)")
	set(t, b, "100", presence.Busy)
	later.notified(200).says(t, "confirmed, active")
	s.subscribed(t, 1)
}

// TestSubscriptionRunsOut ends with a word.
func TestSubscriptionRunsOut(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t), func(c *Config) {
		c.Subscriptions.Longest, c.Subscriptions.Shortest = 300*time.Millisecond, time.Millisecond
	}))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	h.notified(200).says(t, "active")
	h.notified(200).says(t, "terminated;reason=timeout")
	s.subscribed(t, 0)
}

// TestAccountGone ends the subscriptions to its lamps.
func TestAccountGone(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	h.notified(200)
	b.Learn(store.Key{Type: "account", ID: "acme"}, nil)
	h.notified(200).says(t, "terminated;reason=noresource")
	s.subscribed(t, 0)
	h.far = ""
	h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
	h.expect("SIP/2.0 404")
}

// TestDeactivated sends phones elsewhere as the server ends.
func TestDeactivated(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t)))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	h.notified(200)
	dead := newHandset(t, s.udp(t)) // will never answer
	dead.subscribe("Event: dialog")
	dead.notified(200)
	s.Drain()
	other := newHandset(t, s.udp(t))
	other.send(other.request("SUBSCRIBE", "", "Event: dialog"))
	if m := other.expect("SIP/2.0 503"); head(m, "Retry-After") == "" {
		t.Errorf("answered\n%s", m)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close(deadline(t)) }()
	h.notified(200).says(t, "terminated;reason=deactivated")
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestSubscriptionStream subscribes over TCP from a phone whose Contact
// nobody can reach: it is told on its own connection.
func TestSubscriptionStream(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b), quick)
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(s.Addrs()[1].AddrPort))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	h := newHandset(t, s.udp(t))
	tcp := strings.NewReplacer("SIP/2.0/UDP", "SIP/2.0/TCP", "<sip:200@"+h.addr()+">", "<sip:200@127.0.0.1:1;transport=tcp>")
	if _, err := c.Write([]byte(tcp.Replace(h.request("SUBSCRIBE", "", "Event: dialog")))); err != nil {
		t.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 8192)
	told := func(what string) {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		for !strings.Contains(string(got), what) {
			n, err := c.Read(buf)
			if err != nil {
				t.Fatalf("%v after\n%s", err, got)
			}
			got = append(got, buf[:n]...)
		}
	}
	told("<state>terminated</state>")
	notify := string(got[strings.Index(string(got), "NOTIFY "):])
	res := answer(parsed(t, notify), 200, "")
	finish(res, "", nil)
	if _, err := c.Write(encode(res)); err != nil {
		t.Fatal(err)
	}
	set(t, b, "100", presence.Busy)
	told("<state>confirmed</state>")
	_ = c.Close() // and it is gone: nobody can be told any more
	set(t, b, "100", presence.Idle)
	s.subscribed(t, 0)
}

// TestBehindNAT is a phone that writes an address of its own network.
func TestBehindNAT(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t), func(c *Config) {
		c.Listen = []Listen{{"udp", "0.0.0.0:0"}}
		c.Allow = prefixes("127.0.0.0/8")
	}))
	h := newHandset(t, netipPort(mustAddr("127.0.0.1:1"), int(s.udp(t).Port())))
	h.send(strings.Replace(h.request("SUBSCRIBE", "", "Event: dialog"), "Contact: <sip:200@"+h.addr(), "Contact: <sip:200@10.99.99.99:5060", 1))
	h.expect("SIP/2.0 200")
	if n := h.notified(200); !strings.HasPrefix(n.raw, "NOTIFY sip:200@10.99.99.99:5060 ") {
		t.Errorf("told\n%s", n.raw)
	}
}

// TestSubscribeWithinCall wants a dialog of its own.
func TestSubscribeWithinCall(t *testing.T) {
	s := start(t, answerAndWait, watched(board(t)))
	h := newHandset(t, s.udp(t))
	h.call()
	h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
	h.expect("SIP/2.0 403")
	h.send(h.request("BYE", ""))
	h.expect("SIP/2.0 200")
}
