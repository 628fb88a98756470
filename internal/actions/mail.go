package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Mailer mails people.
type Mailer interface {
	// Post sends a mail in the background: it is kept until the mail server
	// has it, or has refused it, and each try is told on the call's timeline.
	Post(account string, m Mail)
}

// Mail is something to tell people by mail.
type Mail struct {
	Call    string   // the call's id
	To      []string // addresses, each of which gets a mail of its own
	Subject string
	Text    string
	Says    string // what it is about, in a word: "missed_call"
}

// maxAddress is how long an address may be (RFC 5321 section 4.5.3.1.3).
const maxAddress = 254

// CheckAddress is nil if a mail can be sent to address: one plain name@domain
// of ASCII, with no name of a person, comment or quotes around it.
func CheckAddress(address string) error {
	if len(address) > maxAddress {
		return fmt.Errorf("an address for mail has at most %d characters", maxAddress)
	}
	parsed, err := mail.ParseAddress(address)
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>()[]\,;:`, r) }
	if err != nil || parsed.Address != address || strings.IndexFunc(address, odd) >= 0 {
		return errors.New("it is no address for mail, such as ada@example.com")
	}
	return nil
}

// recipient is whom to mail: a user, or an address.
type recipient struct {
	Type string `json:"type" jsonschema:"required,enum=user,enum=email" jsonschema_description:"What the id is."`
	ID   any    `json:"id" jsonschema:"required,oneof_type=string;array" jsonschema_description:"The id of a user, or an address; or several."`
}

// ids are the ids of a recipient, and whether all of them are texts.
func (r recipient) ids() (all []string, ok bool) {
	switch id := r.ID.(type) {
	case string:
		return []string{id}, true
	case []any:
		for _, one := range id {
			text, ok := one.(string)
			if !ok {
				return nil, false
			}
			all = append(all, text)
		}
		return all, true
	}
	return nil, false
}

// mostRecipients bounds whom one node may mail.
const mostRecipients = 100

// checkRecipients is what is wrong with recipients.
func checkRecipients(all []recipient) schema.Faults {
	var out schema.Faults
	total := 0
	for i, r := range all {
		ids, ok := r.ids()
		fault := func(message string) {
			out = append(out, schema.Fault{
				Path: []string{"recipients", strconv.Itoa(i), "id"}, Rule: "error", Message: message,
				Extra: map[string]any{"value": r.ID},
			})
		}
		if !ok {
			fault("must be a text or a list of texts")
		}
		for _, id := range ids {
			if total++; total > mostRecipients {
				fault(fmt.Sprintf("more than %d recipients", mostRecipients))
				return out
			}
			if err := CheckAddress(id); r.Type == "email" && err != nil {
				fault(err.Error())
			}
		}
	}
	return out
}

// mailTo are the addresses of recipients, each once. What keeps one from
// being mailed, or all of them, is told.
func mailTo(ctx context.Context, s *flow.Session, by Mailer, docs documents.Library, all []recipient) []string {
	if by == nil {
		s.Add(event.Warned{
			Code: "notification.unsent", Message: "nobody is mailed: the server has no mail server (setting smtp, PIVOT_SMTP)",
		})
		return nil
	}
	var out []string
	for _, r := range all {
		ids, _ := r.ids()
		for _, id := range ids {
			to := id
			if r.Type == "user" {
				u, err := documents.Users.Get(ctx, docs, s.Account, id)
				if err == nil {
					err = CheckAddress(u.Email)
				}
				if err != nil {
					s.Add(event.Warned{
						Code: "notification.recipient", Message: fmt.Sprintf("the user %q cannot be mailed: %v", id, err),
					})
					continue
				}
				to = u.Email
			}
			out = append(out, to)
		}
	}
	if len(out) == 0 {
		s.Add(event.Warned{Code: "notification.nobody", Message: "nobody is mailed: there is no recipient with an address"})
	}
	return distinct(out)
}

// distinct are addresses, each once.
func distinct(all []string) (out []string) {
	for _, a := range all {
		if !slices.ContainsFunc(out, func(b string) bool { return strings.EqualFold(a, b) }) {
			out = append(out, a)
		}
	}
	return out
}

// The texts of mails.
const (
	textMissed = "missed_call"
	textCall   = "call"
)

var texts = []string{textMissed, textCall}

// letterOf is a mail about the call. why is how it ended, or nothing if it
// still runs.
func letterOf(s *flow.Session, text, comments string, why call.Cause) Mail {
	i, who := s.Leg.Info(), s.Caller()
	began := i.Began
	if began.IsZero() {
		began = time.Now()
	}
	from := cmp.Or(who.Number, i.From, "an unknown number")
	if who.Name != "" {
		from = who.Name + " <" + from + ">"
	}
	subject := "Missed call from " + from
	begin := "A call was missed.\n"
	switch text {
	case textMissed:
	case textCall:
		subject, begin = "Call from "+from, "There was a call.\n"
	default:
		subject, begin = text+": call from "+from, "There was a call ("+text+").\n"
	}
	var b strings.Builder
	b.WriteString(begin)
	if comments != "" {
		b.WriteString("\n" + comments + "\n")
	}
	fmt.Fprintf(&b, "\nFrom: %s\nTo: %s\nAt: %s\n", from, cmp.Or(s.Request, i.To), began.UTC().Format(time.RFC1123))
	if why != (call.Cause{}) {
		fmt.Fprintf(&b, "Length: %s\nEnded by: %s (%s)\n", time.Since(began).Round(time.Second), why.By, why.Name)
	}
	fmt.Fprintf(&b, "Call-ID: %s\n", i.ID)
	return Mail{Call: i.ID, Subject: subject, Text: b.String(), Says: text}
}
