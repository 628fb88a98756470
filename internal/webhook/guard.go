package webhook

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"github.com/pivotvoice/pivot/internal/event"
)

// Guard says which addresses may be asked. URLs come from customers and from
// their servers' answers, so without it Pivot would be a way into the network
// it stands in. It is held against the very address that is connected to,
// after name resolution, so a name that changes its mind gains nothing.
// The zero Guard allows public unicast addresses only.
type Guard struct {
	AllowLoopback bool           // 127.0.0.0/8 and ::1
	Allow         []netip.Prefix // ranges that are allowed although a rule refuses them
	Deny          []netip.Prefix // ranges that are refused whatever allows them
}

// GuardError is an address, or a URL, that must not be asked.
type GuardError struct {
	What string // the address or the URL, without its secrets
	Rule string // which rule refuses it: "loopback", "private" …
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("%s is refused: %s", e.What, e.Rule)
}

// ruleLoopback is the one rule that has a switch of its own.
const ruleLoopback = "loopback address"

// rules are the ranges that are not on the public Internet, the narrow before
// the wide. Sources: the IANA special-purpose address registries (RFC 6890),
// and the addresses at which clouds hand out credentials.
var rules = []struct {
	prefix netip.Prefix
	rule   string
}{
	{netip.MustParsePrefix("169.254.169.254/32"), "cloud metadata address"},
	{netip.MustParsePrefix("169.254.170.2/32"), "cloud metadata address"},
	{netip.MustParsePrefix("100.100.100.200/32"), "cloud metadata address"},
	{netip.MustParsePrefix("192.0.0.192/32"), "cloud metadata address"},
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified address"},
	{netip.MustParsePrefix("127.0.0.0/8"), ruleLoopback},
	{netip.MustParsePrefix("10.0.0.0/8"), "private address (RFC 1918)"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private address (RFC 1918)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private address (RFC 1918)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT address (RFC 6598)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignment (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation address (RFC 5737)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation address (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation address (RFC 5737)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmark address (RFC 2544)"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay address (RFC 7526)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved address"},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "cloud metadata address"},
	{netip.MustParsePrefix("fd20:ce::254/128"), "cloud metadata address"},
	{netip.MustParsePrefix("::/128"), "unspecified address"},
	{netip.MustParsePrefix("::1/128"), ruleLoopback},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible address (RFC 4291)"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated address (RFC 2765)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local NAT64 address (RFC 8215)"},
	{netip.MustParsePrefix("100::/64"), "discard address (RFC 6666)"},
	{netip.MustParsePrefix("100:0:0:1::/64"), "dummy address (RFC 9780)"},
	{netip.MustParsePrefix("2001::/32"), "Teredo address (RFC 4380)"},
	{netip.MustParsePrefix("2001:2::/48"), "benchmark address (RFC 5180)"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation address (RFC 3849)"},
	{netip.MustParsePrefix("3fff::/20"), "documentation address (RFC 9637)"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignment (RFC 6890)"},
	{netip.MustParsePrefix("2002::/16"), "6to4 address (RFC 7526)"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing address (RFC 9602)"},
	{netip.MustParsePrefix("fc00::/7"), "private address (RFC 4193)"},
	{netip.MustParsePrefix("fe80::/10"), "link-local address"},
	{netip.MustParsePrefix("fec0::/10"), "site-local address (RFC 3879)"},
	{netip.MustParsePrefix("ff00::/8"), "multicast address"},
}

// nat64 is the prefix under which an IPv6-only host reaches IPv4 ones (RFC
// 6052): what counts is the IPv4 address inside.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// CheckAddr is nil if addr may be connected to, else a *GuardError.
func (g Guard) CheckAddr(addr netip.Addr) error {
	if !addr.IsValid() {
		return &GuardError{What: "an unknown address", Rule: "not an IP address"}
	}
	shown := addr.String()
	addr = addr.WithZone("").Unmap()
	if within(g.Deny, addr) {
		return &GuardError{What: shown, Rule: "denied by the configuration"}
	}
	if within(g.Allow, addr) {
		return nil
	}
	if nat64.Contains(addr) {
		b := addr.As16()
		if err := g.CheckAddr(netip.AddrFrom4([4]byte(b[12:]))); err != nil {
			return &GuardError{What: shown, Rule: "NAT64 of " + err.Error()}
		}
		return nil
	}
	for _, r := range rules {
		if r.prefix.Contains(addr) {
			if r.rule == ruleLoopback && g.AllowLoopback {
				return nil
			}
			return &GuardError{What: shown, Rule: r.rule}
		}
	}
	return nil
}

func within(ranges []netip.Prefix, addr netip.Addr) bool {
	for _, p := range ranges {
		if p.Contains(addr) || addr.Is4() && p.Addr().Is4In6() && p.Contains(netip.AddrFrom16(addr.As16())) {
			return true
		}
	}
	return false
}

// CheckURL is what can be said of a URL without asking anybody: nil, or a
// *GuardError if its scheme is not http or https, it has no host, or the host
// is "localhost" or an IP address that may not be asked. Names are not
// resolved (spec/crossbar-api.md section 1.6): they are checked on connecting.
func (g Guard) CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return &GuardError{What: "the URL", Rule: "it cannot be read: " + parseReason(raw, err)}
	}
	return g.checkURL(u)
}

func (g Guard) checkURL(u *url.URL) error {
	refuse := func(rule string) error { return &GuardError{What: shownURL(u), Rule: rule} }
	if u.Scheme == "" {
		return refuse("it is relative, and there is no URL it could start from")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return refuse("only http and https URLs are asked")
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "" {
		return refuse("it has no host")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.CheckAddr(addr)
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		if err := g.CheckAddr(netip.AddrFrom4([4]byte{127, 0, 0, 1})); err != nil {
			return refuse(ruleLoopback)
		}
	}
	return nil
}

// control is the dialer's last look before it connects.
func (g Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return &GuardError{What: network + " " + address, Rule: "not a TCP address"}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return &GuardError{What: address, Rule: "not an IP address"}
	}
	return g.CheckAddr(addr)
}

// guarded is a refusal as a failure.
func guarded(err error) *Error { return &Error{Kind: event.FailGuard, Err: err} }
