package app

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/sip"
)

// health answers whether the process lives and whether it takes calls.
func (a *App) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !a.ready.Load() {
			http.Error(w, "not taking calls", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
}

// thisMachine are the peers that may always call, on sockets bound to all
// addresses too. Systems drop packets from the network that claim to be from
// there.
var thisMachine = []netip.Prefix{
	netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8), netip.PrefixFrom(netip.IPv6Loopback(), 128),
}

// listens is one SIP listener a transport.
func listens(all []config.Listen) []sip.Listen {
	var out []sip.Listen
	for _, l := range all {
		if l.UDP {
			out = append(out, sip.Listen{Transport: "udp", Addr: l.Addr.String()})
		}
		if l.TCP {
			out = append(out, sip.Listen{Transport: "tcp", Addr: l.Addr.String()})
		}
	}
	return out
}

// onLoopback says whether nobody but this machine can reach the server.
func onLoopback(cfg config.Config) bool {
	for _, l := range cfg.SIP {
		if !l.Addr.Addr().IsLoopback() {
			return false
		}
	}
	host, _, err := net.SplitHostPort(cfg.HTTP)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
