package sip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
)

// Listen is one socket to be opened.
type Listen struct {
	Transport string // "udp" or "tcp"
	Addr      string // host:port with an IP address; port 0 is any free one
}

// Config sets up a Server. Listen, Media, Codecs and OnCall are required.
type Config struct {
	// Listen are the sockets: several addresses, IPv4 and IPv6 together.
	Listen []Listen
	// Advertise is written into Contact and session descriptions, for servers
	// behind a NAT. The zero address is that which a call came in on, with
	// sockets bound to all addresses that which leads to the peer. Peers on
	// loopback, and of the other family, always get the latter.
	Advertise netip.Addr

	Media  *rtp.Engine    // opens the streams
	Codecs []*audio.Codec // what we can do, best first

	// Allow are the peers that may call. Others get no answer at all: their
	// datagrams are dropped unread and their connections closed, so that a
	// scan finds nothing. Answers to our own requests are taken from
	// everywhere, and requests within calls that we made. On sockets bound to
	// loopback, loopback peers are always allowed.
	Allow []netip.Prefix

	// OnCall has a new call, in a goroutine of its own, right after 100 was
	// sent. Its context ends with the call (its cause is call.ErrHungup) and
	// with the server. The leg is hung up when OnCall returns; should it
	// panic, with 500 or BYE. It tells the call's beginning and end
	// (event.Offered, event.Ended); of calls it never sees, the server does.
	OnCall func(ctx context.Context, leg call.Leg)

	Log    event.Log    // of calls; nil discards
	Logger *slog.Logger // of the server; nil is silent

	MaxCalls int // more are answered 503; 0 is no limit
	// SessionExpires is how often a call must show signs of life (RFC 4028):
	// 0 is 30 minutes, below zero never unless the peer wants it.
	SessionExpires time.Duration
	// MediaTimeout ends answered calls that are not on hold when nothing was
	// heard for so long; 0 is never.
	MediaTimeout time.Duration
	// Keepalive is how long an answered call may send no sound before it sends
	// some silence; 0 is for ever. See rtp.Stream.KeepAlive.
	Keepalive time.Duration
	UserAgent string // User-Agent and Server header; "" is none
	Timers    Timers // zero is RFC 3261's

	// Presence is what phones may subscribe to; nil is nothing: every event is
	// refused with 489.
	Presence      Presence
	Subscriptions Subscriptions // the bounds of that
}

// Server is a SIP user agent: many calls, both ways. Make it with NewServer.
type Server struct {
	cfg     Config
	journal journal
	logger  *slog.Logger
	mark    string // begins every branch of ours
	parser  *sip.Parser
	tx      *txTable
	subs    *subscriptions
	crew    *crew
	pool    *tcpPool
	homes   homes
	udp     []*udpSocket
	tcp     []*tcpListener

	// What needs the server's context, which Start makes.
	newContext  func() (context.Context, context.CancelCauseFunc)
	reachDialog func(d *dialog, next sip.Uri) (hop, error)
	reachSpot   func(to spot) (hop, error)
	stop        context.CancelCauseFunc

	draining atomic.Bool
	live     atomic.Int64
	count    counters
	warned   atomic.Int64 // when strangers were last told of, in Unix seconds

	mu      sync.Mutex
	threads map[string]*thread
	empty   chan struct{}        // closed when threads becomes empty; nil unless awaited
	early   map[string]time.Time // CANCELs whose INVITE has not come
}

type tcpListener struct {
	l    net.Listener
	addr netip.AddrPort
}

var _ interface {
	Dial(ctx context.Context, target string, opt call.DialOptions) (call.Leg, error)
} = (*Server)(nil)

// ErrConfig is a Config that cannot work.
var ErrConfig = errors.New("sip: configuration")

// NewServer checks cfg; nothing is opened before Start.
func NewServer(cfg Config) (*Server, error) {
	switch {
	case len(cfg.Listen) == 0:
		return nil, fmt.Errorf("%w: no address to listen on", ErrConfig)
	case cfg.Media == nil || len(cfg.Codecs) == 0:
		return nil, fmt.Errorf("%w: no media engine or no codec", ErrConfig)
	case cfg.MaxCalls < 0 || cfg.MediaTimeout < 0 || cfg.Keepalive < 0:
		return nil, fmt.Errorf("%w: a limit below zero", ErrConfig)
	case cfg.OnCall == nil:
		return nil, fmt.Errorf("%w: nobody to take calls", ErrConfig)
	case !cfg.Subscriptions.good():
		return nil, fmt.Errorf("%w: subscriptions", ErrConfig)
	case cfg.SessionExpires > 0 && cfg.SessionExpires < minSession*time.Second:
		return nil, fmt.Errorf("%w: session interval under %d s", ErrConfig, minSession)
	}
	for _, l := range cfg.Listen {
		if _, err := parseListen(l); err != nil {
			return nil, err
		}
	}
	if cfg.Log == nil {
		cfg.Log = event.Discard
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.SessionExpires == 0 {
		cfg.SessionExpires = 30 * time.Minute
	}
	cfg.SessionExpires = max(cfg.SessionExpires, 0)
	s := &Server{
		cfg: cfg, journal: journal{cfg.Log}, logger: cfg.Logger, mark: rand.Text()[:8], parser: sip.NewParser(),
		tx: newTxTable(cfg.Timers.orDefault()), crew: newCrew(), threads: map[string]*thread{}, early: map[string]time.Time{},
	}
	s.subs = newSubscriptions(cfg.Subscriptions.orDefault())
	s.pool = newTCPPool(s.crew, s.receive)
	return s, nil
}

func parseListen(l Listen) (netip.AddrPort, error) {
	if l.Transport != "udp" && l.Transport != "tcp" {
		return netip.AddrPort{}, fmt.Errorf("%w: transport %q (udp or tcp)", ErrConfig, l.Transport)
	}
	a, err := netip.ParseAddrPort(l.Addr)
	if err != nil {
		return a, fmt.Errorf("%w: listen address %q: %w", ErrConfig, l.Addr, err)
	}
	return a, nil
}

// Start opens the sockets and serves them until Close. It returns when all
// are open, or an error and none is. The values of ctx go on to OnCall, its
// end does not end the server.
func (s *Server) Start(ctx context.Context) error {
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	s.stop = stop
	s.newContext = func() (context.Context, context.CancelCauseFunc) { return context.WithCancelCause(base) }
	s.reachDialog = func(d *dialog, next sip.Uri) (hop, error) { return s.way(base, d, next) }
	s.reachSpot = func(to spot) (hop, error) { return s.reach(base, to) }
	for _, l := range s.cfg.Listen {
		if err := s.open(ctx, l); err != nil {
			s.closeSockets()
			stop(err)
			return err
		}
	}
	for _, u := range s.udp {
		s.crew.start(func() { s.ended(u.addr, u.serve(s.receive)) })
	}
	for _, t := range s.tcp {
		s.crew.start(func() { s.pool.accept(t, s.admits) })
	}
	return nil
}

func (s *Server) open(ctx context.Context, l Listen) error {
	addr, err := parseListen(l)
	if err != nil {
		return err
	}
	if l.Transport == "udp" {
		u, err := listenUDP(ctx, addr)
		if err != nil {
			return err
		}
		s.udp = append(s.udp, u)
		return nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, network("tcp", addr.Addr()), addr.String())
	if err != nil {
		return fmt.Errorf("sip: %w", err)
	}
	bound, err := netip.ParseAddrPort(ln.Addr().String())
	if err != nil {
		return fmt.Errorf("sip: %w", err)
	}
	s.tcp = append(s.tcp, &tcpListener{ln, unmap(bound)})
	return nil
}

// ended is told when a socket is read no more.
func (s *Server) ended(addr netip.AddrPort, err error) {
	if err != nil {
		s.logger.Error("sip: socket lost", "addr", addr, "error", err)
	}
}

func (s *Server) closeSockets() {
	for _, u := range s.udp {
		_ = u.close()
	}
	for _, t := range s.tcp {
		_ = t.l.Close()
	}
	s.pool.close()
}

// Addr is an address that the server listens on.
type Addr struct {
	Transport string // "UDP", "TCP"
	netip.AddrPort
}

// Addrs are the addresses listened on, in the order of Config.Listen for each
// transport, UDP first.
func (s *Server) Addrs() []Addr {
	var out []Addr
	for _, u := range s.udp {
		out = append(out, Addr{transportUDP, u.addr})
	}
	for _, t := range s.tcp {
		out = append(out, Addr{transportTCP, t.addr})
	}
	return out
}

// Drain refuses new calls from now on, with 503 and a Retry-After; OPTIONS
// gets the same, so that who asks for our health goes elsewhere.
func (s *Server) Drain() { s.draining.Store(true) }

// Live is how many calls there are, answered or not.
func (s *Server) Live() int { return int(s.live.Load()) }

// Close hangs up what is left, ends the subscriptions, waits until the far
// ends know it, and then until nothing of the server is left. When ctx ends first, it does not wait
// for the far ends any longer and returns the cause of ctx's end; should
// OnCall not return, it is not waited for either.
func (s *Server) Close(ctx context.Context) error {
	s.Drain()
	for _, t := range s.all() {
		for _, l := range t.members() {
			t.must(func() { l.hangup(call.Cause{Name: "NORMAL_CLEARING", SIP: 503, By: call.ByUs, Text: "shutting down"}) })
		}
	}
	s.deactivate()
	err := s.settled(ctx)
	s.farewell(ctx)
	if s.stop != nil {
		s.stop(errStopped)
	}
	s.closeSockets()
	s.tx.close()
	s.crew.close()
	s.logger.Info("sip: closed", "counts", s.Counts())
	return errors.Join(err, s.crew.wait(ctx))
}

func (s *Server) all() []*thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*thread, 0, len(s.threads))
	for _, t := range s.threads {
		out = append(out, t)
	}
	return out
}

// settled waits until no thread is left.
func (s *Server) settled(ctx context.Context) error {
	s.mu.Lock()
	if len(s.threads) == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	s.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// join makes l a member of the thread of its Call-ID. It returns false if that
// would be a call too many.
func (s *Server) join(callID string, l func(*thread) *leg) (*leg, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if limit := int64(s.cfg.MaxCalls); limit > 0 && s.live.Load() >= limit || s.draining.Load() {
		return nil, false
	}
	t, ok := s.threads[callID]
	if !ok {
		t = &thread{callID: callID, start: s.crew.start, broken: s.broken}
		s.threads[callID] = t
	}
	made := l(t)
	t.join(made)
	s.live.Add(1)
	return made, true
}

func (s *Server) thread(callID string) (*thread, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.threads[callID]
	return t, ok
}

// forget drops an empty thread.
func (s *Server) forget(t *thread) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.threads[t.callID] != t || len(t.members()) > 0 {
		return
	}
	delete(s.threads, t.callID)
	if len(s.threads) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// broken ends the calls of a thread in which something panicked.
func (s *Server) broken(t *thread, p any) {
	s.logger.Error("sip: panic in a call", "call_id", t.callID, "panic", p, "stack", stack())
	for _, l := range t.members() {
		s.crew.start(func() { l.wreck(fmt.Sprint(p)) })
	}
}

// serve gives a call to the application.
func (s *Server) serve(l *leg) bool {
	ctx, cancel := s.newContext()
	l.cancel = cancel
	started := s.crew.start(func() {
		defer cancel(nil)
		defer func() {
			if p := recover(); p != nil {
				s.logger.Error("sip: panic in a call's flow", "call_id", l.info.ID, "panic", p, "stack", stack())
				l.add(event.Failed{Code: "panic", Message: fmt.Sprint(p)})
				_ = l.Hangup(ctx, call.Cause{Name: "NORMAL_TEMPORARY_FAILURE", SIP: 500, By: call.ByUs, Text: "internal error"})
				return
			}
			_ = l.Hangup(ctx, call.Normal)
		}()
		s.cfg.OnCall(ctx, l)
	})
	if !started {
		cancel(errStopped)
	}
	return started
}

// admits says whether a peer may connect to the socket at local.
func (s *Server) admits(local netip.Addr, peer netip.AddrPort) bool {
	if s.allowed(local, peer.Addr()) {
		return true
	}
	s.stranger(peer)
	return false
}

// strangersTime is how long the log says nothing more of strangers: who scans
// sends a lot, and a carrier that was forgotten in Config.Allow calls again.
const strangersTime = time.Minute

// stranger counts what comes from a peer that is not allowed, and tells of it
// now and then.
func (s *Server) stranger(peer netip.AddrPort) {
	n := s.count.strangers.Add(1)
	now, last := time.Now().Unix(), s.warned.Load()
	if now-last >= int64(strangersTime/time.Second) && s.warned.CompareAndSwap(last, now) {
		s.logger.Info("sip: dropped what came from an address that is not allowed", "peer", peer, "dropped_so_far", n)
	}
}

// allowed says whether a peer may talk to the socket at local.
func (s *Server) allowed(local, peer netip.Addr) bool {
	if local.IsLoopback() && peer.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(s.cfg.Allow, func(p netip.Prefix) bool { return p.Contains(peer.WithZone("")) })
}
