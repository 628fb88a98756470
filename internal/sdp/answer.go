package sdp

import (
	"net/netip"

	"github.com/pivotvoice/pivot/internal/audio"
)

// Answer answers an offer: the first plain audio m-line with a codec of ours
// is taken, in the offerer's order of preference and with its payload types;
// every other m-line is refused with port 0 (RFC 3264 section 6). The answer
// holds one codec, so that the far end cannot change it in mid-call unasked.
func Answer(offer []byte, l Local) (answer []byte, n Negotiated, err error) {
	d, err := parse(offer)
	if err != nil {
		return nil, n, err
	}
	at, err := choose(d, l.Codecs)
	if err != nil {
		return nil, n, err
	}
	m := &d.media[at]
	if n, err = agree(d, m, l); err != nil {
		return nil, n, err
	}
	offered := n.RemoteDirection
	if n.Remote.Addr().IsUnspecified() { // the hold of RFC 2543
		offered = both(offered, SendOnly)
	}
	dir := both(offered.mirror(), l.Direction)
	n.Send, n.Receive = dir.sends(), dir.receives()
	n.Mux = n.Mux && l.RTCPMux

	lines := make([]line, len(d.media))
	for i := range d.media {
		lines[i] = refusal(&d.media[i])
	}
	lines[at] = line{
		kind: m.kind, proto: m.proto, direction: dir, mux: n.Mux,
		codecs: []numbered{{n.PayloadType, n.Codec}}, events: []event{},
	}
	if n.EventPT >= 0 {
		lines[at].events = append(lines[at].events, event{uint8(n.EventPT), n.Codec.ClockRate})
	}
	return write(l, lines), n, nil
}

// Accept reads the answer to an offer that Offer made of l.
func Accept(offer, answer []byte, l Local) (Negotiated, error) {
	ours, err := parse(offer)
	if err != nil {
		return Negotiated{}, err
	}
	d, err := parse(answer)
	if err != nil {
		return Negotiated{}, err
	}
	at := ours.audio()
	if at < 0 || len(d.media) <= at || d.media[at].kind != ours.media[at].kind {
		return Negotiated{}, ErrMismatch
	}
	m := &d.media[at]
	switch {
	case m.port == 0:
		return Negotiated{}, ErrNoAudio
	case !m.plain():
		return Negotiated{}, ErrMismatch
	}
	n, err := agree(d, m, l)
	if err != nil {
		return n, err
	}
	dir := both(n.RemoteDirection.mirror(), ours.direction(&ours.media[at]))
	if n.Remote.Addr().IsUnspecified() {
		dir = both(dir, RecvOnly)
	}
	n.Send, n.Receive = dir.sends(), dir.receives()
	_, offered := ours.media[at].attr("rtcp-mux")
	n.Mux = n.Mux && offered
	return n, nil
}

// Offer makes an offer of our side. With l.Previous it is an offer within a
// session: its m-lines keep their number and order, and codecs and events
// their payload types (RFC 3264 section 8).
func Offer(l Local) []byte {
	var old *description
	if len(l.Previous) > 0 {
		// Our own words; if they cannot be read it is a session's first offer.
		old, _ = parse(l.Previous)
	}
	mine := offered(l, old)
	if old == nil || old.audio() < 0 {
		return write(l, []line{mine})
	}
	lines := make([]line, len(old.media))
	for i := range old.media {
		lines[i] = refusal(&old.media[i])
	}
	mine.proto = old.media[old.audio()].proto
	lines[old.audio()] = mine
	return write(l, lines)
}

// audio is the first m-line of sound in use, -1 if there is none.
func (d *description) audio() int {
	for i := range d.media {
		if d.media[i].plain() && d.media[i].port != 0 {
			return i
		}
	}
	return -1
}

// choose finds the m-line to take, or says why there is none.
func choose(d *description, codecs []*audio.Codec) (int, error) {
	plain, secure := false, false
	for i := range d.media {
		m := &d.media[i]
		if m.port == 0 {
			continue
		}
		secure = secure || m.secure()
		if !m.plain() {
			continue
		}
		plain = true
		if c, _ := m.codec(codecs); c != nil {
			return i, nil
		}
	}
	switch {
	case plain:
		return -1, ErrNoCommonCodec
	case secure:
		return -1, ErrSecureOnly
	}
	return -1, ErrNoAudio
}

// codec finds the first format of m that we can do.
func (m *media) codec(codecs []*audio.Codec) (*audio.Codec, uint8) {
	for i := range m.formats {
		f, ok := m.format(i)
		if !ok {
			continue
		}
		for _, c := range codecs {
			if f.is(c) {
				return c, f.number
			}
		}
	}
	return nil, 0
}

// events finds telephone-event (RFC 4733) at a clock rate, -1 if not there.
func (m *media) events(clock int) int {
	for i := range m.formats {
		f, ok := m.format(i)
		if ok && f.name == eventName && f.clock == clock {
			return int(f.number)
		}
	}
	return -1
}

// agree reads what m says of codec, keys, addresses and timing. It leaves out
// the direction that results.
func agree(d *description, m *media, l Local) (n Negotiated, err error) {
	if n.Codec, n.PayloadType = m.codec(l.Codecs); n.Codec == nil {
		return n, ErrNoCommonCodec
	}
	if n.Remote, err = d.remote(m); err != nil {
		return n, err
	}
	if n.Remote.Addr().Is4() != l.Addr.Addr().Unmap().Is4() {
		return n, ErrFamily
	}
	n.EventPT = m.events(n.Codec.ClockRate)
	n.RemoteDirection = d.direction(m)
	n.Hold = !n.RemoteDirection.receives() || n.Remote.Addr().IsUnspecified()
	n.PTime, n.MaxPTime = m.millis("ptime"), m.millis("maxptime")
	_, n.Mux = m.attr("rtcp-mux")
	n.RemoteRTCP = m.reports(n.Remote)
	if n.Mux && l.RTCPMux {
		n.RemoteRTCP = n.Remote
	}
	if n.RemoteRTCP.Addr().Is4() != n.Remote.Addr().Is4() {
		n.RemoteRTCP = netip.AddrPort{}
	}
	return n, nil
}

// is says that f is codec c: by its rtpmap, or by its number alone.
func (f format) is(c *audio.Codec) bool {
	if f.name == "" {
		return c.PayloadType >= 0 && int(f.number) == c.PayloadType
	}
	return f.name == c.Name && f.clock == c.ClockRate
}

func (d Direction) sends() bool    { return d == SendRecv || d == SendOnly || d == "" }
func (d Direction) receives() bool { return d == SendRecv || d == RecvOnly || d == "" }

// mirror is the direction as the other side writes it.
func (d Direction) mirror() Direction { return direction(d.receives(), d.sends()) }

// both is what two directions, seen from the same side, have in common.
func both(a, b Direction) Direction {
	return direction(a.sends() && b.sends(), a.receives() && b.receives())
}

func direction(send, receive bool) Direction {
	switch {
	case send && receive:
		return SendRecv
	case send:
		return SendOnly
	case receive:
		return RecvOnly
	}
	return Inactive
}
