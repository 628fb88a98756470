package sip

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
)

// diary is an event log that tests can read and wait on.
type diary struct {
	mu      sync.Mutex
	events  []event.Event
	changed chan struct{}
}

func newDiary() *diary { return &diary{changed: make(chan struct{})} }

func (d *diary) Add(e event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
	close(d.changed)
	d.changed = make(chan struct{})
}

// facts are those of one kind, in order.
func facts[F event.Fact](d *diary) []F {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []F
	for _, e := range d.events {
		if f, ok := e.What.(F); ok {
			out = append(out, f)
		}
	}
	return out
}

// patience is how long anything may take that must come.
const patience = time.Minute

// await waits until there are n facts of a kind.
func await[F event.Fact](t *testing.T, d *diary, n int) []F {
	t.Helper()
	limit := time.After(patience)
	for {
		d.mu.Lock()
		changed := d.changed
		d.mu.Unlock()
		if got := facts[F](d); len(got) >= n {
			return got
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("waited in vain for %d facts of %T; there are:\n%s", n, *new(F), d)
		}
	}
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out strings.Builder
	for _, e := range d.events {
		if m, ok := e.What.(event.SIP); ok {
			fmt.Fprintf(&out, "%s sip out=%v %s | %s %s\n", e.At.Format("05.000"), m.Out, m.Line, m.CSeq, m.Note)
		} else {
			fmt.Fprintf(&out, "%s %s %+v\n", e.At.Format("05.000"), e.What.Kind(), e.What)
		}
	}
	return out.String()
}

func engine(t *testing.T) *rtp.Engine {
	t.Helper()
	e, err := rtp.NewEngine(rtp.Config{PortMin: 21000, PortMax: 29999})
	if err != nil {
		t.Skipf("no media engine here: %v", err)
	}
	t.Cleanup(e.Close)
	return e
}

// ua is one server under test, with its diary.
type ua struct {
	*Server
	log *diary
}

func (u *ua) uri(user string) string {
	for _, a := range u.Addrs() {
		if a.Transport == transportUDP {
			return "sip:" + user + "@" + a.String()
		}
	}
	return "sip:" + user + "@" + u.Addrs()[0].String() + ";transport=tcp"
}

func (u *ua) udp(t *testing.T) netip.AddrPort {
	t.Helper()
	for _, a := range u.Addrs() {
		if a.Transport == transportUDP {
			return a.AddrPort
		}
	}
	t.Fatal("no UDP socket")
	return netip.AddrPort{}
}

func answerAndWait(ctx context.Context, leg call.Leg) {
	if leg.Answer(ctx) == nil {
		<-leg.Ended()
	}
}

// start runs a server on loopback until the test ends.
func start(t *testing.T, onCall func(context.Context, call.Leg), change ...func(*Config)) *ua {
	t.Helper()
	d := newDiary()
	cfg := Config{
		Listen: []Listen{{"udp", "127.0.0.1:0"}, {"tcp", "127.0.0.1:0"}}, Codecs: audio.Codecs, OnCall: onCall, Log: d,
		UserAgent: "Pivot/test",
	}
	if os.Getenv("SIP_TEST_LOG") != "" {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	for _, c := range change {
		c(&cfg)
	}
	if cfg.Media == nil {
		cfg.Media = engine(t)
	}
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	u := &ua{s, d}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v\n%s", err, d)
		}
	})
	return u
}

func noCalls(t *testing.T) func(context.Context, call.Leg) {
	t.Helper()
	return func(_ context.Context, l call.Leg) { t.Errorf("a call came: %+v", l.Info()) }
}

// quick has the timers run fast, but leaves a test that answers by hand more
// than a second for it.
func quick(c *Config) { c.Timers = Timers{T1: 25 * time.Millisecond} }

func prefixes(s ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range s {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func mustAddr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// handset is a bare UDP peer: a test writes and reads its messages by hand.
type handset struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
	id   string // Call-ID
	from string // tag
	far  string // their tag
	sdp  string
	seq  int
	via  string // the branch of the last request
	told string // the CSeq of the last NOTIFY that was read
}

func newHandset(t *testing.T, to netip.AddrPort) *handset {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(to.Addr(), 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	h := &handset{t: t, conn: c, to: to, id: newTag(), from: newTag()}
	h.sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 101\r\n" +
		"a=rtpmap:101 telephone-event/8000\r\n"
	return h
}

func (h *handset) addr() string {
	if h.conn == nil {
		return "127.0.0.1:5070"
	}
	return h.conn.LocalAddr().String()
}

// request writes a request of the call; extra lines are put among its headers.
func (h *handset) request(method, body string, extra ...string) string {
	if method != "ACK" && method != "CANCEL" {
		h.seq++
	}
	if method != "CANCEL" {
		h.via = "z9hG4bK" + newTag()
	}
	return h.write(method, h.seq, body, extra...)
}

func (h *handset) write(method string, seq int, body string, extra ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s sip:100@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\n", method, h.to, h.addr(), h.via)
	to := "<sip:100@pivot.test>"
	if h.far != "" {
		to += ";tag=" + h.far
	}
	fmt.Fprintf(&b, "From: \"Alice\" <sip:200@home.test>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", h.from, to, h.id, seq, method)
	fmt.Fprintf(&b, "Contact: <sip:200@%s>\r\n", h.addr())
	typed := false
	for _, e := range extra {
		b.WriteString(e + "\r\n")
		typed = typed || strings.HasPrefix(e, "Content-Type")
	}
	if body != "" && !typed {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

func (h *handset) send(msg string) {
	h.t.Helper()
	if _, err := h.conn.WriteToUDPAddrPort([]byte(msg), h.to); err != nil {
		h.t.Fatal(err)
	}
}

// read is the next message, as text.
func (h *handset) read() (string, bool) {
	buf := make([]byte, 65535)
	_ = h.conn.SetReadDeadline(time.Now().Add(patience))
	n, _, err := h.conn.ReadFromUDPAddrPort(buf)
	return string(buf[:n]), err == nil
}

// expect reads until a message whose first line contains what.
func (h *handset) expect(what string) string {
	h.t.Helper()
	var seen []string
	for {
		m, ok := h.read()
		if !ok {
			h.t.Fatalf("no %q came; came %q", what, seen)
		}
		line, _, _ := strings.Cut(m, "\r\n")
		if strings.Contains(line, what) {
			if tag := tagOf(m); tag != "" && strings.HasPrefix(m, "SIP/2.0 ") && h.far == "" && strings.Contains(m, "INVITE") {
				h.far = tag
			}
			return m
		}
		seen = append(seen, line)
	}
}

// reply answers a request that came to the handset.
func (h *handset) reply(req string, code int, body string, extra ...string) {
	h.t.Helper()
	m, err := sip.ParseMessage([]byte(req))
	if err != nil {
		h.t.Fatal(err)
	}
	r, ok := m.(*sip.Request)
	if !ok {
		h.t.Fatalf("%q is no request", req)
	}
	tag := h.from
	if code == 100 {
		tag = ""
	}
	res := answer(r, code, tag)
	add(res, "Contact", "<sip:100@"+h.addr()+">")
	for _, e := range extra {
		n, v, _ := strings.Cut(e, ": ")
		add(res, n, v)
	}
	finish(res, typeSDP, []byte(body))
	h.send(string(encode(res)))
}

func tagOf(m string) string {
	to := headOf([]byte(m), "To", "t")
	_, tag, _ := strings.Cut(to, "tag=")
	return tag
}

func head(m, name string) string { return headOf([]byte(m), name, "") }

func body(m string) string {
	_, b, _ := bytes.Cut([]byte(m), []byte("\r\n\r\n"))
	return string(b)
}

// call places a call that is answered.
func (h *handset) call(extra ...string) (ok string) {
	h.t.Helper()
	h.send(h.request("INVITE", h.sdp, extra...))
	ok = h.expect("200 OK")
	h.send(h.write2("ACK"))
	return ok
}

// write2 is an ACK of the last INVITE's 2xx.
func (h *handset) write2(method string) string {
	h.via = "z9hG4bK" + newTag()
	return h.write(method, h.seq, "")
}
