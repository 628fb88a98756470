package accounts

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Mailer sends mail to people. It takes a mail and returns at once, whatever
// becomes of it: how long it takes, or what it says, must not tell a stranger
// whether there is such a user.
type Mailer interface {
	Mail(ctx context.Context, account, to, subject, text string)
}

// recoverData is the data of PUT user_auth/recovery.
type recoverData struct {
	Username string `json:"username" jsonschema:"required,minLength=1,maxLength=254" jsonschema_description:"Who has forgotten the password."`
	UI       string `json:"ui_url" jsonschema:"required,minLength=14,maxLength=2000" jsonschema_description:"The web client that the link in the mail leads to; its origin must be one of the setting ui-origins."`
	Name     string `json:"account_name,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"The account, by its name."`
	Realm    string `json:"account_realm,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"The account, by its realm."`
	Phone    string `json:"phone_number,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"The account, by a number that one of its callflows answers."`
}

// resetData is the data of POST user_auth/recovery.
type resetData struct {
	ID string `json:"reset_id" jsonschema:"required,pattern=^[a-fA-F0-9]{40\\,250}$" jsonschema_description:"What the link in the mail has."`
}

func (h *Handler) recoveryOperations() []rest.Operation {
	return []rest.Operation{
		{
			Method: http.MethodPut, Path: "user_auth/recovery", Group: "auth", Who: rest.Anyone, Do: h.putRecovery,
			Summary: "Have a link mailed that lets a user in who has forgotten the password",
			Body:    schema.Of(recoverData{}),
			Example: rest.Example{
				Data: `{"username": "grace", "account_name": "{account_name}", "ui_url": "https://ui.example.com/"}`,
			},
		},
		{
			Method: http.MethodPost, Path: "user_auth/recovery", Group: "auth", Who: rest.Anyone, Do: h.postRecovery,
			Summary: "Exchange what was mailed for a token; the user must set a new password",
			Body:    schema.Of(resetData{}),
			Example: rest.Example{Data: `{"reset_id": "{reset_id}"}`},
		},
	}
}

// errNoMail is the answer while the server cannot send mail.
func errNoMail() *rest.Error {
	return rest.Says(http.StatusServiceUnavailable, "no_mail",
		"this server sends no mail, and so no links to set a new password: its setting smtp is empty")
}

// putRecovery says the same whether there is such a user or not.
func (h *Handler) putRecovery(r *rest.Request) (rest.Reply, error) {
	if h.cfg.Mailer == nil {
		return rest.Reply{}, errNoMail()
	}
	var in recoverData
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	link, err := h.client(in.UI)
	if err != nil {
		return rest.Reply{}, err
	}
	if err := r.Try("recovery"); err != nil { // each costs, as a wrong guess does
		return rest.Reply{}, err
	}
	accounts, err := h.candidates(r, userAuth{Name: in.Name, Realm: in.Realm, Phone: in.Phone})
	if err != nil {
		return rest.Reply{}, err
	}
	for _, a := range accounts {
		if err := h.mailReset(r.Context(), a, resource.Lower(in.Username), link); err != nil {
			return rest.Reply{}, err
		}
	}
	return rest.Reply{Data: "Request for password reset handled, email should be sent shortly"}, nil
}

// client is the web client that a link may lead to: whoever asks for the link
// must not have it lead to where they read it.
func (h *Handler) client(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && u.Host != "" && slices.Contains(h.cfg.UIOrigins, strings.ToLower(u.Scheme+"://"+u.Host)) {
		return u, nil
	}
	return nil, schema.Invalid("ui_url", "forbidden", "The setting ui-origins does not have the origin of this URL",
		map[string]any{"value": raw})
}

// mailReset mails a link to a user of an account, if there is one who may log
// in and has an address.
func (h *Handler) mailReset(ctx context.Context, account resource.Doc, username string, ui *url.URL) error {
	found, err := h.cfg.People.Users(account.ID).FindBy(ctx, "username", username)
	if err != nil {
		return err
	}
	for _, u := range found {
		to := resource.Text(u.Public, "email")
		id := h.cfg.People.ResetID(u)
		if to == "" || !identity.Enabled(u) || !identity.Enabled(account) || id == "" ||
			!h.mails.Rarely("mail to "+account.ID+"/"+u.ID, mailsAtOnce) {
			continue
		}
		link, query := *ui, ui.Query()
		query.Set("recovery", id)
		link.RawQuery = query.Encode()
		h.cfg.Logger.InfoContext(ctx, "link to set a new password is mailed", "account", account.ID, "user", u.ID)
		h.cfg.Mailer.Mail(ctx, account.ID, to, "A new password", "Somebody, probably you, has forgotten the password of "+
			username+".\n\nThis link lets you in for the next hour, once, to set a new one:\n\n"+link.String()+
			"\n\nIf you did not ask for it, do nothing.\n")
	}
	return nil
}

// mailsAtOnce is how many links a user is sent before a pause: others may ask
// for them too.
const mailsAtOnce = 3

// postRecovery lets a user in who has the mail. Other sessions of theirs end.
func (h *Handler) postRecovery(r *rest.Request) (rest.Reply, error) {
	var in resetData
	if err := r.Decode(&in); err != nil {
		return rest.Reply{}, err
	}
	if err := r.Try(""); err != nil {
		return rest.Reply{}, err
	}
	who, err := h.cfg.People.ByReset(r.Context(), in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return rest.Reply{}, r.Refuse("recovery")
	}
	if err != nil {
		return rest.Reply{}, err
	}
	if err := h.cfg.People.Reset(r.Context(), who); err != nil {
		return rest.Reply{}, err
	}
	return h.letIn(r, who)
}
