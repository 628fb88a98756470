package sdp

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pion "github.com/pion/sdp/v3"

	"github.com/pivotvoice/pivot/internal/audio"
)

const (
	eventName    = "TELEPHONE-EVENT" // as format has it
	firstDynamic = 96                // RFC 3551 section 6
	firstEvent   = 101               // where everybody expects it
)

// line is one m-line of ours; one without codecs is refused.
type line struct {
	kind, proto string
	formats     []string // of a refused one
	codecs      []numbered
	events      []event
	direction   Direction
	mux         bool
}

type numbered struct {
	number uint8
	codec  *audio.Codec
}

// event is a payload type of telephone-event and its clock rate.
type event struct {
	number uint8
	clock  int
}

// refusal is m with port 0. The formats of a refused m-line mean nothing, but
// there must be one (RFC 3264 section 6).
func refusal(m *media) line {
	return line{kind: m.kind, proto: m.proto, formats: m.formats[:1]}
}

// offered is the m-line with all that l can do, numbered as in old.
func offered(l Local, old *description) line {
	var before *media
	if old != nil && old.audio() >= 0 {
		before = &old.media[old.audio()]
	}
	out := line{kind: "audio", proto: "RTP/AVP", direction: l.Direction, mux: l.RTCPMux}
	taken := map[uint8]bool{}
	var clocks []int
	for _, c := range l.Codecs {
		if !slices.Contains(clocks, c.ClockRate) {
			clocks = append(clocks, c.ClockRate)
		}
		n := numbered{codec: c}
		switch pt, ok := numberBefore(before, c); {
		case ok:
			n.number = pt
		case c.PayloadType >= 0:
			n.number = uint8(c.PayloadType)
		default:
			n.number = free(taken, firstDynamic)
		}
		taken[n.number] = true
		out.codecs = append(out.codecs, n)
	}
	for _, clock := range clocks {
		e := event{clock: clock}
		if pt := eventBefore(before, clock); pt >= 0 && !taken[uint8(pt)] {
			e.number = uint8(pt)
		} else {
			e.number = free(taken, firstEvent)
		}
		taken[e.number] = true
		out.events = append(out.events, e)
	}
	return out
}

func numberBefore(m *media, c *audio.Codec) (uint8, bool) {
	if m == nil {
		return 0, false
	}
	found, pt := m.codec([]*audio.Codec{c})
	return pt, found != nil
}

func eventBefore(m *media, clock int) int {
	if m == nil {
		return -1
	}
	return m.events(clock)
}

// free is a payload type not taken, from the one given upwards; the one
// everybody uses for events is left to them.
func free(taken map[uint8]bool, from uint8) uint8 {
	for n := from; n < 127; n++ {
		if !taken[n] && (n != firstEvent || from == firstEvent) {
			return n
		}
	}
	return 127
}

// write makes the description. Its version is that of the one before, and one
// more if anything has changed (RFC 3264 section 8).
func write(l Local, lines []line) []byte {
	if len(l.Previous) == 0 {
		return marshal(l, lines)
	}
	if old, err := parse(l.Previous); err == nil {
		l.SessionID, l.Version = old.session, old.number
	}
	text := marshal(l, lines)
	if bytes.Equal(text, l.Previous) {
		return text
	}
	l.Version++
	return marshal(l, lines)
}

func marshal(l Local, lines []line) []byte {
	addr := l.Addr.Addr().Unmap().WithZone("")
	family := "IP6"
	if addr.Is4() {
		family = "IP4"
	}
	d := pion.SessionDescription{
		Origin: pion.Origin{
			Username: "-", SessionID: l.SessionID, SessionVersion: l.Version,
			NetworkType: "IN", AddressType: family, UnicastAddress: addr.String(),
		},
		SessionName: "-",
		ConnectionInformation: &pion.ConnectionInformation{
			NetworkType: "IN", AddressType: family, Address: &pion.Address{Address: addr.String()},
		},
		TimeDescriptions: []pion.TimeDescription{{}},
	}
	for _, m := range lines {
		d.MediaDescriptions = append(d.MediaDescriptions, m.media(int(l.Addr.Port())))
	}
	text, err := d.Marshal()
	if err != nil { // pion's never fails
		return nil
	}
	return text
}

// media puts the line into the library's words.
func (m line) media(port int) *pion.MediaDescription {
	out := &pion.MediaDescription{MediaName: pion.MediaName{
		Media: m.kind, Protos: strings.Split(m.proto, "/"), Formats: m.formats,
	}}
	if len(m.codecs) == 0 {
		return out
	}
	out.MediaName.Port.Value = port
	add := func(key, format string, args ...any) {
		out.Attributes = append(out.Attributes, pion.Attribute{Key: key, Value: fmt.Sprintf(format, args...)})
	}
	for _, n := range m.codecs {
		out.MediaName.Formats = append(out.MediaName.Formats, strconv.Itoa(int(n.number)))
		add("rtpmap", "%d %s/%d", n.number, n.codec.Name, n.codec.ClockRate)
	}
	for _, e := range m.events {
		out.MediaName.Formats = append(out.MediaName.Formats, strconv.Itoa(int(e.number)))
		add("rtpmap", "%d telephone-event/%d", e.number, e.clock)
		add("fmtp", "%d 0-15", e.number)
	}
	add("ptime", "%d", audio.FrameTime.Milliseconds())
	add(string(direction(m.direction.sends(), m.direction.receives())), "")
	if m.mux {
		add("rtcp-mux", "")
	}
	return out
}
