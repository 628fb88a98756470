package sip

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/rtp"
	"github.com/pivotvoice/pivot/internal/sdp"
)

// media is one leg's sound: its stream and what was agreed on it. Only the
// leg's thread changes it; ready may be asked by anybody.
type media struct {
	stream *rtp.Stream
	local  sdp.Local
	sent   []byte // our description that stands, or our offer not answered yet
	before []byte // what stood before that offer
	agreed sdp.Negotiated
	ready  atomic.Bool // agreed holds
}

// openMedia binds a stream to ip; shown is the address that the peer is told.
func openMedia(e *rtp.Engine, ip, shown netip.Addr, codecs []*audio.Codec) (*media, error) {
	st, err := e.Open(ip.WithZone(""))
	if err != nil {
		return nil, err
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	return &media{stream: st, local: sdp.Local{
		Addr:   netip.AddrPortFrom(shown.WithZone(""), uint16(st.Port())), //nolint:gosec // a port
		Codecs: codecs, Direction: sdp.SendRecv, RTCPMux: true,
		SessionID: binary.BigEndian.Uint64(id[:]) >> 2, Version: 1,
	}}, nil
}

// answer takes an offer: it returns our answer, and the sound follows it.
func (m *media) answer(offer []byte) ([]byte, error) {
	l := m.local
	l.Previous = m.sent
	ours, n, err := sdp.Answer(offer, l)
	if err != nil {
		return nil, err
	}
	if err := m.apply(n); err != nil {
		return nil, err
	}
	m.sent = ours
	return ours, nil
}

// offer is our description as an offer; accept or withdraw follows.
func (m *media) offer() []byte {
	l := m.local
	l.Previous = m.sent
	m.before = m.sent
	m.sent = sdp.Offer(l)
	return m.sent
}

// accept takes the answer to our offer.
func (m *media) accept(theirs []byte) error {
	n, err := sdp.Accept(m.sent, theirs, m.local)
	if err != nil {
		return err
	}
	return m.apply(n)
}

// withdraw forgets an offer that was refused.
func (m *media) withdraw() {
	if m.before != nil {
		m.sent = m.before
	}
}

func (m *media) apply(n sdp.Negotiated) error {
	err := m.stream.Configure(rtp.Params{
		Remote: n.Remote, RemoteRTCP: n.RemoteRTCP, Mux: n.Mux, Codec: n.Codec, PayloadType: n.PayloadType,
		EventPT: n.EventPT, Send: n.Send, Receive: n.Receive, Inband: n.EventPT < 0,
	})
	if err != nil {
		return err
	}
	m.agreed = n
	m.ready.Store(true)
	return nil
}
