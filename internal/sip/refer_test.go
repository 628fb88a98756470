package sip

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

// transferred is how a transfer went.
type transferred struct {
	call.ReferResult
	err error
}

// referring is a call whose server asks its caller to call somebody else.
func referring(t *testing.T, target string, headers map[string]string) (*ua, *handset, <-chan transferred) {
	t.Helper()
	got := make(chan transferred, 1)
	s := start(t, func(ctx context.Context, l call.Leg) {
		_ = l.Answer(ctx)
		r, err := l.(call.Transferrer).Refer(context.WithoutCancel(ctx), target, headers)
		got <- transferred{r, err}
		<-l.Ended()
	}, quick)
	h := newHandset(t, s.udp(t))
	h.call()
	return s, h, got
}

// notify is a NOTIFY about the transfer.
func (h *handset) notify(state, event, frag string, extra ...string) string {
	if frag != "" {
		extra = append(extra, "Content-Type: message/sipfrag;version=2.0")
	}
	return h.request("NOTIFY", frag, append(extra, "Event: "+event, "Subscription-State: "+state)...)
}

func (h *handset) bye() {
	h.t.Helper()
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

func TestRefer(t *testing.T) {
	s, h, got := referring(t, "sip:bob@example.com;transport=tcp?X-Old=1", map[string]string{
		"x-account": "a b&c=d?", "User-to-User": "00c0;encoding=hex",
	})
	refer := h.expect("REFER")
	to := "<sip:bob@example.com;transport=tcp?User-To-User=00c0%3Bencoding%3Dhex&X-Account=a%20b%26c%3Dd%3F&X-Old=1>"
	if head(refer, "Refer-To") != to || head(refer, "Referred-By") != "<sip:100@pivot.test>" {
		t.Errorf("asked with\n%s", refer)
	}
	h.reply(refer, 202, "")
	h.send(h.notify("active;expires=60", "refer", "SIP/2.0 100 Trying\r\n"))
	h.expect("200 OK")
	h.send(h.notify("active", "presence", ""))
	if no := h.expect("489"); head(no, "Allow-Events") != "refer" {
		t.Errorf("refused with\n%s", no)
	}
	h.send(h.notify("active", "refer;id=77", ""))
	h.expect("481")
	h.send(h.notify("active", "refer", "no status"))
	h.expect("400")
	h.send(h.request("NOTIFY", "{}", "Content-Type: application/json", "Event: refer", "Subscription-State: active"))
	h.expect("415")
	id, _, _ := strings.Cut(head(refer, "CSeq"), " ")
	h.send(h.notify("terminated;reason=noresource", "refer;id="+id, "SIP/2.0 200 OK"))
	h.expect("200 OK")
	if r := <-got; r.Status != 202 || r.Notified != 200 || r.err != nil {
		t.Errorf("it went %+v\n%s", r, s.log)
	}
	h.send(h.notify("terminated", "refer", "SIP/2.0 200 OK"))
	h.expect("481")
	h.bye()
}

// TestReferEndings is every other way in which a transfer can go.
func TestReferEndings(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(h *handset, refer string)
		want call.ReferResult
		err  error
		gone bool // the call is over, too
	}{
		"refused": {do: func(h *handset, refer string) {
			h.reply(refer, 603, "")
			h.send(h.notify("active", "refer", "SIP/2.0 100 Trying"))
			h.expect("481")
		}, want: call.ReferResult{Status: 603}},
		"no REFER there": {do: func(h *handset, refer string) { h.reply(refer, 405, "") }, want: call.ReferResult{Status: 405}},
		"busy": {do: func(h *handset, refer string) {
			h.reply(refer, 202, "")
			h.send(h.notify("active", "Refer", "SIP/2.0 486 Busy Here"))
			h.expect("200 OK")
			h.send(h.notify("terminated", "refer", "SIP/2.0 200 OK")) // comes too late to count
			h.expect("200 OK")
		}, want: call.ReferResult{Status: 202, Notified: 486}},
		"NOTIFY before the answer": {do: func(h *handset, refer string) {
			h.send(h.notify("terminated", "refer", "SIP/2.0 200 OK"))
			h.expect("200 OK")
			h.reply(refer, 200, "")
		}, want: call.ReferResult{Status: 200, Notified: 200}},
		"ended without a word": {do: func(h *handset, refer string) {
			h.reply(refer, 202, "")
			h.send(h.notify("terminated", "refer", ""))
			h.expect("200 OK")
		}, want: call.ReferResult{Status: 202}},
		"no NOTIFY": {do: func(h *handset, refer string) { h.reply(refer, 202, "") }, want: call.ReferResult{Status: 202}},
		"no answer": {do: func(*handset, string) {}, err: errTxTimeout},
		"hung up after the answer": {do: func(h *handset, refer string) {
			h.reply(refer, 202, "")
			h.send(h.notify("active", "refer", "SIP/2.0 180 Ringing"))
			h.expect("200 OK")
			h.bye()
			h.send(h.notify("terminated", "refer", "SIP/2.0 200 OK"))
			h.expect("481")
		}, want: call.ReferResult{Status: 202, Notified: 180}, err: call.ErrHungup, gone: true},
		"hung up before it": {do: func(h *handset, _ string) { h.bye() }, err: call.ErrHungup, gone: true},
	} {
		t.Run(name, func(t *testing.T) {
			s, h, got := referring(t, "tel:+15551234", nil)
			refer := h.expect("REFER")
			if head(refer, "Refer-To") != "<tel:+15551234>" {
				t.Errorf("asked with\n%s", refer)
			}
			c.do(h, refer)
			if r := <-got; r.ReferResult != c.want || !errors.Is(r.err, c.err) {
				t.Errorf("it went %+v\n%s", r, s.log)
			}
			if !c.gone {
				h.bye()
			}
		})
	}
}

// TestReferWaitsForAck does not send into a dialog that may not be known yet.
func TestReferWaitsForAck(t *testing.T) {
	legs := make(chan call.Leg, 1)
	s := start(t, func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) })
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	h.expect("200 OK")
	l := (<-legs).(call.Transferrer)
	got := make(chan transferred, 1)
	ctx, cancel := context.WithCancelCause(deadline(t))
	go func() {
		r, err := l.Refer(ctx, "sip:a@b", nil)
		got <- transferred{r, err}
	}()
	_ = h.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _, err := h.conn.ReadFromUDPAddrPort(make([]byte, 9000)); err == nil {
		t.Errorf("%d bytes came before the ACK", n)
	}
	h.send(h.write2("ACK"))
	refer := h.expect("REFER")
	if _, err := l.Refer(ctx, "sip:c@d", nil); !errors.Is(err, errReferring) {
		t.Errorf("a second one: %v", err)
	}
	why := errors.New("enough")
	cancel(why)
	if r := <-got; !errors.Is(r.err, why) {
		t.Errorf("it went %+v", r)
	}
	h.reply(refer, 202, "")
	h.send(h.notify("terminated", "refer", "SIP/2.0 200 OK")) // nobody waits, but it is ours
	h.expect("200 OK")
	h.bye()
	if _, err := l.Refer(deadline(t), "sip:c@d", nil); !errors.Is(err, call.ErrHungup) {
		t.Errorf("after the end: %v", err)
	}
}

// TestReferTooEarly is a call that was not answered.
func TestReferTooEarly(t *testing.T) {
	got := make(chan error, 1)
	s := start(t, func(ctx context.Context, l call.Leg) {
		_, err := l.(call.Transferrer).Refer(ctx, "sip:a@b", nil)
		got <- err
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp))
	if err := <-got; !errors.Is(err, errNotUp) {
		t.Errorf("got %v", err)
	}
	h.expect("480")
	h.send(h.write("ACK", h.seq, ""))
}

// TestReferTime lets a far end tell of ringing for ever.
func TestReferTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t)
		l := <-legs
		got := make(chan transferred, 1)
		began := time.Now()
		go func() {
			r, err := l.(call.Transferrer).Refer(t.Context(), "sip:a@b", nil)
			got <- transferred{r, err}
		}()
		synctest.Wait()
		refer, _ := w.last(sip.REFER)
		reply(s, w, refer, 202)
		for range 7 {
			time.Sleep(25 * time.Second)
			hear(s, w, h.notify("active;expires=3600", "refer", "SIP/2.0 180 Ringing"))
			synctest.Wait()
		}
		if r := <-got; r.Status != 202 || r.Notified != 180 || r.err != nil {
			t.Errorf("it went %+v", r)
		}
		if took := time.Since(began); took != referTime {
			t.Errorf("awaited for %v", took)
		}
		end(t, s, w, l)
	})
}

// TestReferExpires ends with the subscription.
func TestReferExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := timed(t)
		l := <-legs
		got := make(chan time.Duration, 1)
		began := time.Now()
		go func() {
			_, _ = l.(call.Transferrer).Refer(t.Context(), "sip:a@b", nil)
			got <- time.Since(began)
		}()
		synctest.Wait()
		refer, _ := w.last(sip.REFER)
		reply(s, w, refer, 202)
		hear(s, w, h.notify("active;expires=40", "refer", "SIP/2.0 100 Trying"))
		if took := <-got; took != 40*time.Second {
			t.Errorf("awaited for %v", took)
		}
		end(t, s, w, l)
	})
}

func TestReferTo(t *testing.T) {
	for _, c := range []struct {
		target  string
		headers map[string]string
		want    string // "" is refused
	}{
		{"sip:a@b", nil, "sip:a@b"},
		{"sips:a@b:5061;transport=tls", nil, "sips:a@b:5061;transport=tls"},
		{"sip:a?b@c", nil, "sip:a?b@c"},
		{"sip:a@b?x-one=1&X-Two=%20%22", nil, "sip:a@b?X-One=1&X-Two=%20%22"},
		{"sip:a@b?x-one=1", map[string]string{"X-One": "2"}, "sip:a@b?X-One=2"},
		{"tel:+1-555;phone-context=x", map[string]string{"Remote-Party-ID": "<sip:x@y>"}, "tel:+1-555;phone-context=x?Remote-Party-Id=%3Csip%3Ax%40y%3E"},
		{"", nil, ""},
		{"bob", nil, ""},
		{"http://a", nil, ""},
		{"tel:", nil, ""},
		{"sip:", nil, ""},
		{"sip:a@b>,<sip:c@d", nil, ""},
		{"sip:a@b\r\nX: y", nil, ""},
		{"sip:a b@c", nil, ""},
		{"sip:ä@b", nil, ""},
		{"sip:a@b?Replaces=x", nil, ""},
		{"sip:a@b?body=x", nil, ""},
		{"sip:a@b?X-A=%zz", nil, ""},
		{"sip:a@b?X-A=%0d%0aVia:x", nil, ""},
		{"sip:a@b", map[string]string{"Via": "x"}, ""},
		{"sip:a@b", map[string]string{"X A": "x"}, ""},
		{"sip:a@b", map[string]string{"X-A": "x\r\nVia: y"}, ""},
		{"sip:a@b", map[string]string{"X-A": strings.Repeat("x", maxReferTo)}, ""},
	} {
		got, err := referTo(c.target, c.headers)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q, %v: %q, %v", c.target, c.headers, got, err)
		}
	}
}

// TestNotifyOfNothing is a NOTIFY that nobody asked for.
func TestNotifyOfNothing(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.send(h.notify("active", "message-summary", ""))
	h.expect("481")
	h.call()
	h.send(h.notify("active", "refer", "SIP/2.0 200 OK"))
	h.expect("481")
	h.send(h.request("REFER", "", "Refer-To: <sip:x@y>"))
	h.expect("405")
	h.bye()
}

func FuzzSipfrag(f *testing.F) {
	for _, seed := range []string{"SIP/2.0 200 OK\r\n", "SIP/2.0 200", "sip/2.0 603 No\r\nX: y", "SIP/2.0 -20", "\r\n", "SIP/2.0 99999", ""} {
		f.Add([]byte(seed), "message/sipfrag")
	}
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		req := sip.NewRequest(sip.NOTIFY, sip.Uri{Scheme: "sip", Host: "a"})
		add(req, "Content-Type", kind)
		req.SetBody(body)
		code, no := sipfrag(req)
		if code != 0 && (code < 100 || code > 699 || no != nil || !strings.Contains(string(body), fmt.Sprint(code))) {
			t.Errorf("%q: %d, %+v", body, code, no)
		}
	})
}

func FuzzReferTo(f *testing.F) {
	for _, seed := range []string{"sip:a@b", "sip:a@b?X-A=%20", "tel:1", "sip:a?b@c?d", "sip:[::1]:1;x=y?X-=&X-Y"} {
		f.Add(seed, "X-A", "v")
	}
	f.Fuzz(func(t *testing.T, target, name, value string) {
		uri, err := referTo(target, map[string]string{name: value})
		if err == nil && (strings.ContainsAny(uri, " <>\"\r\n\x00") || len(uri) > maxReferTo) {
			t.Errorf("%q, %q, %q: %q", target, name, value, uri)
		}
	})
}
