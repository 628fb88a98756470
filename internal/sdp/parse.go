package sdp

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// description is what was found in a session description. Reading is ours and
// not pion's: that one refuses whole calls for T.38's m=image, for a missing
// s= and for lines out of order, all of which real phones send.
type description struct {
	user            string // of o=, with the next three
	session, number uint64 // sess-id and sess-version
	section                // what holds for every m-line
	media           []media
}

// section is the part of a description that c= and a= lines stand in.
type section struct {
	conn  *netip.Addr
	fault error // what was wrong with c=
	attrs []attribute
}

type attribute struct{ key, value string }

// media is one m-line and what belongs to it.
type media struct {
	kind    string // "audio"
	port    int
	proto   string // "RTP/AVP", as it was written
	formats []string
	section
}

// attr is the first attribute of that name.
func (s *section) attr(key string) (value string, ok bool) {
	for _, a := range s.attrs {
		if a.key == key {
			return a.value, true
		}
	}
	return "", false
}

// parse reads a description, tolerant of what does no harm: bare LF or CR at
// the ends of lines, lines missing, unknown, out of order or without a "=".
// What the call depends on must be right: v=0 and every m-line.
func parse(text []byte) (*description, error) {
	if len(text) > MaxSize {
		return nil, ErrTooLarge
	}
	d := &description{}
	version := false
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	number := 0
	for raw := range bytes.SplitSeq(text, []byte("\n")) {
		number++
		line := strings.TrimSpace(string(raw))
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		value := strings.TrimSpace(line[2:])
		if line[0] == 'v' {
			version = true
		}
		if reason, err := d.line(line[0], value); err != nil {
			return nil, err
		} else if reason != "" {
			return nil, &SyntaxError{Line: number, Text: shorten(line), Reason: reason}
		}
	}
	if !version {
		return nil, &SyntaxError{Reason: "no v= line"}
	}
	return d, nil
}

func shorten(line string) string {
	if len(line) > 80 {
		return line[:80]
	}
	return line
}

// line takes in one line; reason is why it cannot be read.
func (d *description) line(key byte, value string) (reason string, err error) {
	here := &d.section
	if n := len(d.media); n > 0 {
		here = &d.media[n-1].section
	}
	switch key {
	case 'v':
		if value != "0" {
			return "unknown version", nil
		}
	case 'o':
		d.origin(value)
	case 'c':
		return here.connection(value), nil
	case 'a':
		k, v, _ := strings.Cut(value, ":")
		here.attrs = append(here.attrs, attribute{strings.ToLower(strings.TrimSpace(k)), strings.TrimSpace(v)})
	case 'm':
		if len(d.media) == MaxMedia {
			return "", ErrTooLarge
		}
		m, reason := parseMedia(value)
		d.media = append(d.media, m)
		return reason, nil
	}
	return "", nil
}

// origin reads o= as far as it goes: nothing depends on a stranger's.
func (d *description) origin(value string) {
	f := strings.Fields(value)
	if len(f) < 3 {
		return
	}
	d.user = f[0]
	d.session, _ = strconv.ParseUint(f[1], 10, 64)
	d.number, _ = strconv.ParseUint(f[2], 10, 64)
}

// connection reads c=. An address that cannot be used is only a fault if the
// stream it belongs to is to be used.
func (s *section) connection(value string) (reason string) {
	f := strings.Fields(value)
	if len(f) != 3 || !strings.EqualFold(f[0], "IN") {
		return "not a connection: want IN IP4|IP6 address"
	}
	text, _, _ := strings.Cut(f[2], "/") // a multicast address carries its TTL
	addr, err := netip.ParseAddr(text)
	addr = addr.Unmap().WithZone("")
	switch {
	case err != nil:
		s.fault, s.conn = ErrHostName, nil
	case addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		s.fault, s.conn = ErrMulticast, nil
	default:
		s.fault, s.conn = nil, &addr
	}
	return ""
}

func parseMedia(value string) (m media, reason string) {
	f := strings.Fields(value)
	if len(f) < 4 {
		return m, "not an m-line: want kind, port, protocol and formats"
	}
	port, _, _ := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return m, "not a port"
	}
	return media{kind: strings.ToLower(f[0]), port: int(n), proto: f[2], formats: f[3:]}, ""
}

// plain says that m is sound that is not encrypted: what we can do.
func (m *media) plain() bool {
	return m.kind == "audio" && (strings.EqualFold(m.proto, "RTP/AVP") || strings.EqualFold(m.proto, "RTP/AVPF"))
}

// secure says that m is sound over SRTP, however its keys are agreed on.
func (m *media) secure() bool {
	return m.kind == "audio" && strings.Contains(strings.ToUpper(m.proto), "SAVP")
}

// format is a payload type and what it stands for.
type format struct {
	number uint8
	name   string // "PCMU", in capitals
	clock  int    // Hz
}

// format reads the i-th format of the m-line by its rtpmap. Payload types
// without one have no name but still their number.
func (m *media) format(i int) (f format, ok bool) {
	n, err := strconv.ParseUint(m.formats[i], 10, 7)
	if err != nil {
		return f, false
	}
	f.number = uint8(n)
	for _, a := range m.attrs {
		if a.key != "rtpmap" {
			continue
		}
		pt, enc, _ := strings.Cut(a.value, " ")
		name, rest, _ := strings.Cut(strings.TrimSpace(enc), "/")
		if pt != m.formats[i] || name == "" {
			continue
		}
		clock, channels, _ := strings.Cut(rest, "/")
		f.clock, _ = strconv.Atoi(clock)
		if channels == "" || channels == "1" {
			f.name = strings.ToUpper(name)
		} else {
			f.name = strings.ToUpper(name + "/" + channels)
		}
		return f, true
	}
	return f, true
}

// direction is what the far end wrote for m, at m itself or for the session.
func (d *description) direction(m *media) Direction {
	for _, s := range []*section{&m.section, &d.section} {
		for _, a := range s.attrs {
			switch dir := Direction(a.key); dir {
			case SendRecv, SendOnly, RecvOnly, Inactive:
				return dir
			}
		}
	}
	return SendRecv
}

// remote is where m wants to hear RTP.
func (d *description) remote(m *media) (netip.AddrPort, error) {
	s := &m.section
	if s.conn == nil && s.fault == nil {
		s = &d.section
	}
	switch {
	case s.fault != nil:
		return netip.AddrPort{}, s.fault
	case s.conn == nil:
		return netip.AddrPort{}, &SyntaxError{Reason: "no c= line for the sound"}
	}
	return netip.AddrPortFrom(*s.conn, uint16(m.port)), nil
}

// reports is where m wants to hear RTCP (RFC 3605), if RTP goes to remote.
func (m *media) reports(remote netip.AddrPort) netip.AddrPort {
	text, _ := m.attr("rtcp")
	f := strings.Fields(text)
	if len(f) == 0 {
		return following(remote)
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil || port == 0 {
		return following(remote)
	}
	addr := remote.Addr()
	if len(f) == 4 {
		if a, err := netip.ParseAddr(f[3]); err == nil && !a.IsMulticast() {
			addr = a.Unmap().WithZone("")
		}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// following is the next port, where RTCP is if nobody says otherwise.
func following(a netip.AddrPort) netip.AddrPort {
	if a.Port() == 0 || a.Port() == 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr(), a.Port()+1)
}

// millis reads a=ptime or a=maxptime, 0 if it is not there or odd.
func (m *media) millis(key string) time.Duration {
	text, _ := m.attr(key)
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
