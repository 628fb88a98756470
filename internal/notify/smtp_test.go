package notify_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/notify"
)

// postbox is an SMTP server that keeps what it is told.
type postbox struct {
	t      *testing.T
	socket net.Listener
	cert   tls.Certificate
	roots  *x509.CertPool

	secure  bool              // TLS from the first byte
	offers  string            // of EHLO, besides its own name: "STARTTLS|AUTH PLAIN"
	answers map[string]string // by verb, instead of the usual ones; "hang" says nothing, "drop" hangs up

	mu    sync.Mutex
	lines []string // what it was told, without letters
	mails []string
	plain bool // a password came in the clear
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	p := &postbox{t: t, cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots: x509.NewCertPool(), answers: map[string]string{}}
	p.roots.AddCert(cert)
	if p.socket, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.socket.Close() })
	return p
}

// open has it take mail, once it is as it is to be.
func (p *postbox) open() {
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := p.socket.Accept()
			if err != nil {
				return
			}
			work.Go(func() { defer func() { _ = conn.Close() }(); p.serve(conn) })
		}
	})
	p.t.Cleanup(func() { _ = p.socket.Close(); work.Wait() })
}

// serve is one connection.
func (p *postbox) serve(conn net.Conn) {
	if p.secure {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{p.cert}})
	}
	in := bufio.NewReader(conn)
	if !p.say(conn, "GREETING", "220 box.test ESMTP") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		p.mu.Lock()
		p.lines = append(p.lines, line)
		_, encrypted := conn.(*tls.Conn)
		p.plain = p.plain || verb == "AUTH" && !encrypted
		p.mu.Unlock()
		answer := "250 2.0.0 fine"
		switch verb {
		case "EHLO":
			answer = "250-box.test\r\n250-ENHANCEDSTATUSCODES\r\n"
			for o := range strings.SplitSeq(p.offers, "|") {
				if o != "" && (o != "STARTTLS" || !encrypted) {
					answer += "250-" + o + "\r\n"
				}
			}
			answer += "250 8BITMIME"
		case "STARTTLS", "QUIT":
			answer = "220 2.0.0 go on"
		case "AUTH":
			answer = "235 2.7.0 welcome"
		case "DATA":
			answer = "354 go on"
		}
		if !p.say(conn, verb, answer) || verb == "QUIT" {
			return
		}
		switch {
		case verb == "STARTTLS" && p.answers[verb] == "":
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{p.cert}})
			in = bufio.NewReader(conn)
		case verb == "DATA" && p.answers[verb] == "":
			p.letter(in)
			if !p.say(conn, "LETTER", "250 2.0.0 kept") {
				return
			}
		}
	}
}

// letter takes the text of a mail.
func (p *postbox) letter(in *bufio.Reader) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, b.String())
}

// say answers, and says whether the connection goes on.
func (p *postbox) say(conn net.Conn, verb, usual string) bool {
	switch answer := p.answers[verb]; answer {
	case "":
		_, err := io.WriteString(conn, usual+"\r\n")
		return err == nil
	case "hang":
		_, _ = io.Copy(io.Discard, conn)
		return false
	case "drop":
		return false
	case "flood":
		for {
			if _, err := io.WriteString(conn, "250-"+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return false
			}
		}
	default:
		_, err := io.WriteString(conn, answer+"\r\n")
		return err == nil
	}
}

// server is the postbox as it is sent to.
func (p *postbox) server() *notify.SMTP {
	return &notify.SMTP{
		Host: "127.0.0.1", Port: p.socket.Addr().(*net.TCPAddr).Port, Security: notify.StartTLS, From: "pivot@example.com", RootCAs: p.roots,
	}
}

// got is what it was told.
func (p *postbox) got() (lines string, mails []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "|"), p.mails
}

var letter = notify.Letter{
	ID: "4711", To: "ada@example.com", Subject: "Missed call from Zoë\r\nBcc: eve@example.com\x00",
	Text: "Zoë has called.\n.\nQUIT\n", Written: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
}

// TestLetter is what a mail server gets, and that a subject cannot become a
// header nor a line of the text the letter's end.
func TestLetter(t *testing.T) {
	for _, c := range []struct {
		security notify.Security
		offers   string
		user     string
		want     string // of the lines
	}{
		{notify.StartTLS, "STARTTLS|AUTH PLAIN LOGIN", "me", "STARTTLS|EHLO"},
		{notify.TLS, "AUTH PLAIN", "me", "AUTH PLAIN AG1lAGh1c2g="},
		{notify.Offered, "STARTTLS", "", "STARTTLS|EHLO"},
		{notify.Offered, "AUTH PLAIN", "me", "AUTH PLAIN AG1lAGh1c2g="}, // to this machine
		{notify.Never, "STARTTLS", "", "MAIL FROM:<pivot@example.com>"},
	} {
		p := newPostbox(t)
		p.secure, p.offers = c.security == notify.TLS, c.offers
		s := p.server()
		s.Security, s.User, s.Password = c.security, c.user, "hush"
		p.open()
		if err := s.Send(t.Context(), letter); err != nil {
			t.Errorf("%+v: %v (%v)", c, err, errors.Unwrap(err))
			continue
		}
		lines, mails := p.got()
		if !strings.Contains(lines, c.want) || strings.Count(lines, "RCPT") != 1 || !strings.Contains(lines, "RCPT TO:<ada@example.com>") ||
			c.security == notify.Never && strings.Contains(lines, "STARTTLS") || len(mails) != 1 {
			t.Fatalf("%+v: told %s", c, lines)
		}
		m, err := netmail.ReadMessage(strings.NewReader(mails[0]))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || subject != "Missed call from Zoë Bcc: eve@example.com" || m.Header.Get("Bcc") != "" {
			t.Errorf("subject %q of %v", subject, m.Header)
		}
		if m.Header.Get("Message-Id") != "<4711@example.com>" || m.Header.Get("Auto-Submitted") != "auto-generated" ||
			m.Header.Get("From") != "<pivot@example.com>" || m.Header.Get("To") != "<ada@example.com>" ||
			m.Header.Get("Date") != "Fri, 20 Nov 2026 12:00:00 +0000" {
			t.Errorf("%v", m.Header)
		}
		if body, _ := io.ReadAll(m.Body); !strings.HasSuffix(strings.TrimSpace(string(body)), ".\r\nQUIT") {
			t.Errorf("text %q", body)
		}
	}
}

// TestHostile is every kind of mail server that does not do its work: tried
// again or not, ended in time, and with no password in what is told.
func TestHostile(t *testing.T) {
	const (
		away    = "away"
		refused = "refused"
		later   = "later"
	)
	for name, c := range map[string]struct {
		change func(*postbox, *notify.SMTP)
		want   string
	}{
		"gone":                  {func(p *postbox, _ *notify.SMTP) { _ = p.socket.Close() }, away},
		"silent":                {func(p *postbox, _ *notify.SMTP) { p.answers["GREETING"] = "hang" }, away},
		"silent later":          {func(p *postbox, _ *notify.SMTP) { p.answers["LETTER"] = "hang" }, away},
		"drops":                 {func(p *postbox, _ *notify.SMTP) { p.answers["MAIL"] = "drop" }, away},
		"drops the letter":      {func(p *postbox, _ *notify.SMTP) { p.answers["LETTER"] = "drop" }, away},
		"talks without end":     {func(p *postbox, _ *notify.SMTP) { p.answers["EHLO"] = "flood" }, away},
		"is HTTP":               {func(p *postbox, _ *notify.SMTP) { p.answers["GREETING"] = "HTTP/1.1 400 Bad Request" }, away},
		"full up":               {func(p *postbox, _ *notify.SMTP) { p.answers["GREETING"] = "554 not now" }, away},
		"no STARTTLS":           {func(p *postbox, _ *notify.SMTP) { p.offers = "AUTH PLAIN" }, away},
		"STARTTLS refused":      {func(p *postbox, _ *notify.SMTP) { p.answers["STARTTLS"] = "454 no TLS" }, away},
		"nobody vouches for it": {func(_ *postbox, s *notify.SMTP) { s.RootCAs = x509.NewCertPool() }, away},
		"wrong password":        {func(p *postbox, _ *notify.SMTP) { p.answers["AUTH"] = "535 5.7.8 no" }, away},
		"no TLS but promised":   {func(_ *postbox, s *notify.SMTP) { s.Security = notify.TLS }, away},
		"not from us":           {func(p *postbox, _ *notify.SMTP) { p.answers["MAIL"] = "553 5.1.8 who are you" }, refused},
		"nobody of that name":   {func(p *postbox, _ *notify.SMTP) { p.answers["RCPT"] = "550 5.1.1 no such user" }, refused},
		"too big":               {func(p *postbox, _ *notify.SMTP) { p.answers["LETTER"] = "552 5.3.4 too big" }, refused},
		"greylisted":            {func(p *postbox, _ *notify.SMTP) { p.answers["RCPT"] = "451 4.7.1 later" }, later},
		"no room":               {func(p *postbox, _ *notify.SMTP) { p.answers["LETTER"] = "452 4.3.1 no room" }, later},
		"no bye":                {func(p *postbox, _ *notify.SMTP) { p.answers["QUIT"] = "drop" }, ""},
		"confused after it":     {func(p *postbox, _ *notify.SMTP) { p.answers["RSET"] = "500 what" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPostbox(t)
			p.offers = "STARTTLS|AUTH PLAIN"
			s := p.server()
			s.User, s.Password = "me", "hush"
			c.change(p, s)
			p.open()
			ctx := t.Context()
			if strings.HasPrefix(name, "silent") {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
			}
			err := s.Send(ctx, letter)
			got := ""
			if _, ok := errors.AsType[*notify.AwayError](err); ok {
				got = away
			} else if _, ok := errors.AsType[*notify.RefusedError](err); ok {
				got = refused
			} else if err != nil {
				got = later
			}
			if got != c.want {
				t.Errorf("%s: %v (%v)", got, err, errors.Unwrap(err))
			}
			if err != nil && (strings.Contains(fmt.Sprint(err, errors.Unwrap(err)), "hush") || strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("%v", err)
			}
			if p.mu.Lock(); p.plain {
				t.Error("the password came in the clear")
			}
			p.mu.Unlock()
		})
	}
}

// TestNoPasswordInTheClear: another machine without TLS is told none, whatever
// it offers.
func TestNoPasswordInTheClear(t *testing.T) {
	p := newPostbox(t)
	p.offers = "AUTH PLAIN"
	s := p.server()
	// The library knows this machine by these names; by any other it is far.
	s.Host, s.Security, s.User, s.Password = "127.0.0.2", notify.Offered, "me", "hush"
	far, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("127.0.0.2 cannot be used here: %v", err)
	}
	s.Port = far.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := far.Accept(); err == nil {
			p.serve(conn)
			_ = conn.Close()
		}
	}()
	if err := s.Send(t.Context(), letter); err == nil {
		t.Error("it was sent")
	}
	_ = far.Close()
	<-done
	if lines, _ := p.got(); strings.Contains(lines, "AUTH") {
		t.Errorf("told %s", lines)
	}
}
