package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// udpBuffer is the socket's receive buffer: bursts wait there while one
// goroutine parses.
const udpBuffer = 4 << 20

// udpSocket is one bound UDP port.
type udpSocket struct {
	pc   *net.UDPConn
	addr netip.AddrPort
}

func listenUDP(ctx context.Context, addr netip.AddrPort) (*udpSocket, error) {
	var lc net.ListenConfig
	p, err := lc.ListenPacket(ctx, network("udp", addr.Addr()), addr.String())
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	pc, ok := p.(*net.UDPConn)
	if !ok {
		return nil, fmt.Errorf("sip: %T is no UDP socket", p)
	}
	_ = pc.SetReadBuffer(udpBuffer) // the kernel may give less; that is fine
	bound, err := netip.ParseAddrPort(pc.LocalAddr().String())
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	return &udpSocket{pc: pc, addr: unmap(bound)}, nil
}

// network is Go's name for a family: the IPv6 wildcard takes IPv4, too.
func network(proto string, a netip.Addr) string {
	switch {
	case a.Is4():
		return proto + "4"
	case a.IsUnspecified():
		return proto
	}
	return proto + "6"
}

func (u *udpSocket) transport() string     { return transportUDP }
func (u *udpSocket) local() netip.AddrPort { return u.addr }
func (u *udpSocket) close() error          { return u.pc.Close() }

func (u *udpSocket) write(b []byte, to netip.AddrPort) error {
	if len(b) > maxMessage-28 {
		return errTooLarge
	}
	_, err := u.pc.WriteToUDPAddrPort(b, to)
	return err
}

// serve reads until the socket is closed. Errors of single datagrams are
// passed over; only many in a row end it.
func (u *udpSocket) serve(take receiver) error {
	buf := make([]byte, maxMessage)
	for failed := 0; ; {
		n, from, err := u.pc.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			failed = 0
			take(hop{conn: u, peer: unmap(from)}, buf[:n])
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			if failed++; failed > 100 {
				return fmt.Errorf("sip: %w", err)
			}
		}
	}
}
