//go:build linux

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// peerSockets is how many ports all far ends share. Calls are told apart by
// where their packets come from.
const peerSockets = 16

// peerOrders is what the far end is to do.
type peerOrders struct {
	Targets     []netip.AddrPort // of the calls; the i-th talks to port i modulo peerSockets
	Send        bool
	PayloadType uint8
}

// peerResult is what it measured between "mark" and "end": how far apart the
// packets of a call came, by the kernel's clock, in ms off 20.
type peerResult struct {
	Received, Sent       int
	Seconds              float64
	P50, P99, P999, Most float64
}

// farEnd is the far end of all calls.
type farEnd struct {
	sockets []int
	orders  peerOrders

	mu             sync.Mutex
	marked         time.Time
	last           map[int]int64 // arrival by the port it came from, ns
	gaps           []int32       // off 20 ms, µs
	received, sent int
}

// mediaPeer is the child's life: it prints its addresses, takes orders, and
// answers "end" with what it measured.
func mediaPeer([]string) error {
	p := &farEnd{last: map[int]int64{}}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	var addrs []netip.AddrPort
	for range peerSockets {
		fd, at, err := open()
		if err != nil {
			return err
		}
		p.sockets = append(p.sockets, fd)
		addrs = append(addrs, at)
	}
	if err := out.Encode(addrs); err != nil {
		return err
	}
	if err := in.Decode(&p.orders); err != nil {
		return err
	}
	go p.live() // until the process ends
	for {
		var word string
		if err := in.Decode(&word); errors.Is(err, io.EOF) {
			return nil // the engine is gone
		} else if err != nil {
			return err
		}
		if word == "mark" {
			p.mark()
		} else if err := out.Encode(p.result()); err != nil {
			return err
		}
	}
}

// open binds a socket that is polled: one that somebody waits at would have
// every packet wake him at the sender's cost, which a network would not.
func open() (fd int, at netip.AddrPort, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, at, err
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<20) // as much as an ordinary user may
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
	)
	if err != nil {
		return 0, at, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, at, err
	}
	own := name.(*unix.SockaddrInet4)
	return fd, netip.AddrPortFrom(netip.AddrFrom4(own.Addr), uint16(own.Port)), nil
}

func (p *farEnd) mark() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marked = time.Now()
	p.gaps, p.received, p.sent = p.gaps[:0], 0, 0
}

func (p *farEnd) result() peerResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := peerResult{Received: p.received, Sent: p.sent, Seconds: time.Since(p.marked).Seconds()}
	if len(p.gaps) == 0 {
		return r
	}
	slices.Sort(p.gaps)
	at := func(q float64) float64 { return float64(p.gaps[int(q*float64(len(p.gaps)-1))]) / 1000 }
	r.P50, r.P99, r.P999, r.Most = at(0.5), at(0.99), at(0.999), at(1)
	return r
}

// live sends to each call 50 times a second, spread over the 20 ms, and takes
// what has come.
func (p *farEnd) live() {
	const steps = 20
	targets := make([]unix.Sockaddr, len(p.orders.Targets))
	for i, t := range p.orders.Targets {
		targets[i] = &unix.SockaddrInet4{Port: int(t.Port()), Addr: t.Addr().As4()}
	}
	packet := make([]byte, 12+160)
	packet[0], packet[1] = 0x80, p.orders.PayloadType
	binary.BigEndian.PutUint32(packet[8:], 1)
	began := time.Now()
	for step := 0; ; step++ {
		<-time.After(time.Until(began.Add(time.Duration(step) * time.Millisecond)))
		frame := step / steps
		binary.BigEndian.PutUint16(packet[2:], uint16(frame))
		binary.BigEndian.PutUint32(packet[4:], uint32(frame*160))
		n := 0
		for i := step % steps; p.orders.Send && i < len(targets); i += steps {
			if unix.Sendto(p.sockets[i%peerSockets], packet, 0, targets[i]) == nil {
				n++
			}
		}
		p.listen(n)
	}
}

// listen takes what has come, after so many were sent.
func (p *farEnd) listen(sent int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent += sent
	var buf [2048]byte
	var oob [64]byte
	for _, fd := range p.sockets {
		for {
			n, m, _, from, err := unix.Recvmsg(fd, buf[:], oob[:], 0)
			if err != nil {
				break
			}
			if n >= 12 && (buf[1]&0x7f < 64 || buf[1]&0x7f >= 96) { // not RTCP
				p.hear(from.(*unix.SockaddrInet4).Port, arrival(oob[:m]))
			}
		}
	}
}

// arrival is the kernel's time stamp in ns: a 64-bit control message of
// seconds and nanoseconds.
func arrival(oob []byte) int64 {
	if len(oob) < unix.CmsgLen(16) {
		return time.Now().UnixNano()
	}
	d := oob[unix.CmsgLen(0):]
	return int64(binary.NativeEndian.Uint64(d))*int64(time.Second) + int64(binary.NativeEndian.Uint64(d[8:]))
}

func (p *farEnd) hear(port int, at int64) {
	p.received++
	if before := p.last[port]; before != 0 && !p.marked.IsZero() {
		off := time.Duration(at-before) - 20*time.Millisecond
		p.gaps = append(p.gaps, int32(off.Abs().Microseconds()))
	}
	p.last[port] = at
}
