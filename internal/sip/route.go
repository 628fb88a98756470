package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// lookupTime is how long a name may take to resolve.
const lookupTime = 3 * time.Second

var errNoWay = errors.New("sip: no socket that reaches the target")

// spot is where a request may be sent.
type spot struct {
	transport string
	addr      netip.AddrPort
}

// locate lists where a URI's host is, best first (RFC 3263 without NAPTR):
// an address as it is, a name with a port by its addresses, else by SRV.
func locate(ctx context.Context, u sip.Uri, fallback string) ([]spot, error) {
	transport := uriTransport(u)
	if transport == "" {
		transport = fallback
	}
	if transport == "" {
		transport = transportUDP
	}
	if transport != transportUDP && transport != transportTCP {
		return nil, fmt.Errorf("sip: transport %q is not served", transport)
	}
	if u.Port < 0 || u.Port > 65535 {
		return nil, fmt.Errorf("sip: port %d", u.Port)
	}
	if a, ok := hostAddr(u.Host); ok {
		return []spot{{transport, netip.AddrPortFrom(a, portOr(u.Port, 5060))}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	if u.Port == 0 {
		if spots := locateSRV(ctx, u.Host, transport); len(spots) > 0 {
			return spots, nil
		}
	}
	return locateHost(ctx, u.Host, transport, portOr(u.Port, 5060))
}

func portOr(port int, other uint16) uint16 {
	if port == 0 {
		return other
	}
	return uint16(port) //nolint:gosec // checked by locate
}

func locateSRV(ctx context.Context, host, transport string) []spot {
	proto := "udp"
	if transport == transportTCP {
		proto = "tcp"
	}
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "sip", proto, host)
	if err != nil {
		return nil
	}
	var out []spot
	for _, r := range records {
		if more, err := locateHost(ctx, r.Target, transport, r.Port); err == nil {
			out = append(out, more...)
		}
	}
	return out
}

func locateHost(ctx context.Context, host, transport string, port uint16) ([]spot, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	var v4, v6 []spot
	for _, a := range addrs {
		s := spot{transport, netip.AddrPortFrom(a.Unmap(), port)}
		if s.addr.Addr().Is4() {
			v4 = append(v4, s)
		} else {
			v6 = append(v6, s)
		}
	}
	return append(v4, v6...), nil
}

// reach returns a hop to a spot: for UDP the socket whose address the route to
// it has, for TCP a connection, opened if there is none.
func (s *Server) reach(ctx context.Context, to spot) (hop, error) {
	if to.transport == transportTCP {
		c, err := s.pool.dial(ctx, to.addr)
		if err != nil {
			return hop{}, err
		}
		return hop{conn: c, peer: to.addr}, nil
	}
	var best *udpSocket
	points := 0
	for _, u := range s.udp {
		if n := suits(u.addr.Addr(), to.addr.Addr(), s.homes.towards); n > points {
			best, points = u, n
		}
	}
	if best == nil {
		return hop{}, fmt.Errorf("%w: %s", errNoWay, to.addr)
	}
	return hop{conn: best, peer: to.addr}, nil
}

// suits says how well a socket bound to local can send to peer, 0 for not.
func suits(local, peer netip.Addr, towards func(netip.Addr) netip.Addr) int {
	switch {
	case local.IsUnspecified():
		if local.Is4() && peer.Is6() {
			return 0
		}
		return 2
	case local.Is4() != peer.Is4() || local.IsLoopback() && !peer.IsLoopback():
		return 0
	case local == towards(peer) || local == peer:
		return 3
	}
	return 1
}

// way is where an in-dialog request to next goes. Peers behind a NAT write
// addresses that nobody can reach: their requests tell where they are.
func (s *Server) way(ctx context.Context, d *dialog, next sip.Uri) (hop, error) {
	addr, literal := hostAddr(next.Host)
	last := d.hop.peer.Addr()
	inside := addr.IsPrivate() || addr.IsLoopback() || addr.IsUnspecified()
	hidden := literal && addr != last && len(d.routes) == 0 && inside && !last.IsPrivate()
	if hidden || literal && addr == last && uriTransport(next) != transportUDP {
		if h, ok := s.alive(d.hop); ok && (hidden || h.reliable()) {
			return h, nil
		}
	}
	spots, err := locate(ctx, next, d.hop.conn.transport())
	if err != nil {
		return d.hop, nil //nolint:nilerr // a name nobody knows: where they were last heard is the best guess
	}
	for _, to := range spots {
		h, err2 := s.reach(ctx, to)
		if err2 == nil {
			return h, nil
		}
		err = err2
	}
	return hop{}, err
}

// alive says whether a hop can still be used.
func (s *Server) alive(h hop) (hop, bool) {
	if !h.reliable() {
		return h, true
	}
	c, ok := s.pool.find(h.peer)
	return h, ok && conn(c) == h.conn
}

// homes remembers which of the host's addresses leads to which peer.
type homes struct {
	mu    sync.Mutex
	known map[netip.Addr]netip.Addr
}

// maxHomes bounds the memory of homes; it starts afresh when full.
const maxHomes = 4096

// towards is the local address that the kernel sends from to peer.
func (h *homes) towards(peer netip.Addr) netip.Addr {
	h.mu.Lock()
	a, ok := h.known[peer]
	h.mu.Unlock()
	if ok {
		return a
	}
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(peer, 9))) // sends nothing
	if err != nil {
		return netip.Addr{}
	}
	local, err := netip.ParseAddrPort(c.LocalAddr().String())
	_ = c.Close()
	if err != nil {
		return netip.Addr{}
	}
	a = local.Addr().Unmap()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.known) >= maxHomes || h.known == nil {
		h.known = map[netip.Addr]netip.Addr{}
	}
	h.known[peer] = a
	return a
}

// home is our own address on a hop, where media is bound, too.
func (s *Server) home(h hop) netip.Addr {
	if a := h.conn.local().Addr(); !a.IsUnspecified() {
		return a
	}
	return s.homes.towards(h.peer.Addr())
}

// shown is our address on a hop as the peer should use it.
func (s *Server) shown(h hop) netip.Addr {
	peer := h.peer.Addr()
	if a := s.cfg.Advertise; a.IsValid() && !peer.IsLoopback() && a.Is4() == peer.Is4() {
		return a
	}
	return s.home(h)
}

// port is the port we listen on for what a hop's peer sends.
func (s *Server) port(h hop) uint16 {
	local := h.conn.local()
	if h.reliable() {
		for _, l := range s.tcp {
			if l.addr.Addr() == local.Addr() || l.addr.Addr().IsUnspecified() {
				return l.addr.Port()
			}
		}
	}
	return local.Port()
}

// contact is our Contact on a hop.
func (s *Server) contact(h hop) string {
	u := "<sip:" + netip.AddrPortFrom(s.shown(h).WithZone(""), s.port(h)).String()
	if h.reliable() {
		u += ";transport=tcp"
	}
	return u + ">"
}

// address writes our address into a request's top Via.
func (s *Server) address(req *sip.Request, h hop) {
	via := req.Via()
	via.Transport = h.conn.transport()
	via.Host = s.shown(h).WithZone("").String()
	via.Port = int(s.port(h))
}
