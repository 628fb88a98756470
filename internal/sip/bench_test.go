package sip

import (
	"context"
	"net"
	"net/netip"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
)

func benchServer(b *testing.B, onCall func(context.Context, call.Leg)) *Server {
	b.Helper()
	e, err := rtp.NewEngine(rtp.Config{PortMin: 36000, PortMax: 45000})
	if err != nil {
		b.Skip(err)
	}
	s, err := NewServer(Config{Listen: []Listen{{"udp", "127.0.0.1:0"}}, Media: e, Codecs: audio.Codecs, OnCall: onCall})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Close(ctx)
		e.Close()
	})
	return s
}

// heap is the bytes in use: what finished calls hold for the 32 s in which
// their messages may come again.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // not that much
}

var mediaPort = regexp.MustCompile(`m=audio (\d+)`)

// BenchmarkSetup is one call after another, at rest between: the time from
// INVITE to 200 and to the first RTP packet, by a peer written out by hand.
func BenchmarkSetup(b *testing.B) {
	tone := audio.Tone(time.Minute, 440)
	s := benchServer(b, func(ctx context.Context, l call.Leg) {
		_ = l.Answer(ctx)
		_ = l.Play(ctx, tone)
	})
	media, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = media.Close() }()
	sock, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = sock.Close() }()
	buf := make([]byte, 4096)
	var answered, heard []time.Duration
	before := heap()
	for b.Loop() {
		h := &handset{conn: sock, to: s.udp[0].addr, id: newTag(), from: newTag()}
		h.sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " +
			portString(media.LocalAddr().(*net.UDPAddr).AddrPort()) + " RTP/AVP 0\r\n"
		msg := []byte(h.request("INVITE", h.sdp))
		began := time.Now()
		_, _ = sock.WriteToUDPAddrPort(msg, h.to)
		port := 0
		for port == 0 {
			n, _, err := sock.ReadFromUDPAddrPort(buf)
			if err != nil {
				b.Fatal(err)
			}
			if strings.HasPrefix(string(buf[:n]), "SIP/2.0 200") && strings.Contains(string(buf[:n]), h.id) &&
				strings.Contains(string(buf[:n]), " INVITE") {
				answered = append(answered, time.Since(began))
				h.far = tagOf(string(buf[:n]))
				port, _ = strconv.Atoi(mediaPort.FindStringSubmatch(string(buf[:n]))[1])
			}
		}
		for {
			_, from, err := media.ReadFromUDPAddrPort(buf)
			if err != nil {
				b.Fatal(err)
			}
			if int(from.Port()) == port {
				heard = append(heard, time.Since(began))
				break
			}
		}
		_, _ = sock.WriteToUDPAddrPort([]byte(h.write2("ACK")), h.to)
		_, _ = sock.WriteToUDPAddrPort([]byte(h.request("BYE", "")), h.to)
	}
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B-held/call")
	slices.Sort(answered)
	slices.Sort(heard)
	b.ReportMetric(float64(answered[len(answered)/2].Microseconds()), "µs-to-200-p50")
	b.ReportMetric(float64(answered[len(answered)*99/100].Microseconds()), "µs-to-200-p99")
	b.ReportMetric(float64(heard[len(heard)/2].Microseconds()), "µs-to-rtp-p50")
	b.ReportMetric(float64(heard[len(heard)*99/100].Microseconds()), "µs-to-rtp-p99")
}

// BenchmarkCalls is calls between two servers, in parallel: INVITE to the
// answer to BYE on both sides, streams opened on both.
func BenchmarkCalls(b *testing.B) {
	callee := benchServer(b, answerAndWait)
	caller := benchServer(b, func(context.Context, call.Leg) {})
	uri := "sip:100@" + callee.udp[0].addr.String()
	before := heap()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			l, err := caller.Dial(b.Context(), uri, call.DialOptions{})
			if err != nil {
				b.Error(err)
				return
			}
			_ = l.Hangup(b.Context(), call.Normal)
		}
	})
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B-held/call")
}

// BenchmarkReceive is the reading and checking of one INVITE, without a call.
func BenchmarkReceive(b *testing.B) {
	s := benchServer(b, func(context.Context, call.Leg) {})
	s.cfg.Log = event.Discard
	h := &handset{to: mustAddr("127.0.0.1:5060"), id: "b", from: "them"}
	msg := []byte(h.request("OPTIONS", ""))
	from := hop{conn: sink{}, peer: mustAddr("127.0.0.1:5070")}
	b.ReportAllocs()
	for b.Loop() {
		s.receive(from, msg)
	}
}
