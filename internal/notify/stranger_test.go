package notify_test

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pivotvoice/pivot/internal/notify"
)

// mailroom is a stranger's mail server, one session after the other.
type mailroom struct {
	mu             sync.Mutex
	user, from, to string
	mail           string
}

func (*mailroom) Reset()                   {}
func (*mailroom) Logout() error            { return nil }
func (*mailroom) AuthMechanisms() []string { return []string{sasl.Plain} }

func (o *mailroom) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "me" || password != "hush" {
			return smtp.ErrAuthFailed
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.user = user
		return nil
	}), nil
}

func (o *mailroom) Mail(from string, _ *smtp.MailOptions) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.from = from
	if o.user == "" {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (o *mailroom) Rcpt(to string, _ *smtp.RcptOptions) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = to
	return nil
}

func (o *mailroom) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mail = string(b)
	return err
}

// TestStrangerTakesIt sends to a mail server that others have written, which
// wants TLS and a password.
func TestStrangerTakesIt(t *testing.T) {
	p := newPostbox(t) // its address and certificate
	var o mailroom
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &o, nil }))
	server.Domain, server.TLSConfig = "office.test", &tls.Config{Certificates: []tls.Certificate{p.cert}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(p.socket) }()
	defer func() {
		if err := errors.Join(server.Close(), <-served); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	}()
	s := p.server()
	s.Security, s.User, s.Password = notify.StartTLS, "me", "hush"
	if err := s.Send(t.Context(), letter); err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.from != "pivot@example.com" || o.to != "ada@example.com" || !strings.HasSuffix(o.mail, "\r\n.\r\nQUIT\r\n") {
		t.Errorf("from %s to %s: %q", o.from, o.to, o.mail)
	}
	s.Password = "loud"
	if err := s.Send(t.Context(), letter); err == nil {
		t.Error("a wrong password was taken")
	}
}
