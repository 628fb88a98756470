package sip

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

type dialled struct {
	leg call.Leg
	err error
}

// dial calls a handset in the background.
func dial(t *testing.T, ctx context.Context, s *ua, h *handset, opt call.DialOptions) <-chan dialled { //nolint:revive // t first
	t.Helper()
	out := make(chan dialled, 1)
	go func() {
		l, err := s.Dial(ctx, "sip:100@"+h.addr(), opt)
		out <- dialled{l, err}
	}()
	return out
}

// phone is a handset that is called.
func phone(t *testing.T, s *ua) *handset {
	t.Helper()
	return newHandset(t, s.udp(t))
}

// callee takes the dialog's view of the called side from the INVITE.
func (h *handset) callee(invite string) {
	h.id = head(invite, "Call-ID")
	_, h.far, _ = strings.Cut(head(invite, "From"), "tag=")
}

// asCallee is a request of the called side within the dialog.
func (h *handset) asCallee(method, body string, extra ...string) string {
	m := h.request(method, body, extra...)
	return strings.NewReplacer("<sip:200@home.test>", "<sip:100@127.0.0.1>", "<sip:100@pivot.test>", "<sip:anonymous@127.0.0.1>").Replace(m)
}

func TestDialAnswered(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{CallID: "chosen", CallerName: `Al "the" ice`, CallerNumber: "20 0"})
	invite := h.expect("INVITE")
	h.callee(invite)
	if h.id != "chosen" || !strings.HasPrefix(head(invite, "From"), `"Al the ice" <sip:20%200@127.0.0.1>;tag=`) ||
		!strings.Contains(head(invite, "Supported"), "timer") || head(invite, "Session-Expires") != "1800" {
		t.Errorf("called with\n%s", invite)
	}
	h.reply(invite, 180, "")
	h.reply(invite, 200, h.sdp)
	h.reply(invite, 200, h.sdp) // again: its ACK was lost, say
	ack := h.expect("ACK")
	if head(ack, "CSeq") != "1 ACK" || !strings.HasSuffix(head(ack, "To"), h.from) {
		t.Errorf("acknowledged with\n%s", ack)
	}
	h.expect("ACK")
	d := <-got
	if d.err != nil {
		t.Fatal(d.err)
	}
	h.send(h.asCallee("OPTIONS", ""))
	h.expect("200")
	h.send(h.asCallee("BYE", "", "Reason: SIP;cause=503"))
	h.expect("200")
	if c := cause(t, d.leg); c.By != call.ByCallee || c.SIP != 503 {
		t.Errorf("ended by %+v", c)
	}
	if e := await[event.Ended](t, s.log, 1)[0]; e.By != call.ByCallee {
		t.Errorf("ended %+v", e)
	}
}

func TestDialRefused(t *testing.T) {
	for _, c := range []struct {
		code  int
		extra []string
		cause string
	}{
		{404, nil, "UNALLOCATED_NUMBER"},
		{486, nil, "USER_BUSY"},
		{480, []string{`Reason: Q.850;cause=18;text="nobody"`}, "NO_USER_RESPONSE"},
		{302, []string{"Contact: <sip:elsewhere@127.0.0.1>"}, "REDIRECTION_TO_NEW_DESTINATION"},
		{401, []string{`WWW-Authenticate: Digest realm="x", nonce="y"`}, "CALL_REJECTED"},
	} {
		t.Run(fmt.Sprint(c.code), func(t *testing.T) {
			s := start(t, noCalls(t))
			h := phone(t, s)
			got := dial(t, deadline(t), s, h, call.DialOptions{})
			invite := h.expect("INVITE")
			h.reply(invite, c.code, "", c.extra...)
			ack := h.expect("ACK")
			if head(ack, "Via") != head(invite, "Via") {
				t.Errorf("acknowledged by another way:\n%s", ack)
			}
			var no *call.RefusedError
			if d := <-got; !errors.As(d.err, &no) || no.Code != c.code || no.Cause.Name != c.cause {
				t.Errorf("got %v, %+v", d.err, no)
			}
			if s.Live() != 0 {
				t.Error("a leg was left")
			}
		})
	}
}

func TestDialWithPassword(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{Username: "alice", Password: "secret"})
	first := h.expect("INVITE")
	h.reply(first, 407, "", `Proxy-Authenticate: Digest realm="pbx", nonce="abc", qop="auth", algorithm=md5`)
	h.expect("ACK")
	second := h.expect("INVITE")
	if head(second, "CSeq") != "2 INVITE" || head(second, "Via") == head(first, "Via") || head(second, "From") != head(first, "From") {
		t.Errorf("tried again with\n%s", second)
	}
	cred, err := digest.ParseCredentials(head(second, "Proxy-Authorization"))
	if err != nil || cred.Username != "alice" || cred.URI != "sip:100@"+h.addr() {
		t.Errorf("credentials %+v, %v", cred, err)
	}
	h.reply(second, 407, "", `Proxy-Authenticate: Digest realm="pbx", nonce="abd", qop="auth"`)
	h.expect("ACK")
	var no *call.RefusedError
	if d := <-got; !errors.As(d.err, &no) || no.Code != 407 {
		t.Errorf("got %v", d.err)
	}
	for _, m := range facts[event.SIP](s.log) {
		if strings.Contains(m.Raw, cred.Response) {
			t.Errorf("the log gives the proof away:\n%s", m.Raw)
		}
	}
}

// TestChallengedLater has the BYE challenged, as some proxies do.
func TestChallengedLater(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{Username: "alice", Password: "secret"})
	h.reply(h.expect("INVITE"), 200, h.sdp)
	h.expect("ACK")
	d := <-got
	_ = d.leg.Hangup(t.Context(), call.Cause{Name: "USER_BUSY"})
	h.reply(h.expect("BYE"), 407, "", `Proxy-Authenticate: Digest realm="pbx", nonce="abc", qop="auth"`)
	bye := h.expect("BYE")
	cred, err := digest.ParseCredentials(head(bye, "Proxy-Authorization"))
	if err != nil || cred.Username != "alice" || head(bye, "CSeq") != "3 BYE" || !strings.Contains(head(bye, "Reason"), "cause=17") {
		t.Errorf("%v; tried again with\n%s", err, bye)
	}
	h.reply(bye, 200, "")
}

func TestDialCancelled(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	ctx, cancel := context.WithCancelCause(deadline(t))
	got := dial(t, ctx, s, h, call.DialOptions{})
	invite := h.expect("INVITE")
	why := errors.New("changed my mind")
	cancel(why)
	if d := <-got; !errors.Is(d.err, why) {
		t.Errorf("got %v", d.err)
	}
	h.reply(invite, 180, "") // only now may CANCEL be sent
	c := h.expect("CANCEL")
	if head(c, "Via") != head(invite, "Via") || head(c, "CSeq") != "1 CANCEL" {
		t.Errorf("cancelled with\n%s", c)
	}
	h.reply(c, 200, "")
	h.reply(invite, 487, "")
	h.expect("ACK")
}

// TestCancelRace has the callee answer while we cancel.
func TestCancelRace(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{Timeout: 50 * time.Millisecond})
	invite := h.expect("INVITE")
	h.reply(invite, 180, "")
	c := h.expect("CANCEL")
	h.reply(invite, 200, h.sdp)
	h.reply(c, 200, "")
	h.expect("ACK")
	h.reply(h.expect("BYE"), 200, "")
	var no *call.RefusedError
	if d := <-got; !errors.As(d.err, &no) || no.Code != 408 || no.Cause.Name != "NO_ANSWER" {
		t.Errorf("got %v", d.err)
	}
}

func TestDialNobody(t *testing.T) {
	s := start(t, noCalls(t), quick)
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	first := h.expect("INVITE")
	if again := h.expect("INVITE"); again != first {
		t.Errorf("repeated otherwise:\n%s", again)
	}
	var no *call.RefusedError
	if d := <-got; !errors.As(d.err, &no) || no.Code != 408 || no.Cause.Name != "NO_USER_RESPONSE" {
		t.Errorf("got %v", d.err)
	}
}

// TestFork has two phones ring and both answer: the first wins.
func TestFork(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	invite := h.expect("INVITE")
	first, second := h.from, newTag()
	h.reply(invite, 180, "")
	h.from = second
	h.reply(invite, 180, "")
	h.reply(invite, 200, h.sdp)
	ack := h.expect("ACK")
	if !strings.HasSuffix(head(ack, "To"), second) {
		t.Errorf("acknowledged\n%s", ack)
	}
	d := <-got
	if d.err != nil {
		t.Fatal(d.err)
	}
	h.from = first
	h.reply(invite, 200, h.sdp)
	if ack := h.expect("ACK"); !strings.HasSuffix(head(ack, "To"), first) {
		t.Errorf("acknowledged\n%s", ack)
	}
	bye := h.expect("BYE")
	if !strings.HasSuffix(head(bye, "To"), first) {
		t.Errorf("hung up on\n%s", bye)
	}
	h.reply(bye, 200, "")
	h.from = second
	_ = d.leg.Hangup(t.Context(), call.Normal)
	h.reply(h.expect("BYE"), 200, "")
}

func TestDialInterval(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	h.reply(h.expect("INVITE"), 422, "", "Min-SE: 3600")
	h.expect("ACK")
	second := h.expect("INVITE")
	if head(second, "Session-Expires") != "3600" {
		t.Errorf("tried again with\n%s", second)
	}
	h.callee(second)
	h.reply(second, 200, h.sdp, "Session-Expires: 3600;refresher=uas")
	h.expect("ACK")
	d := <-got
	h.send(h.asCallee("BYE", ""))
	h.expect("200")
	cause(t, d.leg)
}

// TestDialReliable acknowledges reliable provisional answers.
func TestDialReliable(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	invite := h.expect("INVITE")
	h.callee(invite)
	h.reply(invite, 183, h.sdp, "Require: 100rel", "RSeq: 77")
	h.reply(invite, 183, h.sdp, "Require: 100rel", "RSeq: 77")
	prack := h.expect("PRACK")
	if head(prack, "RAck") != "77 1 INVITE" || head(prack, "CSeq") != "2 PRACK" {
		t.Errorf("acknowledged with\n%s", prack)
	}
	h.reply(prack, 200, "")
	h.reply(invite, 200, h.sdp)
	if m := h.expect(""); !strings.HasPrefix(m, "ACK") {
		t.Errorf("came\n%s", m)
	}
	d := <-got
	_ = d.leg.Hangup(t.Context(), call.Normal)
	bye := h.expect("BYE")
	if head(bye, "CSeq") != "3 BYE" {
		t.Errorf("hung up with\n%s", bye)
	}
	h.reply(bye, 200, "")
}

// TestRoutes keeps to the way that proxies recorded, both as caller and
// as callee.
func TestRoutes(t *testing.T) {
	s := start(t, answerAndWait)
	h, proxy := phone(t, s), phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	invite := h.expect("INVITE")
	h.reply(invite, 200, h.sdp, "Record-Route: <sip:far.test;lr>, <sip:"+proxy.addr()+";lr>")
	ack := proxy.expect("ACK")
	if !strings.HasPrefix(ack, "ACK sip:100@"+h.addr()) || head(ack, "Route") != "<sip:"+proxy.addr()+";lr>" ||
		!strings.Contains(ack, "Route: <sip:far.test;lr>") {
		t.Errorf("acknowledged with\n%s", ack)
	}
	d := <-got
	_ = d.leg.Hangup(t.Context(), call.Normal)
	proxy.from = h.from
	proxy.reply(proxy.expect("BYE"), 200, "")

	strict := phone(t, s)
	ok := strict.call("Record-Route: <sip:" + proxy.addr() + ">")
	if head(ok, "Record-Route") != "<sip:"+proxy.addr()+">" {
		t.Errorf("answered with\n%s", ok)
	}
	for _, th := range s.all() {
		for _, l := range th.members() {
			_ = l.Hangup(t.Context(), call.Normal)
		}
	}
	bye := proxy.expect("BYE")
	if !strings.HasPrefix(bye, "BYE sip:"+proxy.addr()+" SIP/2.0") || head(bye, "Route") != "<sip:200@"+strict.addr()+">" {
		t.Errorf("a strict router got\n%s", bye)
	}
	proxy.from = strict.from
	proxy.reply(bye, 200, "")
}

// TestNoAnswerInAnswer is a 200 that one cannot talk to.
func TestNoAnswerInAnswer(t *testing.T) {
	s := start(t, noCalls(t))
	h := phone(t, s)
	got := dial(t, deadline(t), s, h, call.DialOptions{})
	h.reply(h.expect("INVITE"), 200, "")
	h.expect("ACK")
	h.reply(h.expect("BYE"), 200, "")
	var no *call.RefusedError
	if d := <-got; !errors.As(d.err, &no) || no.Code != 488 {
		t.Errorf("got %v", d.err)
	}
}

func TestBadTargets(t *testing.T) {
	s := start(t, noCalls(t))
	for _, target := range []string{
		"", "100", "sips:100@127.0.0.1", "sip:", "sip:100@", "http://x", "sip:a@127.0.0.1\r\nX: y", "sip:1@127.0.0.1;transport=sctp",
		"sip:1@203.0.113.1", // no socket of ours gets there
	} {
		if _, err := s.Dial(t.Context(), target, call.DialOptions{}); err == nil {
			t.Errorf("%q was dialled", target)
		}
	}
	for _, bad := range []map[string]string{{"X-A": "b\r\nc: d"}, {"X A": "b"}, {"": "b"}, {"Via": "x"}} {
		if _, err := s.Dial(t.Context(), "sip:1@127.0.0.1", call.DialOptions{Headers: bad}); err == nil {
			t.Errorf("%v was sent", bad)
		}
	}
	if s.Live() != 0 {
		t.Error("a leg was left")
	}
}
