package rest

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// MaxURL is how long the path and query of a request may be, in bytes.
const MaxURL = 16 * 1024

// errLongURL is the answer to a longer one.
func errLongURL() *Error {
	return Says(http.StatusRequestURITooLong, "uri_too_long",
		fmt.Sprintf("the URL is longer than %d bytes; parameters may be in the body, too", MaxURL))
}

// ExchangeLimit is how long a request may take to come in, and its answer to
// be taken; streams have limits of their own.
const ExchangeLimit = time.Minute

// uploadLimit is how long a body may take that is no envelope.
const uploadLimit = 10 * time.Minute

// limit gives a client its time, and the connection back as it was. What is
// no connection, as in tests, has no limits.
func (s *Server) limit(w http.ResponseWriter) (restore func()) {
	ctl, until := http.NewResponseController(w), time.Now().Add(s.cfg.Patience)
	_ = ctl.SetReadDeadline(until)
	_ = ctl.SetWriteDeadline(until.Add(s.cfg.Patience))
	return func() { _ = ctl.SetWriteDeadline(time.Time{}) }
}

// DefaultRate is how many requests a minute an account may make from one
// address; so many may come at once.
const DefaultRate = 60_000

// How much strangers may ask (spec/crossbar-api.md section 1.8).
const (
	bucketSize = 100 // requests
	bucketPerS = 10  // requests that come back each second
)

// meter counts the requests of those who are known.
func (s *Server) meter(r *Request) error {
	if r.Auth == nil {
		return nil
	}
	if ok, _ := s.clients.Take(r.Source, r.Auth.Account.ID, 1); ok {
		return nil
	}
	e := errTooMany(time.Second)
	e.Data = map[string]any{
		"message": "too many requests",
		"cause":   fmt.Sprintf("more than %d requests a minute from one address (setting api-rate)", s.cfg.Rate),
	}
	return e
}

// Consume takes one request, once, from the bucket of the source and account.
func (r *Request) Consume() error {
	if r.consume > 0 {
		return nil
	}
	account := "no_account"
	if id, ok := r.vars["account_id"]; ok && r.Account != nil {
		account = id
	}
	r.consume = 1
	if ok, _ := r.by.strangers.Take(r.Source, account, 1); !ok {
		return errTooMany(time.Second / bucketPerS)
	}
	return nil
}

// source is who really asks, as far as proxies that we trust say.
func (s *Server) source(req *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !s.trusted(at) {
			return at
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return at
		}
		at = before.Unmap()
	}
	return at
}

func (s *Server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}
