package sip

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/trial"
)

// TestValidation sends what is wrong in one way each and reads the answer.
func TestValidation(t *testing.T) {
	s := start(t, noCalls(t))
	invite := func(change ...string) func(*handset) string {
		return func(h *handset) string {
			return strings.NewReplacer(change...).Replace(h.request("INVITE", h.sdp))
		}
	}
	options := func(change ...string) func(*handset) string {
		return func(h *handset) string {
			return strings.NewReplacer(change...).Replace(h.request("OPTIONS", ""))
		}
	}
	with := func(method, body string, extra ...string) func(*handset) string {
		return func(h *handset) string { return h.request(method, body, extra...) }
	}
	for _, c := range []struct {
		name string
		make func(*handset) string
		code string // "" is silence
		want string // a line of the answer
	}{
		{"probe", options(), "200", "Allow: " + allowValue},
		{"probe at its last hop", options("Max-Forwards: 70", "Max-Forwards: 0"), "200", ""},
		{"no hops left", invite("Max-Forwards: 70", "Max-Forwards: 0"), "483", ""},
		{"hops out of range", options("Max-Forwards: 70", "Max-Forwards: 256"), "400", ""},
		{"hops twice", options("Max-Forwards: 70", "Max-Forwards: 70\r\nMax-Forwards: 7"), "400", ""},
		{"other version", options(" SIP/2.0\r\nVia: SIP/2.0", " SIP/3.0\r\nVia: SIP/2.0"), "505", ""},
		{"other method in CSeq", options("1 OPTIONS", "1 INVITE"), "400", ""},
		{"CSeq out of range", options("CSeq: 1 ", "CSeq: 4294967296 "), "400", ""},
		{"CSeq twice", options("CSeq: 1 OPTIONS", "CSeq: 1 OPTIONS\r\nCSeq: 2 OPTIONS"), "400", ""},
		{"no CSeq", options("CSeq", "X-CSeq"), "", ""},
		{"no Via", options("Via:", "X-Via:"), "", ""},
		{"no Call-ID", options("Call-ID", "X-Call-ID"), "400", ""},
		{"no From", options("From", "X-From"), "400", ""},
		{"no To", options("To:", "X-To:"), "400", ""},
		{"two Tos", options("To:", "t: <sip:1@a>\r\nTo:"), "400", ""},
		{"empty branch", options("branch=z9hG4bK", "branch=z9hG4bK;x="), "400", ""},
		{"Via of another protocol", options("Via: SIP/2.0/UDP", "Via: SIP/3.0/UDP"), "400", ""},
		{"longer than it is", options("Content-Length: 0", "Content-Length: 10"), "400", ""},
		{"of no length", options("Content-Length: 0", "Content-Length: -1"), "400", ""},
		{"of two lengths", options("Content-Length: 0", "Content-Length: 0\r\nl: 0"), "400", ""},
		{"header without colon", options("Max-Forwards: 70", "Max-Forwards 70"), "400", ""},
		{"lower case method", options("OPTIONS sip", "options sip"), "400", ""},
		{"unknown method", options("OPTIONS", "DANCE"), "501", "Allow: " + allowValue},
		{"known method, not served", with("REGISTER", ""), "405", "Allow: " + allowValue},
		{"subscription", with("SUBSCRIBE", "", "Event: dialog"), "489", "Allow-Events: refer\r\n"},
		{"transfer of no call", with("REFER", "", "Refer-To: <sip:1@a>"), "405", ""},
		{"other scheme", options("OPTIONS sip:100@", "OPTIONS mailto:100@"), "416", ""},
		{"secure scheme", options("OPTIONS sip:100@", "OPTIONS sips:100@"), "416", ""},
		{"headers in the URI", invite("INVITE sip:100@"+s.udp(t).String(), "INVITE sip:100@a?X=y"), "400", ""},
		{"requires too much", with("INVITE", "x", "Require: 100rel, dancing", "require: singing"), "420", "Unsupported: dancing, singing"},
		{"probe requires too much", with("OPTIONS", "", "Require: dancing"), "420", "Unsupported: dancing"},
		{"two Contacts", invite("Contact:", "m: <sip:1@a>\r\nContact:"), "400", ""},
		{"no Contact", invite("Contact:", "X-Contact:"), "400", ""},
		{"takes no descriptions", with("INVITE", "x", "Accept: text/plain"), "406", ""},
		{"other content", with("INVITE", "x", "Content-Type: text/plain"), "415", "Accept: application/sdp, multipart/mixed"},
		{"content packed", with("INVITE", "x", "Content-Encoding: gzip"), "415", "Accept-Encoding: identity"},
		{"content of no type", invite("Content-Type", "X-Content-Type"), "400", ""},
		{"Date elsewhere", with("INVITE", "x", "Date: Fri, 01 Jan 2010 16:00:00 EST"), "400", ""},
		{"offer that cannot be read", with("INVITE", "v=9\r\nnonsense"), "400", ""},
		{"no codec in common", invite("RTP/AVP 0 101", "RTP/AVP 97 101"), "488", "Warning: 305"},
		{"sound for many", invite("c=IN IP4 127.0.0.1", "c=IN IP4 224.2.1.1/127"), "488", "Warning: 330"},
		{"the other family", invite("c=IN IP4 127.0.0.1", "c=IN IP6 2001:db8::1"), "488", "Warning: 300"},
		{"a name for sound", invite("c=IN IP4 127.0.0.1", "c=IN IP4 example.com"), "488", "Warning: 300"},
		{"no sound at all", invite("m=audio", "m=video"), "488", "Warning: 304"},
		{"interval too small", with("INVITE", "x", "Supported: timer", "Session-Expires: 30"), "422", "Min-SE: 90"},
		{"no such call", with("INFO", ""), "481", ""},
		{"hanging up on nothing", with("BYE", ""), "481", ""},
		{"cancelling nothing", func(h *handset) string { h.via = cookie + "c"; return h.request("CANCEL", "") }, "481", ""},
		{"acknowledging nothing", with("ACK", ""), "", ""},
		{"malformed ACK", func(h *handset) string { return strings.Replace(h.request("ACK", ""), "CSeq: 0", "CSeq: x", 1) }, "", ""},
		{"not SIP", func(*handset) string { return "GET / HTTP/1.1\r\n\r\n" }, "", ""},
		{"noise", func(*handset) string { return "\x80\x00\x12\x34" }, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHandset(t, s.udp(t))
			h.send(c.make(h))
			if c.code == "" {
				h.far = ""
				h.send(h.request("OPTIONS", "")) // what is answered next tells that nothing was before
				if m, _ := h.read(); !strings.HasPrefix(m, "SIP/2.0 200") || head(m, "Call-ID") != h.id {
					t.Errorf("answered with\n%s", m)
				}
				return
			}
			for {
				m, ok := h.read()
				if !ok {
					t.Fatal("no answer")
				}
				if strings.HasPrefix(m, "SIP/2.0 100") {
					continue
				}
				if !strings.HasPrefix(m, "SIP/2.0 "+c.code) || !strings.Contains(m, c.want) {
					t.Errorf("answered with\n%s", m)
				}
				if !strings.Contains(m, "branch="+h.via) && c.name != "empty branch" {
					t.Errorf("the answer has another Via:\n%s", m)
				}
				return
			}
		})
	}
	if err := s.settled(deadline(t)); err != nil || s.Live() != 0 {
		t.Errorf("%d calls are left: %v", s.Live(), err)
	}
}

// TestRefusalIsTold puts a call that no application saw on a timeline, once,
// however often it comes.
func TestRefusalIsTold(t *testing.T) {
	s := start(t, noCalls(t))
	h := newHandset(t, s.udp(t))
	invite := h.request("INVITE", h.sdp, "Require: dancing")
	for range 2 {
		h.send(invite)
		h.expect("420")
	}
	o, e := await[event.Offered](t, s.log, 1), await[event.Ended](t, s.log, 1)
	if len(o) != 1 || len(e) != 1 || e[0].SIP != 420 || o[0].From != "200@home.test" || o[0].CallerName != "Alice" {
		t.Errorf("told %+v, %+v", o, e)
	}
	if m := facts[event.SIP](s.log); len(m) < 2 || m[0].Out || m[0].CSeq != "1 INVITE" || !m[1].Out || m[1].Line != "SIP/2.0 420 Bad Extension" {
		t.Errorf("messages %+v", m)
	}
}

// TestOddSpaces reads what RFC 3261 allows and nobody writes.
func TestOddSpaces(t *testing.T) {
	s := start(t, noCalls(t))
	h := newHandset(t, s.udp(t))
	m := h.request("OPTIONS", "")
	m = strings.Replace(m, "Via: SIP/2.0/UDP "+h.addr()+";branch=", "v :  SIP  /  2.0\r\n /UDP\r\n    "+h.addr()+" ; branch  =  ", 1)
	m = strings.Replace(m, "To: <sip:100@pivot.test>", "TO :\r\n sip:100@pivot.test ", 1)
	h.send(m)
	h.expect("200")
}

// TestReceived answers to where a request came from when its Via names
// another place.
func TestReceived(t *testing.T) {
	s := start(t, noCalls(t))
	h := newHandset(t, s.udp(t))
	h.send(strings.Replace(h.request("OPTIONS", ""), "UDP "+h.addr(), "UDP phone.test", 1))
	if via := head(h.expect("200"), "Via"); !strings.Contains(via, "received=127.0.0.1") || !strings.Contains(via, "rport=") {
		t.Errorf("Via: %s", via)
	}
}

// TestStrangers get no answer at all; the log tells of them once a minute.
func TestStrangers(t *testing.T) {
	logged := make(chan string, 100)
	s := start(t, noCalls(t), func(c *Config) {
		c.Listen = []Listen{{"udp", "0.0.0.0:0"}, {"tcp", "0.0.0.0:0"}}
		c.Logger = slog.New(slog.NewTextHandler(lines(logged), nil))
	})
	to := s.udp(t)
	h := newHandset(t, netipPort(mustAddr("127.0.0.1:1"), int(to.Port())))
	h.send(h.request("INVITE", h.sdp))
	h.send(h.request("OPTIONS", ""))
	_ = h.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, _, err := h.conn.ReadFromUDPAddrPort(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came", n)
	}
	trial.Eventually(t, func() string {
		if c := s.Counts(); c.Strangers != 2 || c.Messages != 2 {
			return fmt.Sprintf("counted %+v", c)
		}
		return ""
	})
	c, err := net.Dial("tcp", netipPort(mustAddr("127.0.0.1:1"), int(s.Addrs()[1].Port())).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Read(make([]byte, 1)); err == nil || s.Counts().Strangers != 3 {
		t.Errorf("a connection stays: %v, %+v", err, s.Counts())
	}
	if line := <-logged; !strings.Contains(line, "not allowed") || !strings.Contains(line, h.addr()) {
		t.Errorf("logged %s", line)
	}
	s.warned.Add(-int64(strangersTime / time.Second))
	h.send(h.request("OPTIONS", ""))
	if line := <-logged; !strings.Contains(line, "dropped_so_far=4") {
		t.Errorf("logged %s", line)
	}
}

// lines is a log that goes to a channel.
type lines chan<- string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}
