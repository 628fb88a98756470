package sip

import (
	"errors"
	"net/netip"
	"strconv"
)

// The transports.
const (
	transportUDP = "UDP"
	transportTCP = "TCP"
)

// maxMessage is the most bytes a message may have, on any transport.
const maxMessage = 65535

var (
	errConnClosed = errors.New("sip: connection closed")
	errTooLarge   = errors.New("sip: message too large")
)

// conn is a socket that messages leave by. Writing is safe from several
// goroutines.
type conn interface {
	write(b []byte, to netip.AddrPort) error
	transport() string
	local() netip.AddrPort // as bound: the address may be unspecified
}

// hop is one way to a peer: a socket and the far address.
type hop struct {
	conn conn
	peer netip.AddrPort
}

func (h hop) send(b []byte) error { return h.conn.write(b, h.peer) }

// reliable says that the transport repeats what is lost.
func (h hop) reliable() bool { return h.conn.transport() != transportUDP }

// receiver takes one message as it came from a socket. It must not keep b.
type receiver func(from hop, b []byte)

// unmap turns an IPv4 address written as IPv6 into plain IPv4.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(a.Addr().Zone()), a.Port())
}

// netipPort is a with another port, SIP's own if that is 0.
func netipPort(a netip.AddrPort, port int) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), portOr(port, 5060))
}

func portString(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }
