package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Security is how the way to a mail server is kept secret.
type Security string

// The kinds of Security.
const (
	TLS      Security = "tls"      // from the first byte
	StartTLS Security = "starttls" // demanded before anything is said
	Offered  Security = "offered"  // STARTTLS where the server has it
	Never    Security = "never"
)

// SMTP is a mail server that takes letters for everybody (RFC 5321, RFC 6409).
type SMTP struct {
	Host           string
	Port           int
	Security       Security
	User, Password string         // none if User is ""
	From           string         // the address that letters are from
	RootCAs        *x509.CertPool // who may vouch for the server; nil is the system's
}

// The limits of one exchange.
const (
	stepTime    = 20 * time.Second // for each answer of the server
	maxAnswered = 1 << 20          // bytes of its answers
)

// Send implements Sender.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	msg, err := s.message(l)
	if err != nil {
		return &RefusedError{Err: err}
	}
	line := &line{}
	defer context.AfterFunc(ctx, line.cut)()
	defer line.cut()
	client, err := mail.NewClient(s.Host, s.options(line)...)
	if err != nil {
		return &AwayError{Err: err}
	}
	to, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return &AwayError{Err: err}
	}
	err = client.SendWithSMTPClient(to, msg)
	if msg.IsDelivered() { // whatever went wrong afterwards
		_ = client.CloseWithSMTPClient(to)
		return nil
	}
	return said(err)
}

// said is what became of a letter that the server did not take.
func said(err error) error {
	failed, ok := errors.AsType[*mail.SendError](err)
	if !ok || failed.ErrorCode() == 0 {
		return &AwayError{Err: err}
	}
	text := oneLine(err.Error())
	text, _, _ = strings.Cut(text, ", affected ")
	err = fmt.Errorf("the mail server says no: %s", text)
	if failed.ErrorCode()/100 == 5 {
		return &RefusedError{Err: err}
	}
	return err
}

// message is a letter as it is sent.
func (s *SMTP) message(l Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(s.From); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if err := m.To(l.To); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	_, domain, _ := strings.Cut(s.From, "@")
	m.Subject(oneLine(l.Subject))
	m.SetDateWithValue(l.Written)
	m.SetMessageIDWithValue(l.ID + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	return m, nil
}

// oneLine is text without what could end a header: control characters are
// blanks.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return r < ' ' || r == 0x7f || r == ' ' || r == '\u2028' || r == '\u2029'
	}), " ")
}

// options are what the library is told.
func (s *SMTP) options(l *line) []mail.Option {
	policy := map[Security]mail.TLSPolicy{
		TLS: mail.TLSOpportunistic, StartTLS: mail.TLSMandatory, Offered: mail.TLSOpportunistic, Never: mail.NoTLS,
	}[s.Security]
	cfg := &tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
	all := []mail.Option{
		mail.WithPort(s.Port), mail.WithTimeout(stepTime), mail.WithTLSPolicy(policy), mail.WithTLSConfig(cfg),
		mail.WithoutNoop(),
		mail.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return l.dial(ctx, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), cfg, s.Security == TLS)
		}),
	}
	if s.User == "" {
		return all
	}
	kind := mail.SMTPAuthAutoDiscover
	if s.Security == Never || s.Security == Offered {
		kind = mail.SMTPAuthPlain // which the library sends in the clear to this machine only
	}
	return append(all, mail.WithSMTPAuth(kind), mail.WithUsername(s.User), mail.WithPassword(s.Password))
}
