package sip

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
)

// sink is a socket that loses what is sent.
type sink struct{}

func (sink) write([]byte, netip.AddrPort) error { return nil }
func (sink) transport() string                  { return transportUDP }
func (sink) local() netip.AddrPort              { return netip.MustParseAddrPort("127.0.0.1:5060") }

// alarm fails a fuzz test that made the server panic, which it survives.
type alarm struct {
	slog.Handler

	t testing.TB
}

func (a alarm) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (a alarm) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(x slog.Attr) bool { a.t.Logf("%s: %s", x.Key, x.Value); return true })
	a.t.Error(r.Message)
	return nil
}

// FuzzDatagram gives a server any bytes, from the screen to the dialogs.
func FuzzDatagram(f *testing.F) {
	h := &handset{to: mustAddr("127.0.0.1:5060"), id: "fuzz", from: "them"}
	h.sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n"
	for _, m := range []string{
		h.request("INVITE", h.sdp), h.request("OPTIONS", ""), h.request("CANCEL", ""), h.request("BYE", ""), h.request("ACK", ""),
		h.request("INVITE", "", "Require: 100rel", "Session-Expires: 90;refresher=uas", "Reason: SIP;cause=200"),
		h.request("SUBSCRIBE", "", "Event: dialog;id=1", "Expires: 60", "Accept: application/dialog-info+xml"),
		h.request("SUBSCRIBE", "", "o: presence", "Expires: 0"), h.request("SUBSCRIBE", "", "Event: dialog;sla", "Expires: 1"),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\nCall-ID: fuzz\r\nFrom: <sip:a>\r\nTo: <sip:b>\r\n\r\n",
		"\r\n\r\n", "INVITE",
	} {
		f.Add([]byte(m))
	}
	e, err := rtp.NewEngine(rtp.Config{PortMin: 35000, PortMax: 35999, Schedulers: 1})
	if err != nil {
		f.Skip(err)
	}
	f.Cleanup(e.Close)
	lamps := board(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := NewServer(Config{
			Presence: lamps,
			Listen:   []Listen{{"udp", "127.0.0.1:0"}}, Media: e, Codecs: audio.Codecs, Log: event.Discard,
			Logger: slog.New(alarm{slog.DiscardHandler, t}), Timers: Timers{T1: time.Millisecond},
			OnCall: func(ctx context.Context, l call.Leg) { _ = l.Hangup(ctx, call.Cause{Name: "USER_BUSY"}) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Skip(err)
		}
		from := hop{conn: sink{}, peer: mustAddr("127.0.0.1:5070")}
		s.receive(from, bytes.Clone(b))
		s.receive(from, bytes.Clone(b))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("it does not end: %v", err)
		}
		if all := lamps.List("acme"); len(all) != 0 {
			t.Errorf("still watched: %+v", all)
		}
	})
}

// FuzzStream cuts any bytes into messages.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\r\n\r\nA b\r\nl: 2\r\n\r\n12rest"))
	f.Add([]byte("A b\r\nContent-Length: 99999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		skip, n, err := nextMessage(b)
		if err == nil && (skip < 0 || n < 0 || skip+n > len(b) || n > maxMessage) {
			t.Errorf("%d, %d of %d", skip, n, len(b))
		}
	})
}

// FuzzTidy puts any message's spaces in order: twice is as good as once.
func FuzzTidy(f *testing.F) {
	f.Add([]byte("A b c\r\nv :  SIP / 2.0\r\n /UDP a ; x = \"y ; z\"\r\n\r\nbody"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if once := tidy(b); len(once) > 4*len(b)+64 {
			t.Errorf("%d bytes of %d", len(once), len(b))
		}
		if no := badRequest(b); len(no) > len(b)+64 {
			t.Errorf("an answer of %d bytes to %d", len(no), len(b))
		}
		mask(b)
	})
}

// TestTortureSeeds runs RFC 4475's messages through the fuzzed way too.
func TestTortureSeeds(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(torture(t), "*", "*.dat"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(context.Context, call.Leg) {}, func(c *Config) { c.Logger = slog.New(alarm{slog.DiscardHandler, t}) }, quick)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b { // cut short everywhere
			s.receive(hop{conn: sink{}, peer: mustAddr("127.0.0.1:5070")}, bytes.Clone(b[:i]))
		}
	}
}
