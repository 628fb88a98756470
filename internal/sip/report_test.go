package sip

import (
	"context"
	"encoding/binary"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// TestLossIsTold puts what the far end says it lost on the call's timeline,
// out of which its record is made.
func TestLossIsTold(t *testing.T) {
	s := start(t, func(ctx context.Context, l call.Leg) {
		pressed, stop := l.Keys()
		defer stop()
		ctx, cancel := context.WithCancel(ctx)
		go func() { // the key comes behind the report
			select {
			case <-pressed:
			case <-ctx.Done():
			}
			cancel()
		}()
		_ = l.Answer(ctx)
		_ = l.Play(ctx, audio.Silence(time.Minute))
	})
	h := newHandset(t, s.udp(t))
	sound, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(mustAddr("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sound.Close() }()
	_, port, _ := net.SplitHostPort(sound.LocalAddr().String())
	h.sdp = strings.Replace(h.sdp, "audio 20000", "audio "+port, 1) + "a=rtcp-mux\r\n"
	answer := body(h.call())
	_, line, _ := strings.Cut(answer, "m=audio ")
	n, err := strconv.Atoi(strings.Fields(line)[0])
	if err != nil {
		t.Fatalf("answered with\n%s", answer)
	}
	to := netipPort(mustAddr("127.0.0.1:1"), n)
	_ = sound.SetReadDeadline(time.Now().Add(patience))
	packet := make([]byte, 2048)
	if _, err := sound.Read(packet); err != nil {
		t.Fatal(err)
	}
	ssrc := binary.BigEndian.Uint32(packet[8:])
	report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{
		SSRC: 7, Reports: []rtcp.ReceptionReport{{SSRC: ssrc, TotalLost: 12, Jitter: 80}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	key := func(seq, end byte) []byte {
		return []byte{0x80, 101, 0, seq, 0, 0, 0, 160, 0, 0, 0, 7, 5, end | 10, 3, 32}
	}
	for _, b := range [][]byte{report, key(1, 0), key(2, 0x80)} {
		if _, err := sound.WriteToUDPAddrPort(b, to); err != nil {
			t.Fatal(err)
		}
	}
	h.reply(h.expect("BYE"), 200, "")
	if m := await[event.Media](t, s.log, 1)[0]; m.FarLost != 12 || m.FarJitter != event.Millis(10*time.Millisecond) {
		t.Errorf("the far end lost %d packets, jitter %v ms", m.FarLost, m.FarJitter)
	}
}
