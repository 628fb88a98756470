package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
)

// TestStolenSound has a stranger send a few packets of sound to the RTP port
// of a call whose phone has said nothing yet. The stranger must not be sent
// the call's sound for it, and the phone must go on hearing it.
func TestStolenSound(t *testing.T) {
	s := serve(t)
	s.callflow("240", `{"module":"play","data":{"id":"tone_stream://%(100,0,440)","endless_playback":true}}`)
	leg := s.dial(s.line(), "240")
	ear := audio.NewEar(8000, map[string]float64{"tone": 440})
	defer leg.Tap(call.Heard, ear)()
	answered := s.event(leg.Info().ID, "answered", 1)
	port, _ := answered.Data["local"].(string)
	at, err := net.ResolveUDPAddr("udp", port)
	if err != nil {
		t.Fatal(err)
	}
	thief, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = thief.Close() }()
	packet := make([]byte, 172) // of PCMU, 20 ms
	packet[0] = 0x80
	for i := range uint16(3) {
		binary.BigEndian.PutUint16(packet[2:], i*1000)
		if _, err := thief.WriteTo(packet, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := thief.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	stolen := 0
	for n := 0; err == nil; stolen += n {
		n, err = thief.Read(packet)
	}
	if stolen > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stranger was sent %d bytes of a call's sound (%v)", stolen, err)
	}
	later := audio.NewEar(8000, map[string]float64{"tone": 440})
	defer leg.Tap(call.Heard, later)()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := later.Wait(ctx, "tone"); err != nil {
		t.Errorf("the phone hears nothing any more: %v", err)
	}
	if err := leg.Hangup(t.Context(), call.Normal); err != nil {
		t.Error(err)
	}
}
