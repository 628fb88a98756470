package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/trial"
)

// hostileTime is how long to be hostile: PIVOT_HOSTILE, else 20 s.
func hostileTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("PIVOT_HOSTILE")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("PIVOT_HOSTILE: %v", err)
	}
	return d
}

// The rates of hostility: bounded, so that good calls lack neither CPU nor
// room in socket buffers, which is not what is tried here.
const (
	sipRate = 1000 // datagrams a second to the SIP port
	rtpRate = 4000 // to the RTP ports
)

// TestHostileDatagrams sends mutations of SIP and RTP messages beside good
// calls, of which none may be harmed.
func TestHostileDatagrams(t *testing.T) {
	stranger(t, "sipp")
	if testing.Short() {
		t.Skip("seconds of hostility with -short")
	}
	length := hostileTime(t)
	s := serve(t, "--rtp", "20000-20799", "--drain", "1s")
	s.callflow("220", beep)
	s.callflow("221", `{"module":"play","data":{"id":"tone_stream://%(1000,0,440)"},"children":{"_":{"module":"hangup","data":{}}}}`)
	before := s.footprint()
	ctx, cancel := context.WithCancel(t.Context())
	var attack sync.WaitGroup
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range 4 {
		m := &mutator{r: rand.New(rand.NewPCG(seed, uint64(i))), target: s.SIP}
		attack.Go(func() { m.spray(ctx, sipRate/4, m.sip, func() string { return s.SIP }) })
	}
	m := &mutator{r: rand.New(rand.NewPCG(seed, 99))}
	attack.Go(func() { m.spray(ctx, rtpRate, m.rtp, m.rtpPort) })
	var good sync.WaitGroup
	n := int(length.Seconds()) * 10
	good.Go(func() {
		s.sipp("call", "220", n, 10, "-p", strconv.Itoa(trial.Ports(t, 1)),
			"-timeout", fmt.Sprintf("%.0fs", (length+2*time.Minute).Seconds()))
	})
	heard, dropped := 0, uint64(0)
	l := s.line()
	for until := time.Now().Add(length); time.Now().Before(until); heard++ {
		id, tones := s.phone(l, "221", map[string]float64{"tone": 440})
		r := s.record(id)
		if len(tones) == 0 || r.Media == nil || r.Cause != "NORMAL_CLEARING" {
			t.Fatalf("good call %d heard %q: %+v, media %+v", heard, tones, r, r.Media)
		}
		if r.Media.Relatched > 0 {
			t.Errorf("good call %d was sent to a stranger: %+v", heard, r.Media)
		}
		dropped += r.Media.Dropped
	}
	if dropped == 0 {
		t.Error("no hostile packet reached a call that was listened to")
	}
	good.Wait()
	cancel()
	attack.Wait()
	var kept []record
	s.until("the records of the good calls", func() bool {
		kept = slices.DeleteFunc(s.records("220", n), func(r record) bool {
			return !strings.HasSuffix(r.CallID, "@127.0.0.1") // one of the mutator's, which was refused
		})
		return len(kept) >= n
	})
	for _, r := range kept {
		if r.Cause != "NORMAL_CLEARING" {
			t.Errorf("good call %s: %s", r.CallID, r.Why)
		}
	}
	after := s.footprint()
	t.Logf("%d good calls by sipp, %d that were listened to, which dropped %d packets; before: %v; after: %v", n, heard, dropped, before, after)
	if after.residentKB > 500<<10 {
		t.Errorf("%d MB of memory", after.residentKB>>10)
	}
}

// mutator makes messages that are nearly right.
type mutator struct {
	r      *rand.Rand
	target string
	n      int
}

// spray sends rate datagrams a second from sockets of its own until ctx ends.
func (m *mutator) spray(ctx context.Context, rate int, next func() []byte, to func() string) {
	var socks []*net.UDPConn
	for range 4 {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		socks = append(socks, c)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range rate / 100 {
			at, err := net.ResolveUDPAddr("udp", to())
			if err != nil {
				return
			}
			_, _ = socks[m.r.IntN(len(socks))].WriteTo(next(), at) // nobody may be there
		}
	}
}

// rtpPort is one where a call may be.
func (m *mutator) rtpPort() string { return fmt.Sprintf("127.0.0.1:%d", 20000+m.r.IntN(800)) }

// rtp is something like RTP or RTCP.
func (m *mutator) rtp() []byte {
	b := make([]byte, 16+m.r.IntN(200))
	for i := range b {
		b[i] = byte(m.r.Uint32())
	}
	switch m.r.IntN(8) {
	case 0: // anything
		return b[:m.r.IntN(len(b))]
	case 1: // keys
		b[0], b[1] = 0x80, 101
		b = b[:16]
	case 2: // RTCP of all types
		b[0], b[1] = 0x80|byte(m.r.IntN(32)), byte(192+m.r.IntN(20))
	case 3: // a goodbye
		b[0], b[1] = 0x81, 203
		b = b[:8]
	case 4: // long
		b = append(b, make([]byte, 40000)...)
		b[0], b[1] = 0x80, 0
	case 5: // header extensions and lists of sources that are not there
		b[0], b[1] = byte(0x80|m.r.IntN(64)), 0
	default: // sound
		b[0], b[1] = 0x80, []byte{0, 8, 9, 13, 96, 127}[m.r.IntN(6)]
	}
	return b
}

const invite = "INVITE sip:%[1]s@%[2]s SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK%[3]s;rport\r\n" +
	"From: \"Bad\" <sip:bad@127.0.0.1>;tag=f%[3]s\r\nTo: <sip:%[1]s@%[2]s>\r\nCall-ID: %[3]s\r\nCSeq: 1 INVITE\r\n" +
	"Contact: <sip:bad@127.0.0.1:5999>\r\nMax-Forwards: 70\r\nSupported: 100rel, timer\r\nContent-Type: application/sdp\r\n" +
	"Content-Length: %[4]d\r\n\r\n%[5]s"

const offer = "v=0\r\no=bad 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
	"m=audio 5998 RTP/AVP 0 8 9 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"

const request = "%[1]s sip:%[2]s@%[3]s SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK%[4]s\r\nFrom: <sip:bad@127.0.0.1>;tag=f%[5]s\r\n" +
	"To: <sip:%[2]s@%[3]s>%[6]s\r\nCall-ID: %[5]s\r\nCSeq: %[7]d %[1]s\r\nContact: <sip:bad@127.0.0.1:5999>\r\n" +
	"Max-Forwards: 70\r\nExpires: 60\r\nContent-Length: 0\r\n\r\n"

// tortures are cases after RFC 4475 with something wrong that a parser must
// get over.
var tortures = []string{
	"", "\r\n\r\n", "\x00", "SIP/2.0", "INVITE", "INVITE sip:a SIP/2.0\r\n\r\n",
	"SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 99999999999999999999 No\r\nVia: SIP/2.0/UDP x\r\n\r\n",
	"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 1;branch=z9hG4bK\r\nCall-ID:\r\nFrom:\r\nTo:\r\nCSeq:\r\nContent-Length: -1\r\n\r\n",
	"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP " + strings.Repeat("h.", 5000) + ";branch=z9hG4bK1\r\n\r\n",
	"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 99999999999999999999 OPTIONS\r\nMax-Forwards: 9999999999\r\nContent-Length: 99999999999\r\n\r\n",
	"OPTIONS " + strings.Repeat("sip:", 10000) + " SIP/2.0\r\n\r\n",
	"REGISTER sip:b SIP/2.0\r\nContact: " + strings.Repeat("<sip:a@b>,", 5000) + "*\r\n\r\n",
	"OPTIONS sip:a@b SIP/2.0\r\n" + strings.Repeat("Via: SIP/2.0/UDP 127.0.0.1\r\n", 1500) + "\r\n",
	"OPTIONS sip:a@b SIP/2.0\r\nVia\r\n : SIP/2.0/UDP\r\n\t127.0.0.1\r\n ;branch\r\n =\r\n z9hG4bKfolded\r\n\r\n",
	"OPTIONS sip:%00@%ff SIP/2.0\r\nFrom: \"\\\x00\" <sip:\xff@[::1>;tag=\r\nTo: <<>>\r\n\r\n",
	strings.Repeat("\r\n", 30000), strings.Repeat("A", 65000),
}

// sip is something like SIP.
func (m *mutator) sip() []byte {
	m.n++
	id := fmt.Sprintf("%x-%x", m.r.Uint64(), m.n)
	number := "nobody"
	if m.r.IntN(50) == 0 {
		number = "220"
	}
	var b []byte
	switch method := []string{"INVITE", "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "UPDATE", "PRACK", "INFO", "NOTIFY"}[m.r.IntN(11)]; {
	case m.r.IntN(10) == 0:
		b = []byte(tortures[m.r.IntN(len(tortures))])
	case m.r.IntN(20) == 0:
		b = make([]byte, m.r.IntN(1500))
		for i := range b {
			b[i] = byte(m.r.Uint32())
		}
	case method == "INVITE":
		b = fmt.Appendf(nil, invite, number, m.target, id, len(offer), offer)
	default:
		tag := []string{"", ";tag=x"}[m.r.IntN(2)]
		b = fmt.Appendf(nil, request, method, number, m.target, id, id, tag, m.r.Uint32())
	}
	for range m.r.IntN(4) {
		b = m.mutate(b)
	}
	return b[:min(len(b), 65000)]
}

// mutate spoils one thing.
func (m *mutator) mutate(b []byte) []byte {
	if len(b) < 2 {
		return b
	}
	i := m.r.IntN(len(b))
	j := i + m.r.IntN(min(len(b)-i, 40))
	switch m.r.IntN(9) {
	case 0: // another byte
		b[i] ^= byte(1 << m.r.IntN(8))
	case 1: // fewer
		b = slices.Delete(b, i, j)
	case 2: // the same again
		b = slices.Insert(b, i, bytes.Clone(b[i:j])...)
	case 3: // cut off
		b = b[:i]
	case 4: // signs that mean something
		signs := "\r\n\x00;:,<>\"@%=()[] \t\\/"
		b = slices.Insert(b, i, signs[m.r.IntN(len(signs))])
	case 5: // great numbers
		if at := bytes.IndexAny(b[i:], "0123456789"); at >= 0 {
			b = slices.Insert(b, i+at, []byte("4294967296")...)
		}
	case 6: // another length
		b = bytes.Replace(b, []byte("Content-Length: "), fmt.Appendf(nil, "Content-Length: %d", m.r.IntN(100)-10), 1)
	case 7: // lines in another order
		lines := bytes.SplitAfter(b, []byte("\r\n"))
		m.r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		b = bytes.Join(lines, nil)
	case 8: // a line again
		lines := bytes.SplitAfter(b, []byte("\r\n"))
		at := m.r.IntN(len(lines))
		b = bytes.Join(slices.Insert(lines, at, lines[m.r.IntN(len(lines))]), nil)
	}
	return b
}

// TestHostileConnections holds TCP connections to the SIP port in every bad
// way, beside good calls over TCP.
func TestHostileConnections(t *testing.T) {
	stranger(t, "sipp")
	s := serve(t)
	s.callflow("220", beep)
	before := s.footprint()
	whole := fmt.Sprintf(invite, "nobody", s.SIP, "whole", len(offer), offer)
	for range 100 { // half a message, and no more
		s.stream(whole[:len(whole)/2])
	}
	for range 500 { // nothing
		s.stream("")
	}
	for range 50 { // a length that never comes
		s.stream(fmt.Sprintf(invite, "nobody", s.SIP, "long", 60000, offer))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var drips sync.WaitGroup
	for range 20 {
		c := s.stream("")
		drips.Go(func() { drip(ctx, c, whole) })
	}
	for name, bad := range map[string]string{
		"10 MB announced": strings.Replace(whole, fmt.Sprintf("Length: %d", len(offer)), "Length: 10000000", 1),
		"10 MB of header": "INVITE sip:a@b SIP/2.0\r\nX: ",
		"no SIP":          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"HTTP":            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"length below 0":  strings.Replace(whole, fmt.Sprintf("Length: %d", len(offer)), "Length: -5", 1),
	} {
		c := s.stream(bad)
		if strings.HasPrefix(name, "10 MB") {
			megabytes(c, 10, 'x')
		}
		if name == "HTTP" || name == "no SIP" {
			megabytes(c, 1, 'x') // whatever follows, it makes no message
		}
		if err := closed(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.sipp("call", "220", 50, 10, "-t", "t1")
	s.sipp("call", "220", 20, 10, "-t", "tn", "-max_socket", "50")
	cancel()
	drips.Wait()
	after := s.footprint()
	t.Logf("before: %v; after: %v", before, after)
	if grown := after.residentKB - before.residentKB; grown > 100<<10 {
		t.Errorf("%d MB more memory", grown>>10)
	}
	s.quiet()
}

// stream is a connection to the SIP port on which something was sent.
func (s *server) stream(text string) net.Conn {
	s.t.Helper()
	// From addresses of their own: one address may not have many connections.
	s.streams++
	from := net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(60+s.streams%8))}
	c, err := (&net.Dialer{LocalAddr: &from}).Dial("tcp", s.SIP)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// drip sends a byte now and then.
func drip(ctx context.Context, c net.Conn, text string) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// closed is nil if the far end closes a connection within a minute.
func closed(c net.Conn) error {
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, c)
	if err == nil || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return fmt.Errorf("the connection is left open: %w", err)
}
