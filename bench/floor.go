//go:build linux

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// floor measures what the kernel alone takes for the same packets: as many
// sockets, one packet sent and one received on each in every 20 ms, and nothing
// else done. It is what the engine's cost is to be held against.
func floor(calls int, d time.Duration) (perPacket time.Duration, err error) {
	peer, err := startPeer()
	if err != nil {
		return 0, err
	}
	defer peer.stop()
	b := bare{packet: make([]byte, 172)}
	b.packet[0] = 0x80
	say := peerOrders{Send: true}
	for i := range calls {
		fd, at, err := open()
		if err != nil {
			return 0, err
		}
		defer unix.Close(fd) //nolint:errcheck // the measurement is over
		to := peer.addrs[i%len(peer.addrs)]
		b.sockets = append(b.sockets, fd)
		b.to = append(b.to, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
		say.Targets = append(say.Targets, at)
	}
	if err := peer.say(say); err != nil {
		return 0, err
	}
	b.run(time.Second)
	before := processorTime()
	sent := b.run(d)
	return (processorTime() - before) / time.Duration(max(sent, 1)), nil
}

// bare is sockets without an engine.
type bare struct {
	sockets []int
	to      []unix.Sockaddr
	packet  []byte
}

// run works in four slots of 5 ms, like the engine, and returns the packets
// sent.
func (b *bare) run(d time.Duration) (sent int) {
	const slots = 4
	var in [2048]byte
	began := time.Now()
	for step := 0; time.Since(began) < d; step++ {
		time.Sleep(time.Until(began.Add(time.Duration(step) * 5 * time.Millisecond)))
		for i := step % slots; i < len(b.sockets); i += slots {
			if unix.Sendto(b.sockets[i], b.packet, 0, b.to[i]) == nil {
				sent++
			}
			// Twice, as one packet is awaited and the end of the queue is to be
			// seen. Read, as unlike Recvfrom it takes no memory.
			for range 2 {
				if n, err := unix.Read(b.sockets[i], in[:]); n <= 0 || err != nil {
					break
				}
			}
		}
	}
	return sent
}
