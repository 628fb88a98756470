//go:build !linux

package rtp

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// The engine's sockets are Linux's; elsewhere everything builds, and NewEngine
// says so.
type (
	socket  struct{ local netip.AddrPort }
	address struct{ netip.AddrPort }
	inbox   struct{}
)

const (
	batch     = 4
	supported = false
)

var errSystem = fmt.Errorf("rtp: the media engine needs Linux: %w", errors.ErrUnsupported)

func listen(netip.AddrPort) (*socket, error)       { return nil, errSystem }
func (s *socket) close()                           {}
func (s *socket) send([]byte, address) error       { return errSystem }
func newAddress(a netip.AddrPort) (address, error) { return address{a}, nil }
func newInbox() *inbox                             { return &inbox{} }
func (in *inbox) receive(*socket) int              { return 0 }
func (in *inbox) datagram(int) (p []byte, from netip.AddrPort, at time.Time, ok bool) {
	return nil, from, at, false
}
