package rtp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// errTaken says that another process has the port.
var errTaken = errors.New("rtp: port taken")

// ports hands out pairs of ports, for each address on its own. A pair given
// back is the last to be used again, so that the stragglers of one call do not
// reach the next. It is guarded by the engine.
type ports struct {
	first, pairs int
	of           map[netip.Addr]*pairs
}

type pairs struct {
	used []bool
	next int
}

// newPorts takes the whole pairs in min..max: an even port and the next.
func newPorts(minPort, maxPort int) (*ports, error) {
	if minPort == 0 && maxPort == 0 {
		minPort, maxPort = 16384, 32767
	}
	first := minPort + minPort%2
	n := (maxPort - first + 1) / 2
	if minPort < 1 || maxPort > 65535 || n < 1 {
		return nil, fmt.Errorf("rtp: no pair of ports in %d-%d", minPort, maxPort)
	}
	return &ports{first: first, pairs: n, of: map[netip.Addr]*pairs{}}, nil
}

// open binds the next free pair.
func (p *ports) open(ip netip.Addr) (media, control *socket, err error) {
	of := p.of[ip]
	if of == nil {
		// Anywhere in the range: the stragglers of a process that has just
		// ended would otherwise all come to the first calls.
		of = &pairs{used: make([]bool, p.pairs), next: rand.IntN(p.pairs)}
		p.of[ip] = of
	}
	for range p.pairs {
		i := of.next
		of.next = (of.next + 1) % p.pairs
		if of.used[i] {
			continue
		}
		media, control, err = openPair(ip, uint16(p.first+2*i))
		if errors.Is(err, errTaken) {
			continue
		}
		if err == nil {
			of.used[i] = true
		}
		return media, control, err
	}
	return nil, nil, ErrNoPorts
}

func (p *ports) release(at netip.AddrPort) {
	if of := p.of[at.Addr()]; of != nil {
		of.used[(int(at.Port())-p.first)/2] = false
	}
}

func openPair(ip netip.Addr, port uint16) (media, control *socket, err error) {
	if media, err = listen(netip.AddrPortFrom(ip, port)); err != nil {
		return nil, nil, err
	}
	if control, err = listen(netip.AddrPortFrom(ip, port+1)); err != nil {
		media.close()
		return nil, nil, err
	}
	return media, control, nil
}
