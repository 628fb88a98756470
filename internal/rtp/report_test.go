//go:build linux

package rtp

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// reportsAt is what has come on a socket.
func (p *peer) reportsAt(s *socket) (out [][]rtcp.Packet) {
	p.t.Helper()
	for n := p.inbox.receive(s); n > 0; n = p.inbox.receive(s) {
		for i := range n {
			data, _, _, _ := p.inbox.datagram(i)
			if len(data) < 2 || data[1] < 192 || data[1] > 223 {
				continue
			}
			packets, err := rtcp.Unmarshal(data)
			if err != nil {
				p.t.Fatal(err)
			}
			out = append(out, packets)
		}
	}
	return out
}

func TestReports(t *testing.T) {
	for _, mux := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newCall(t, func(p *Params) { p.Mux = mux })
			at := c.far.rtcp
			if mux {
				at = c.far.media
			}
			go func() { _ = c.Play(t.Context(), sound(audio.PCMU, sine(440, 8000, time.Minute))) }()
			c.far.talk(c.LocalAddr(), audio.PCMU, sine(440, 8000, time.Second))
			c.far.seq += 5 // lost
			var got [][]rtcp.Packet
			for range 20 { // a socket's queue holds some 250 packets
				c.far.talk(c.LocalAddr(), audio.PCMU, sine(440, 8000, time.Second))
				got = append(got, c.far.reportsAt(at)...)
			}
			if len(got) < 3 || len(got) > 7 {
				t.Fatalf("%d reports in 21 s", len(got))
			}
			sr, ok := got[0][0].(*rtcp.SenderReport)
			if !ok || sr.SSRC != c.ssrc || sr.PacketCount == 0 || sr.OctetCount != sr.PacketCount*160 || len(sr.Reports) != 1 {
				t.Fatalf("%+v", got[0][0])
			}
			if h := sr.Reports[0]; h.SSRC != 77 || h.TotalLost != 5 || h.FractionLost == 0 || h.LastSequenceNumber&0xffff < 105 {
				t.Errorf("%+v", h)
			}
			if d, ok := got[0][1].(*rtcp.SourceDescription); !ok || d.Chunks[0].Items[0].Type != rtcp.SDESCNAME {
				t.Errorf("%+v", got[0][1])
			}
			if h := got[1][0].(*rtcp.SenderReport).Reports[0]; h.FractionLost != 0 || h.TotalLost != 5 {
				t.Errorf("%+v", h)
			}

			c.answer(t, mux)
			time.Sleep(2 * time.Second)
			if st := c.Stats(); st.FarLost != 12 || st.FarJitter != 10*time.Millisecond {
				t.Errorf("%+v", st)
			}
			c.far.reportsAt(at)
			c.Close()
			last := c.far.reportsAt(at)
			if len(last) != 1 || len(last[0]) != 3 {
				t.Fatalf("%+v", last)
			}
			if bye, ok := last[0][2].(*rtcp.Goodbye); !ok || bye.Sources[0] != c.ssrc {
				t.Errorf("%+v", last[0][2])
			}
		})
	}
}

// answer sends the far end's report.
func (c *call) answer(t *testing.T, mux bool) {
	t.Helper()
	data, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 77, NTPTime: ntp(time.Now()), Reports: []rtcp.ReceptionReport{
			{SSRC: 1, TotalLost: 99}, {SSRC: c.ssrc, TotalLost: 12, Jitter: 80},
		}},
		rtcp.NewCNAMESourceDescription(77, "far"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if mux {
		c.far.raw(c.LocalAddr(), data)
		return
	}
	to, err := newAddress(following(c.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.far.rtcp.send(data, to); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	c, _ := ticked(t)
	at := time.Unix(1_700_000_000, 250_000_000)
	sent := at.Add(-80 * time.Millisecond)
	for name, tt := range map[string]struct {
		h    rtcp.ReceptionReport
		want time.Duration
	}{
		"30 ms of it waited there": {rtcp.ReceptionReport{LastSenderReport: middle(ntp(sent)), Delay: 65536 * 30 / 1000}, 50 * time.Millisecond},
		"no report heard yet":      {rtcp.ReceptionReport{}, 0},
		"clocks that cannot be":    {rtcp.ReceptionReport{LastSenderReport: middle(ntp(sent)), Delay: 65536}, 0},
	} {
		r := reporter{}
		tt.h.SSRC = c.ssrc
		r.learn(c.Stream, []rtcp.ReceptionReport{tt.h}, at)
		if d := r.roundTrip - tt.want; d.Abs() > time.Millisecond {
			t.Errorf("%s: %v, want %v", name, r.roundTrip, tt.want)
		}
	}
}
