// Package webhook is one HTTP exchange with a customer's server: limited in
// time and size, guarded against being led into the network Pivot stands in,
// and told whole, as a fact, whether it went well or not.
package webhook

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// Config is what a Client is made of. The zero Config works: it asks public
// addresses only.
type Config struct {
	Guard     Guard
	UserAgent string        // "Pivot" if empty
	MaxBytes  int64         // of an answer, unpacked; 0 is 1 MiB
	Connect   time.Duration // for name, connection and TLS, each; 0 is 3 s
	MaxIdle   int           // open connections kept for later, of each host; 0 is 64
	IdleTime  time.Duration // how long they are kept; 0 is 60 s
	Secrets   []string      // header names whose values are never stored, besides the usual ones

	RootCAs  *x509.CertPool // who may vouch for a server; nil is the system's
	Resolver *net.Resolver  // nil is the system's

	// Transport carries the requests instead of the network: for tests of
	// flows, whose web server is in a file. The guard then sees no addresses.
	Transport http.RoundTripper
}

// The limits where Config and Request say nothing.
const (
	defaultMaxBytes  = 1 << 20
	defaultConnect   = 3 * time.Second
	defaultTimeout   = 5 * time.Second
	defaultRedirects = 10
	defaultIdle      = 64
	defaultIdleTime  = 60 * time.Second

	// maxHeader bounds an answer's headers, in bytes.
	maxHeader = 64 << 10
	// maxDrain is how much of an unwanted answer is read so that its
	// connection can be used again.
	maxDrain = 64 << 10
	// maxShown is how much text of each body goes into a fact.
	maxShown = 64 << 10
)

// Client asks customers' servers. It is safe for use by many calls at once.
type Client struct {
	transport *http.Transport
	trip      http.RoundTripper // transport, unless the config has another
	guard     Guard
	agent     string
	maxBytes  int64
	connect   time.Duration
	head      time.Duration // how long Get waits
	secrets   []string
}

// New returns a client. Close it at the end.
func New(cfg Config) *Client {
	c := &Client{
		guard:    cfg.Guard,
		agent:    cmp.Or(cfg.UserAgent, "Pivot"),
		maxBytes: cmp.Or(cfg.MaxBytes, defaultMaxBytes),
		connect:  cmp.Or(cfg.Connect, defaultConnect),
		head:     headTime,
		secrets:  append(canonical(secretHeaders), canonical(cfg.Secrets)...),
	}
	idle := cmp.Or(cfg.MaxIdle, defaultIdle)
	c.transport = &http.Transport{
		// No proxy: one would connect where the guard cannot look.
		Proxy:                  nil,
		DialContext:            c.dial(cfg.Resolver),
		TLSClientConfig:        &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    c.connect,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		DisableCompression:     true, // unpacking is done here, where it is limited
		MaxIdleConnsPerHost:    idle,
		MaxIdleConns:           idle * 16,
		IdleConnTimeout:        cmp.Or(cfg.IdleTime, defaultIdleTime),
		MaxResponseHeaderBytes: maxHeader,
	}
	c.trip = c.transport
	if cfg.Transport != nil {
		c.trip = cfg.Transport
	}
	return c
}

// Close gives back the connections that are open and idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// CheckURL is Guard.CheckURL of the client's guard.
func (c *Client) CheckURL(raw string) error { return c.guard.CheckURL(raw) }

// dialLimit is the key under which a request's context carries its Connect.
type dialLimit struct{}

// dial connects, for no longer than the request or the client allows, to
// addresses that the guard allows.
func (c *Client) dial(r *net.Resolver) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{Resolver: r, KeepAlive: 30 * time.Second, ControlContext: c.guard.control}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		limit := c.connect
		if own, ok := ctx.Value(dialLimit{}).(time.Duration); ok {
			limit = own
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return d.DialContext(ctx, network, addr)
	}
}
