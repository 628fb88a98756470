package rtp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	maxPacket = 2048 // bytes of the largest datagram that is looked at
	batch     = 4    // datagrams taken by one system call
	supported = true
	dscpEF    = 46 << 2
)

// socket is a UDP socket that Go's poller never sees: it is written and read
// without waiting, by whoever has the time.
type socket struct {
	fd    int
	local netip.AddrPort
}

// listen binds a socket. The error is errTaken if the port is not to be had.
func listen(at netip.AddrPort) (*socket, error) {
	family := unix.AF_INET
	if at.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return nil, fmt.Errorf("rtp: socket: %w", err)
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if family == unix.AF_INET6 {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
		// Routers that honour it are a help, kernels that refuse it no harm.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, dscpEF)
	} else {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, dscpEF)
	}
	to, addrErr := newAddress(at)
	if err = errors.Join(err, addrErr); err == nil {
		err = unix.Bind(fd, to.raw)
	}
	if err != nil {
		_ = unix.Close(fd)
		if errors.Is(err, unix.EADDRINUSE) || errors.Is(err, unix.EACCES) {
			return nil, errTaken
		}
		return nil, fmt.Errorf("rtp: bind %v: %w", at, err)
	}
	return &socket{fd: fd, local: at}, nil
}

func (s *socket) close() { _ = unix.Close(s.fd) }

// send does not wait: a full queue is an error like any other.
func (s *socket) send(p []byte, to address) error {
	return unix.Sendto(s.fd, p, unix.MSG_DONTWAIT, to.raw)
}

// address is a destination made ready for the kernel.
type address struct {
	netip.AddrPort
	raw unix.Sockaddr
}

func newAddress(a netip.AddrPort) (address, error) {
	out := address{AddrPort: a}
	switch addr := a.Addr(); {
	case addr.Is4():
		out.raw = &unix.SockaddrInet4{Port: int(a.Port()), Addr: addr.As4()}
	case addr.Is6():
		out.raw = &unix.SockaddrInet6{Port: int(a.Port()), Addr: addr.As16()}
	default:
		return out, fmt.Errorf("rtp: no address: %v", a)
	}
	return out, nil
}

// inbox is room for the datagrams of one system call. It is used by one
// goroutine at a time and takes no memory afterwards.
type inbox struct {
	headers [batch]unix.Mmsghdr
	parts   [batch]unix.Iovec
	names   [batch]unix.RawSockaddrInet6 // room enough for both families
	control [batch][64]byte
	data    [batch][maxPacket]byte
}

func newInbox() *inbox {
	in := &inbox{}
	for i := range in.headers {
		in.parts[i].Base = &in.data[i][0]
		in.parts[i].SetLen(maxPacket)
		h := &in.headers[i].Hdr
		h.Iov = &in.parts[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&in.names[i]))
		h.Control = &in.control[i][0]
	}
	return in
}

// receive takes what has come, up to batch datagrams, without waiting.
func (in *inbox) receive(s *socket) int {
	for i := range in.headers {
		h := &in.headers[i].Hdr
		h.Namelen = uint32(unsafe.Sizeof(in.names[i]))
		h.SetControllen(len(in.control[i]))
		h.Flags = 0
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd),
		uintptr(unsafe.Pointer(&in.headers[0])), batch, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// datagram is the i-th datagram of the last receive: its bytes, sender, and
// when the kernel got it. ok is false if it was cut or is of no family known.
func (in *inbox) datagram(i int) (p []byte, from netip.AddrPort, at time.Time, ok bool) {
	m := &in.headers[i]
	if m.Hdr.Flags&unix.MSG_TRUNC != 0 || m.Len > maxPacket {
		return nil, from, at, false
	}
	name := &in.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	switch name.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		from = netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	case unix.AF_INET6:
		from = netip.AddrPortFrom(netip.AddrFrom16(name.Addr), port)
	default:
		return nil, from, at, false
	}
	return in.data[i][:m.Len], from, in.arrival(i), true
}

// arrival reads the kernel's time stamp; it is the first control message.
func (in *inbox) arrival(i int) time.Time {
	c := (*unix.Cmsghdr)(unsafe.Pointer(&in.control[i]))
	if in.headers[i].Hdr.Controllen < unix.SizeofCmsghdr || c.Level != unix.SOL_SOCKET || c.Type != unix.SO_TIMESTAMPNS {
		return time.Now()
	}
	t := (*unix.Timespec)(unsafe.Pointer(&in.control[i][unix.CmsgLen(0)]))
	return time.Unix(t.Unix())
}
