package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
)

// errTooLong is a mail server that says too much.
var errTooLong = errors.New("the mail server's answers are too long")

// line is the connection of one exchange, which can be cut at any time.
type line struct {
	mu   sync.Mutex
	conn net.Conn
	over bool
}

// dial connects, with TLS at once if it is to be.
func (l *line) dial(ctx context.Context, address string, cfg *tls.Config, secure bool) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		_ = conn.Close()
		return nil, context.Cause(ctx)
	}
	l.conn = conn
	conn = &listener{Conn: conn}
	if secure {
		conn = tls.Client(conn, cfg) // the handshake comes with the first byte
	}
	return conn, nil
}

// cut ends it.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// listener is a connection that hears so much and no more.
type listener struct {
	net.Conn
	heard int
}

// Read implements net.Conn.
func (c *listener) Read(b []byte) (int, error) {
	if c.heard > maxAnswered {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(b)
	c.heard += n
	return n, err
}
