package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// The limits on stream connections.
const (
	maxConns     = 4096             // at once; more are closed as they come
	maxFromOne   = 512              // of them from one address
	streamIdle   = 30 * time.Minute // without a byte
	streamFirst  = time.Minute      // for the first byte of a connection that a peer opened
	streamRest   = 30 * time.Second // for all the rest of a message once begun
	streamWrite  = 5 * time.Second
	streamDial   = 5 * time.Second
	streamBuffer = 8 << 10
)

// tcpConn is one stream connection, whoever opened it.
type tcpConn struct {
	c         net.Conn
	addr, far netip.AddrPort
	welcome   bool       // its peer opened it, and may
	mu        sync.Mutex // one writer at a time
}

func newTCPConn(c net.Conn) (*tcpConn, error) {
	addr, err1 := netip.ParseAddrPort(c.LocalAddr().String())
	far, err2 := netip.ParseAddrPort(c.RemoteAddr().String())
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	return &tcpConn{c: c, addr: unmap(addr), far: unmap(far)}, nil
}

func (t *tcpConn) transport() string     { return transportTCP }
func (t *tcpConn) local() netip.AddrPort { return t.addr }

// write sends to the connection's own far end; to is not looked at.
func (t *tcpConn) write(b []byte, _ netip.AddrPort) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.c.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return errConnClosed
	}
	if _, err := t.c.Write(b); err != nil {
		_ = t.c.Close() // half a message may be out: nothing sensible can follow
		return fmt.Errorf("%w: %w", errConnClosed, err)
	}
	return nil
}

// serve reads messages until the connection ends or can no longer be read.
func (t *tcpConn) serve(take receiver) error {
	buf := make([]byte, 0, streamBuffer)
	until := time.Now().Add(streamIdle)
	if t.welcome {
		until = time.Now().Add(streamFirst)
	}
	for {
		if err := t.c.SetReadDeadline(until); err != nil {
			return err
		}
		if cap(buf)-len(buf) < streamBuffer/2 {
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
		n, err := t.c.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return err
		}
		began := len(buf) == 0
		buf = buf[:len(buf)+n]
		before := len(buf)
		if buf, err = t.split(buf, take); err != nil {
			return err
		}
		switch {
		case len(buf) == 0:
			until = time.Now().Add(streamIdle)
			if cap(buf) > streamBuffer { // one long message is no reason to keep that room
				buf = make([]byte, 0, streamBuffer)
			}
		case began || len(buf) < before: // else the message goes on that began before
			until = time.Now().Add(streamRest)
		}
	}
}

// split hands on the whole messages in buf and returns what is left of it. A
// double line end between messages is a ping and is answered with one
// (RFC 5626 section 4.4.1).
func (t *tcpConn) split(buf []byte, take receiver) ([]byte, error) {
	at := 0
	for at < len(buf) {
		skip, n, err := nextMessage(buf[at:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if skip == 4 && at+skip == len(buf) {
				_ = t.write([]byte("\r\n"), t.far)
			}
			at += skip
			break
		}
		take(hop{conn: t, peer: t.far}, buf[at+skip:at+skip+n])
		at += skip + n
	}
	return buf[:copy(buf, buf[at:])], nil
}

// tcpPool is the open stream connections by far address, so that requests go
// back on the connection that a peer has opened.
type tcpPool struct {
	crew *crew
	take receiver

	mu      sync.Mutex
	conns   map[netip.AddrPort]*tcpConn
	from    map[netip.Addr]int               // how many of conns lead there
	dialing map[netip.AddrPort]chan struct{} // closed when the attempt is over
	closed  bool
}

func newTCPPool(c *crew, take receiver) *tcpPool {
	return &tcpPool{
		crew: c, take: take, conns: map[netip.AddrPort]*tcpConn{}, from: map[netip.Addr]int{},
		dialing: map[netip.AddrPort]chan struct{}{},
	}
}

// adopt reads from t in a goroutine of its own until it ends.
func (p *tcpPool) adopt(t *tcpConn) (*tcpConn, error) {
	p.mu.Lock()
	full := p.closed || len(p.conns) >= maxConns || t.welcome && p.from[t.far.Addr()] >= maxFromOne
	if !full {
		if old, ok := p.conns[t.far]; ok { // it must be dead: its address is in use again
			_ = old.c.Close()
			p.uncount(old)
		}
		p.conns[t.far] = t
		p.from[t.far.Addr()]++
	}
	p.mu.Unlock()
	if full || !p.crew.start(func() { p.read(t) }) {
		p.drop(t)
		return nil, errConnClosed
	}
	return t, nil
}

func (p *tcpPool) read(t *tcpConn) {
	_ = t.serve(p.take) // however a connection ends, its calls find out when they write
	p.drop(t)
}

func (p *tcpPool) drop(t *tcpConn) {
	_ = t.c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[t.far] == t {
		delete(p.conns, t.far)
		p.uncount(t)
	}
}

// uncount holds mu.
func (p *tcpPool) uncount(t *tcpConn) {
	if p.from[t.far.Addr()]--; p.from[t.far.Addr()] <= 0 {
		delete(p.from, t.far.Addr())
	}
}

// find returns the open connection to peer, if there is one.
func (p *tcpPool) find(peer netip.AddrPort) (*tcpConn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.conns[peer]
	return t, ok
}

// dial returns a connection to peer: the one there is, else a new one. Who
// asks while another one dials waits for that.
func (p *tcpPool) dial(ctx context.Context, peer netip.AddrPort) (*tcpConn, error) {
	for {
		p.mu.Lock()
		t, ok := p.conns[peer]
		other, wait := p.dialing[peer]
		if !ok && !wait {
			p.dialing[peer] = make(chan struct{})
		}
		p.mu.Unlock()
		switch {
		case ok:
			return t, nil
		case !wait:
			return p.open(ctx, peer)
		}
		select {
		case <-other:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (p *tcpPool) open(ctx context.Context, peer netip.AddrPort) (*tcpConn, error) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		close(p.dialing[peer])
		delete(p.dialing, peer)
	}()
	d := net.Dialer{Timeout: streamDial}
	c, err := d.DialContext(ctx, "tcp", peer.String())
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	t, err := newTCPConn(c)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return p.adopt(t)
}

// accept takes connections until the listener is closed; those of strangers
// are closed at once.
func (p *tcpPool) accept(l *tcpListener, admits func(local netip.Addr, peer netip.AddrPort) bool) {
	for {
		c, err := l.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			if !p.crew.rest(50 * time.Millisecond) { // out of files, say: they come back
				return
			}
			continue
		}
		t, err := newTCPConn(c)
		if err != nil || !admits(l.addr.Addr(), t.far) {
			_ = c.Close()
			continue
		}
		t.welcome = true
		_, _ = p.adopt(t) // a full house closes the connection by itself
	}
}

func (p *tcpPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, t := range p.conns {
		_ = t.c.Close()
	}
}
