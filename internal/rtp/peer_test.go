//go:build linux

package rtp

import (
	"context"
	"errors"
	"io"
	"math"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// loopback is an address of this test's own: what other tests send to ports of
// 127.0.0.1 at the same time must not end up in its streams.
var loopback = netip.MustParseAddr("127.0.0.7")

// peer is a far end: a socket of its own, written and read when a test says
// so. Time in tests is synctest's; loopback delivers at once.
type peer struct {
	t     testing.TB
	media *socket
	rtcp  *socket
	inbox *inbox
	seq   uint16
	ts    uint32
	ssrc  uint32
	pt    uint8
}

func newPeer(tb testing.TB, ip netip.Addr) *peer {
	tb.Helper()
	p, err := newPorts(40000, 49999)
	if err != nil {
		tb.Fatal(err)
	}
	media, control, err := p.open(ip)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { media.close(); control.close() })
	return &peer{t: tb, media: media, rtcp: control, inbox: newInbox(), seq: 100, ts: 5000, ssrc: 77}
}

// heard is what has come since the last time.
func (p *peer) heard() (packets []pion.Packet) {
	p.t.Helper()
	for {
		n := p.inbox.receive(p.media)
		for i := range n {
			data, _, _, ok := p.inbox.datagram(i)
			var packet pion.Packet
			if !ok || packet.Unmarshal(append([]byte(nil), data...)) != nil {
				p.t.Fatalf("odd packet: %x", data)
			}
			packets = append(packets, packet)
		}
		if n < batch {
			return packets
		}
	}
}

// packet makes the next packet of sound.
func (p *peer) packet(payload []byte) pion.Packet {
	out := pion.Packet{
		Header:  pion.Header{Version: 2, PayloadType: p.pt, SequenceNumber: p.seq, Timestamp: p.ts, SSRC: p.ssrc},
		Payload: payload,
	}
	p.seq++
	p.ts += 160
	return out
}

func (p *peer) send(to netip.AddrPort, packets ...pion.Packet) {
	p.t.Helper()
	for _, packet := range packets {
		data, err := packet.Marshal()
		if err != nil {
			p.t.Fatal(err)
		}
		p.raw(to, data)
	}
}

func (p *peer) raw(to netip.AddrPort, data []byte) {
	p.t.Helper()
	a, err := newAddress(to)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.media.send(data, a); err != nil {
		p.t.Fatal(err)
	}
}

// talk sends frames of a sound in real time.
func (p *peer) talk(to netip.AddrPort, c *audio.Codec, pcm []int16) {
	p.t.Helper()
	enc, n := c.NewEncoder(), c.FrameSamples()
	for ; len(pcm) >= n; pcm = pcm[n:] {
		p.send(to, p.packet(enc.Encode(nil, pcm[:n])))
		time.Sleep(audio.FrameTime)
	}
}

// sine is sound of one frequency.
func sine(hz float64, rate int, d time.Duration) []int16 {
	out := make([]int16, int(d.Seconds()*float64(rate)))
	for i := range out {
		out[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

// level is how much of one frequency is in pcm, 0 to 1.
func level(pcm []int16, hz float64, rate int) float64 {
	var re, im, all float64
	for i, v := range pcm {
		a := 2 * math.Pi * hz * float64(i) / float64(rate)
		re += float64(v) * math.Cos(a)
		im += float64(v) * math.Sin(a)
		all += float64(v) * float64(v)
	}
	if all == 0 {
		return 0
	}
	return 2 * (re*re + im*im) / (all * float64(len(pcm)))
}

// clip is a sound already encoded, for exact tests: each payload once.
type clip [][]byte

func (c clip) Open(*audio.Codec) audio.Cursor { return &clipCursor{left: c} }
func (c clip) String() string                 { return "clip" }

type clipCursor struct {
	left clip
	wait int   // times that nothing is there yet
	fail error // at the end
	slow func(left int)
}

func (c *clipCursor) Next() ([]byte, error) {
	if c.slow != nil {
		c.slow(len(c.left))
	}
	if c.wait > 0 {
		c.wait--
		return nil, audio.ErrNotYet
	}
	if len(c.left) == 0 {
		return nil, c.end()
	}
	p := c.left[0]
	c.left = c.left[1:]
	return p, nil
}

func (c *clipCursor) end() error {
	if c.fail != nil {
		return c.fail
	}
	return io.EOF
}

func (c *clipCursor) Close() {}

// sound encodes pcm for one codec.
func sound(c *audio.Codec, pcm []int16) clip {
	var out clip
	enc, n := c.NewEncoder(), c.FrameSamples()
	for ; len(pcm) >= n; pcm = pcm[n:] {
		out = append(out, enc.Encode(nil, pcm[:n]))
	}
	return out
}

// call is an engine, one stream of it, and its far end.
type call struct {
	engine *Engine
	*Stream
	far    *peer
	params Params
}

// pick changes what a call agreed on.
type pick func(*Params)

func newCall(t *testing.T, picks ...pick) *call {
	t.Helper()
	e, err := NewEngine(Config{PortMin: 20000, PortMax: 29999, Schedulers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return addCall(t, e, loopback, picks...)
}

func addCall(t *testing.T, e *Engine, ip netip.Addr, picks ...pick) *call {
	t.Helper()
	s, err := e.Open(ip)
	if err != nil {
		t.Fatal(err)
	}
	far := newPeer(t, ip)
	p := Params{Remote: far.media.local, Codec: audio.PCMU, EventPT: 101, Send: true, Receive: true}
	for _, pick := range picks {
		pick(&p)
	}
	far.pt = p.PayloadType
	if err := s.Configure(p); err != nil {
		t.Fatal(err)
	}
	return &call{engine: e, Stream: s, far: far, params: p}
}

// sounds is the packets of sound among them, decoded.
func sounds(t *testing.T, c *audio.Codec, packets []pion.Packet) (pcm []int16) {
	t.Helper()
	dec := c.NewDecoder()
	for _, p := range packets {
		pcm = dec.Decode(pcm, p.Payload)
	}
	return pcm
}

// inOrder holds that sequence numbers and times go on without a break.
func inOrder(t *testing.T, packets []pion.Packet) {
	t.Helper()
	for i := range packets[1:] {
		a, b := packets[i], packets[i+1]
		if b.SequenceNumber != a.SequenceNumber+1 || b.Timestamp != a.Timestamp+160 || a.SSRC != b.SSRC {
			t.Fatalf("packet %d after %d: %v then %v", i+1, i, a.Header, b.Header)
		}
	}
}

func TestPlay(t *testing.T) {
	for _, tt := range []struct {
		codec *audio.Codec
		hz    float64
	}{{audio.PCMU, 440}, {audio.PCMA, 1000}, {audio.G722, 5000}} {
		t.Run(tt.codec.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCall(t, func(p *Params) { p.Codec, p.PayloadType = tt.codec, uint8(tt.codec.PayloadType) })
				start := time.Now()
				if err := c.Play(t.Context(), sound(tt.codec, sine(tt.hz, tt.codec.SampleRate, time.Second))); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(start); d < 990*time.Millisecond || d > 1010*time.Millisecond {
					t.Errorf("a second took %v", d)
				}
				packets := c.far.heard()
				inOrder(t, packets)
				if len(packets) != 51 || !packets[0].Marker || packets[1].Marker { // and one of silence
					t.Errorf("%d packets, the first %v", len(packets), packets[0].Header)
				}
				if l := level(sounds(t, tt.codec, packets[:50]), tt.hz, tt.codec.SampleRate); l < 0.9 {
					t.Errorf("%v Hz at %v", tt.hz, l)
				}
				st := c.Stats()
				if st.Sent != 51 || !st.FirstSent.Equal(start) || st.Skipped != 0 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

func TestPlayEnds(t *testing.T) {
	why := errors.New("enough")
	broken := errors.New("broken")
	frames := sound(audio.PCMU, sine(440, 8000, time.Second))
	tests := []struct {
		name string
		run  func(t *testing.T, c *call) error
		want error
		took time.Duration
	}{
		{"its context", func(t *testing.T, c *call) error {
			t.Helper()
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(300*time.Millisecond, func() { cancel(why) })
			return c.Play(ctx, frames)
		}, why, 300 * time.Millisecond},
		{"an ended context", func(t *testing.T, c *call) error {
			t.Helper()
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(why)
			return c.Play(ctx, frames)
		}, why, 0},
		{"a broken sound", func(t *testing.T, c *call) error {
			t.Helper()
			return c.Play(t.Context(), faulty{frames[:5], 0, broken})
		}, broken, 100 * time.Millisecond},
		{"a late sound", func(t *testing.T, c *call) error {
			t.Helper()
			return c.Play(t.Context(), faulty{frames[:5], 10, nil})
		}, nil, 110 * time.Millisecond},
		{"a sound that never comes", func(t *testing.T, c *call) error {
			t.Helper()
			return c.Play(t.Context(), faulty{frames, 1 << 30, nil})
		}, ErrStalled, 10 * time.Second},
		{"closing", func(t *testing.T, c *call) error {
			t.Helper()
			time.AfterFunc(500*time.Millisecond, c.Close)
			return c.Play(t.Context(), frames)
		}, ErrClosed, 500 * time.Millisecond},
		{"a closed stream", func(t *testing.T, c *call) error {
			t.Helper()
			c.Close()
			return c.Play(t.Context(), frames)
		}, ErrClosed, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCall(t)
				start := time.Now()
				if err := tt.run(t, c); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if d := time.Since(start) - tt.took; d.Abs() > 30*time.Millisecond {
					t.Errorf("took %v, want %v", time.Since(start), tt.took)
				}
			})
		})
	}
}

// faulty is a sound that comes late or breaks.
type faulty struct {
	clip
	wait int
	fail error
}

func (f faulty) Open(*audio.Codec) audio.Cursor {
	return &clipCursor{left: f.clip, wait: f.wait, fail: f.fail}
}
