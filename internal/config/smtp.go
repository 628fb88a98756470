package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// SMTP is a mail server. The zero SMTP is none.
type SMTP struct {
	Host           string
	Port           int
	Security       string // "tls", "starttls", "offered" or "never"
	User, Password string
}

// The ways to a mail server: TLS from the first byte, STARTTLS demanded,
// STARTTLS where the server has it, or neither.
const (
	smtpTLS      = "tls"
	smtpStartTLS = "starttls"
	smtpOffered  = "offered"
	smtpNever    = "never"
)

// UnmarshalText reads smtp://USER:PASSWORD@HOST:PORT, where port 587 and
// STARTTLS are understood, or smtps:// for TLS at once on port 465. The query
// starttls=required, offered or never says otherwise. To this machine STARTTLS
// is used where it is offered. Errors do not hold the password.
func (s *SMTP) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = SMTP{}
		return nil
	}
	u, err := url.Parse(string(b))
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return errors.New("it must be smtp://USER:PASSWORD@HOST:PORT or smtps://…; " +
			"what is not a letter, digit or - in a password is written %XX")
	}
	got := SMTP{Host: u.Hostname(), Port: 587, Security: smtpStartTLS}
	if u.Scheme == "smtps" {
		got.Port, got.Security = 465, smtpTLS
	}
	if got.local() && u.Scheme == "smtp" {
		got.Security = smtpOffered
	}
	if u.Port() != "" {
		if got.Port, err = strconv.Atoi(u.Port()); err != nil || got.Port < 1 || got.Port > 65535 {
			return fmt.Errorf("%s is no port", u.Port())
		}
	}
	got.User = u.User.Username()
	got.Password, _ = u.User.Password()
	if err := got.wish(u); err != nil {
		return err
	}
	*s = got
	return nil
}

// wish takes what the query says.
func (s *SMTP) wish(u *url.URL) error {
	if strings.Trim(u.Path, "/") != "" {
		return errors.New("there is nothing behind HOST:PORT but ?starttls=…")
	}
	for name, values := range u.Query() {
		security, ok := map[string]string{"required": smtpStartTLS, "offered": smtpOffered, "never": smtpNever}[values[0]]
		if name != "starttls" || !ok || s.Security == smtpTLS {
			return errors.New("only ?starttls=required, offered or never is understood, and only with smtp://")
		}
		s.Security = security
	}
	if s.User != "" && s.Security == smtpNever && !s.local() {
		return errors.New("a password is not sent in the clear to another machine")
	}
	return nil
}

// local says whether the server is on this machine.
func (s *SMTP) local() bool {
	addr, err := netip.ParseAddr(s.Host)
	return s.Host == "localhost" || err == nil && addr.IsLoopback()
}

// String is the server without user and password.
func (s SMTP) String() string {
	if s.Host == "" {
		return ""
	}
	scheme := "smtp"
	if s.Security == smtpTLS {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// isAddress says whether a setting is empty or one plain address for mail.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return text == "" || err == nil && a.Address == text
}
