package e2e

import (
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	facts "github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
)

// lampKey is a key of a phone with a lamp, by hand: a socket that subscribes
// and answers every NOTIFY.
type lampKey struct {
	t     *testing.T
	conn  *net.UDPConn
	uri   string // what it watches
	id    string
	seq   int
	to    string // with their tag, once there is one
	shown chan shown
	ended chan struct{}
}

// shown is what one NOTIFY says.
type shown struct {
	state   string // of the dialog
	version int
	sub     string // the Subscription-State
}

// watch subscribes to the events "dialog" of an extension, or extension@realm.
func (s *server) watch(extension string) *lampKey {
	s.t.Helper()
	uri := "sip:" + extension
	if !strings.Contains(uri, "@") {
		uri += "@" + s.SIP
	}
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		s.t.Fatal(err)
	}
	k := &lampKey{
		t: s.t, conn: c, uri: uri, id: c.LocalAddr().String(), to: "<" + uri + ">",
		shown: make(chan shown, 100), ended: make(chan struct{}),
	}
	answers := make(chan string, 10)
	go k.read(answers)
	s.t.Cleanup(func() {
		_ = c.Close()
		<-k.ended
	})
	k.subscribe(s, 3600)
	select {
	case m := <-answers:
		if !strings.HasPrefix(m, "SIP/2.0 200") {
			s.t.Fatalf("SUBSCRIBE was answered\n%s", m)
		}
		k.to = line(m, "To")
	case <-time.After(time.Minute):
		s.t.Fatal("SUBSCRIBE was not answered")
	}
	return k
}

func (k *lampKey) subscribe(s *server, expires int) {
	k.t.Helper()
	k.seq++
	at := k.conn.LocalAddr().String()
	m := fmt.Sprintf("SUBSCRIBE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%d;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:200@127.0.0.1>;tag=lamp\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d SUBSCRIBE\r\nContact: <sip:200@%s>\r\n"+
		"Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: %d\r\nContent-Length: 0\r\n\r\n",
		k.uri, at, strings.NewReplacer(".", "", ":", "").Replace(at), k.seq, k.to, k.id, k.seq, at, expires)
	to, err := net.ResolveUDPAddr("udp", s.SIP)
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := k.conn.WriteToUDP([]byte(m), to); err != nil {
		k.t.Fatal(err)
	}
}

// read answers NOTIFYs and hands on what they say, each once.
func (k *lampKey) read(answers chan<- string) {
	defer close(k.ended)
	buf, last := make([]byte, 65535), ""
	for {
		n, from, err := k.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		m := string(buf[:n])
		if !strings.HasPrefix(m, "NOTIFY ") {
			answers <- m
			continue
		}
		var b strings.Builder
		b.WriteString("SIP/2.0 200 OK\r\n")
		for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
			b.WriteString(name + ": " + line(m, name) + "\r\n")
		}
		_, _ = k.conn.WriteToUDP([]byte(b.String()+"Content-Length: 0\r\n\r\n"), from)
		if seq := line(m, "CSeq"); seq != last {
			last = seq
			k.shown <- read(m)
		}
	}
}

func read(m string) shown {
	var x struct {
		Version int    `xml:"version,attr"`
		State   string `xml:"dialog>state"`
	}
	_, body, _ := strings.Cut(m, "\r\n\r\n")
	if err := xml.Unmarshal([]byte(body), &x); err != nil {
		x.State = err.Error()
	}
	return shown{x.State, x.Version, line(m, "Subscription-State")}
}

// line is a header of a message.
func line(m, name string) string {
	_, rest, _ := strings.Cut(m, "\r\n"+name+": ")
	v, _, _ := strings.Cut(rest, "\r\n")
	return v
}

// shows waits until the lamp shows a state.
func (k *lampKey) shows(state, sub string) shown {
	k.t.Helper()
	var seen []shown
	limit := time.After(time.Minute)
	for {
		select {
		case s := <-k.shown:
			if s.state == state && strings.HasPrefix(s.sub, sub) {
				return s
			}
			seen = append(seen, s)
		case <-limit:
			k.t.Fatalf("the lamp never showed %s, %s but %+v", state, sub, seen)
		}
	}
}

// lampRow is what the API says of an extension.
type lampRow struct {
	State         string `json:"state"`
	PresenceID    string `json:"presence_id"`
	ManualState   string `json:"manual_state"`
	Calls         int    `json:"calls"`
	Subscriptions int    `json:"subscriptions"`
}

func (s *server) presence(extension string) (l lampRow) {
	s.t.Helper()
	s.do("GET", "/v2/accounts/"+s.auth.account+"/presence/"+extension, nil, &l)
	return l
}

// desk makes a user with a presence id, and a device of theirs that calls with
// a name.
func (s *server) desk(username, presenceID string) {
	s.t.Helper()
	var user struct {
		ID string `json:"id"`
	}
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/users",
		map[string]string{"first_name": "Ada", "last_name": "L", "presence_id": presenceID}, &user)
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/devices", map[string]any{
		"name": "Desk", "owner_id": user.ID, "sip": map[string]string{"username": username, "password": "secret-of-ada"},
	}, nil)
}

// TestLamp is a lamp from the feature code to the phone, through a restart,
// and with a live call.
func TestLamp(t *testing.T) {
	data := t.TempDir()
	s := serveIn(t, data)
	s.callflow("*5150", `{"module":"manual_presence","data":{"presence_id":"150","status":"busy"}}`)
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/callflows", map[string]any{
		"patterns": []string{`^\*6([0-9]+)$`},
		"flow":     map[string]any{"module": "manual_presence", "data": map[string]any{"status": "idle"}},
	}, nil)
	s.callflow("300", forEver)
	s.desk("100", "1001")
	night, busy, owner := s.watch("150"), s.watch("300"), s.watch("1001")
	if got := night.shows("terminated", "active"); got.version != 0 {
		t.Errorf("%+v", got)
	}
	line, err := phone.Open(t.Context(), "sip:x@"+s.SIP, facts.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	cut := s.dial(line, "*5150")
	if got := night.shows("confirmed", "active"); got.version != 1 {
		t.Errorf("%+v", got)
	}
	<-cut.Ended()
	busy.shows("terminated", "active")
	live := s.dial(line, "300")
	busy.shows("confirmed", "active")
	owner.shows("confirmed", "active")
	if got := s.presence("300"); got.State != "confirmed" || got.Calls != 1 || got.Subscriptions != 1 || got.ManualState != "" {
		t.Errorf("%+v", got)
	}
	if err := live.Hangup(t.Context(), call.Normal); err != nil {
		t.Fatal(err)
	}
	busy.shows("terminated", "active")
	owner.shows("terminated", "active")
	s.signal(syscall.SIGTERM)
	night.shows("confirmed", "terminated;reason=deactivated")
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	s = serveIn(t, data)
	if got := s.presence("150"); got.State != "confirmed" || got.ManualState != "confirmed" || !strings.HasPrefix(got.PresenceID, "150@") {
		t.Errorf("after the restart: %+v", got)
	}
	again := s.watch("150")
	again.shows("confirmed", "active")
	off := s.dial(line, "*6150")
	again.shows("terminated", "active")
	<-off.Ended()
	s.do("POST", "/v2/accounts/"+s.auth.account+"/presence/150", map[string]string{"action": "set", "state": "early"}, nil)
	again.shows("early", "active")
	again.subscribe(s, 0)
	again.shows("early", "terminated;reason=timeout")
}

// TestLampOfAccount goes out for good when its account does, or has another
// realm.
func TestLampOfAccount(t *testing.T) {
	s := serve(t)
	var made struct {
		ID string `json:"id"`
	}
	s.do("PUT", "/v2/accounts/"+s.auth.account, map[string]string{"name": "Child", "realm": "child.example"}, &made)
	s.do("PUT", "/v2/accounts/"+made.ID+"/presence/100", map[string]string{"state": "early"}, nil)
	first := s.watch("100@child.example")
	first.shows("early", "active")
	s.do("PATCH", "/v2/accounts/"+made.ID, map[string]string{"realm": "kid.example"}, nil)
	first.shows("early", "terminated;reason=noresource")
	second := s.watch("100@kid.example")
	second.shows("early", "active")
	s.do("DELETE", "/v2/accounts/"+made.ID, nil, nil)
	second.shows("terminated", "terminated;reason=noresource")
}

// TestSIPpSubscribe has a stranger's user agent subscribe, renew and end its
// subscription, over UDP and TCP.
func TestSIPpSubscribe(t *testing.T) {
	stranger(t, "sipp")
	s := serve(t)
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/presence/100", map[string]string{"state": "confirmed"}, nil)
	for _, transport := range []string{"u1", "t1"} {
		t.Run(transport, func(t *testing.T) {
			s.t = t
			s.sipp("subscribe", "100", 200, 100, "-t", transport)
		})
	}
	s.t = t
	s.until("end of all subscriptions", func() bool { return s.presence("100").Subscriptions == 0 })
}

// TestSIPpSubscribeRefused is what a stranger hears who asks for what is not
// there.
func TestSIPpSubscribeRefused(t *testing.T) {
	stranger(t, "sipp")
	s := serve(t)
	s.sipp("subscribe_refused", "100", 5, 5)
}

// TestBaresipPresence has baresip's contacts show who is there.
func TestBaresipPresence(t *testing.T) {
	stranger(t, "baresip")
	s := serve(t)
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/presence/100", map[string]string{"state": "confirmed"}, nil)
	b := startBaresip(t, "PCMU/8000/1", `"Hundred" <sip:100@`+s.SIP+`>;presence=p2p`)
	s.until("subscription of baresip", func() bool { return s.presence("100").Subscriptions == 1 })
	shows := func(what string) {
		t.Helper()
		said := ""
		s.until("contact that is "+what, func() bool {
			said = b.ask("contacts")
			return strings.Contains(said, what)
		})
		t.Log(said)
	}
	shows("Offline")
	s.do("POST", "/v2/accounts/"+s.auth.account+"/presence/100", map[string]string{"action": "reset"}, nil)
	shows("Online")
}
