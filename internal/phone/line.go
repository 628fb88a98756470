package phone

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
	"github.com/pivotvoice/pivot/internal/sip"
)

// Line is a user agent that calls out and takes no calls.
type Line struct {
	media *rtp.Engine
	agent *sip.Server
}

// Open starts a user agent whose address can reach target, a SIP URI.
func Open(ctx context.Context, target string, events event.Log) (*Line, error) {
	at, err := towards(ctx, target)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	media, err := rtp.NewEngine(rtp.Config{PortMin: 40000, PortMax: 49999, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	here := netip.AddrPortFrom(at, 0).String()
	agent, err := sip.NewServer(sip.Config{
		Listen: []sip.Listen{{Transport: "udp", Addr: here}, {Transport: "tcp", Addr: here}},
		Media:  media, Codecs: audio.Codecs, Log: events, Logger: log, UserAgent: "Pivot phone",
		OnCall: func(ctx context.Context, leg call.Leg) {
			_ = leg.Hangup(ctx, call.Cause{Name: "CALL_REJECTED", By: call.ByUs})
		},
	})
	if err == nil {
		err = agent.Start(ctx)
	}
	if err != nil {
		media.Close()
		return nil, fmt.Errorf("phone: %w", err)
	}
	return &Line{media, agent}, nil
}

// Dial is call.Switch.
func (l *Line) Dial(ctx context.Context, target string, opt call.DialOptions) (call.Leg, error) {
	return l.agent.Dial(ctx, target, opt)
}

// Close ends the user agent and every call of it.
func (l *Line) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = l.agent.Close(ctx) // what could not be said goodbye to is cut off
	l.media.Close()
}

// towards is our own address on the way to a SIP URI's host.
func towards(ctx context.Context, target string) (netip.Addr, error) {
	rest, ok := strings.CutPrefix(target, "sip:")
	if !ok {
		return netip.Addr{}, fmt.Errorf("%q is not a SIP address such as sip:100@127.0.0.1:5060", target)
	}
	if _, host, ok := strings.Cut(rest, "@"); ok {
		rest = host
	}
	rest, _, _ = strings.Cut(rest, ";")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), "5060"
	}
	// Nothing is sent: this only asks for the route.
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(host, port))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s cannot be reached: %w", target, err)
	}
	defer func() { _ = conn.Close() }()
	at, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return at.Addr(), err
}
