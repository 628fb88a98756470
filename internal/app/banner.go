package app

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// CloseWithin is how long Close may take to hang up what still runs.
const CloseWithin = 10 * time.Second

// Banner says where everything is. Its last line begins with "ready".
func Banner(w io.Writer, a *App) {
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "  %-8s %s\n", name, fmt.Sprintf(format, args...))
	}
	_, _ = fmt.Fprintf(w, "pivot %s\n", Version)
	line("data", "%s", a.cfg.Data)
	if a.cfg.DB != "" {
		line("db", "PostgreSQL")
	}
	line("api", "http://%s/v2", a.HTTP())
	line("sip", "%s", strings.Join(a.SIP(), ", "))
	line("rtp", "udp %s", a.cfg.RTP)
	line("account", "%s, id %s, realm %s", a.Credentials.Account, a.Credentials.AccountID, a.Credentials.Realm)
	line("login", "%s", a.login())
	line("key", "%s", a.Credentials.APIKey)
	if a.Loopback {
		line("note", "only this machine can reach it (all on loopback), and webhooks may reach this machine")
	}
	for _, n := range a.numbers {
		line("try", "pivot call sip:%s@%s   %s", n.number, a.Address(), n.says)
	}
	_, _ = fmt.Fprintln(w, "ready")
}

// login is the admin's name, with the password where it was just made.
func (a *App) login() string {
	switch c := a.Credentials; {
	case c.Password != "":
		return fmt.Sprintf("%s / %s (shown this once)", c.User, c.Password)
	default:
		return c.User
	}
}

// SIP is the addresses that calls may come to, each with its transports.
func (a *App) SIP() []string {
	var all []string
	transports := map[string][]string{}
	for _, l := range a.sip.Addrs() {
		at := l.String()
		if transports[at] == nil {
			all = append(all, at)
		}
		transports[at] = append(transports[at], l.Transport)
	}
	for i, at := range all {
		all[i] = at + " (" + strings.Join(transports[at], ", ") + ")"
	}
	return all
}

// Address is a host and port that a phone on this machine can call.
func (a *App) Address() string {
	addrs := a.sip.Addrs()
	if len(addrs) == 0 {
		return ""
	}
	at := addrs[0].AddrPort
	if at.Addr().IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", at.Port())
	}
	return at.String()
}
