package actions

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// The values of send_at.
const (
	atOnce = "callflow_exec"
	atEnd  = "channel_destroy"
)

func notification(by Mailer, docs documents.Library) flow.Action {
	return flow.Define(flow.Def[notificationData]{
		Name:    "notification",
		Silent:  true,
		Summary: "Mails people of the call, now or when it is over.",
		Doc: "`template_id` says which text is sent; without one nothing is. There are two: `call`, which says who has " +
			"called whom and when, with your `comments`, and `missed_call`, that of `missed_call_alert`. Texts of your own " +
			"are not built yet: any other name sends `call` with that name in its subject, and the timeline says so " +
			"(`notification.template`).\n\n" +
			"Recipients are addresses, or the ids of users, who are mailed under the address in their document; each gets a " +
			"mail of their own. Mails are kept on disk and tried again for a day; each try is on the timeline as `notified`. " +
			"At the end of the call (`channel_destroy`) nothing is sent for a call that was transferred. At most 20 " +
			"notifications are sent for a call. The flow goes on at once.\n\n" +
			"Mail needs the server's settings `smtp` and `mail-from`; without them nothing is sent, and the timeline says so " +
			"(`notification.unsent`).",
		Default: notificationData{Recipients: []recipient{}, SendAt: atEnd},
		Examples: []flow.Example{
			{
				Says: "Tell two people when the call is over.",
				Data: `{"template_id": "call", "comments": "Somebody asked for a demo.",
					"recipients": [{"type": "email", "id": ["sales@example.com", "ada@example.com"]}]}`,
			},
			{
				Says: "Tell a user at once.",
				Data: `{"template_id": "call", "send_at": "callflow_exec",
					"recipients": [{"type": "user", "id": "` + exampleUser + `"}]}`,
			},
		},
		Check: notificationData.check,
		Run: func(ctx context.Context, s *flow.Session, d notificationData) (flow.Next, error) {
			d.run(ctx, s, by, docs)
			return flow.Next{}, nil
		},
	})
}

// exampleUser is the user whom the examples mail.
const exampleUser = "bdc3a4b7e3a5405a9aa8a0f9c6b76997"

type notificationData struct {
	Template   string      `json:"template_id,omitempty" jsonschema_description:"Which text to send: call or missed_call. Nothing is sent without one."`
	Recipients []recipient `json:"recipients" jsonschema:"required,default=[]" jsonschema_description:"Whom to mail."`
	SendAt     string      `json:"send_at" jsonschema:"enum=callflow_exec,enum=channel_destroy" jsonschema_description:"When: at once, or once the call is over."`
	Comments   string      `json:"comments,omitempty" jsonschema_description:"What else to say."`
	Media      []string    `json:"notification_media,omitempty" jsonschema:"enum=email,enum=sms" jsonschema_description:"How to tell them; email if not given. sms is not built yet."`
	flow.Skip
}

func (d notificationData) check() schema.Faults {
	all := checkRecipients(d.Recipients)
	for i, m := range d.Media {
		if m == "sms" {
			all = append(all, schema.Fault{
				Path: []string{"notification_media", strconv.Itoa(i)}, Rule: "error",
				Message: "sms is not built yet; use email", Extra: map[string]any{"value": m},
			})
		}
	}
	return all
}

// mostNotified is how many notifications a call may have sent.
const mostNotified = 20

// notified counts a call's notifications in its session.
type notified struct{}

func (d notificationData) run(ctx context.Context, s *flow.Session, by Mailer, docs documents.Library) {
	warn := func(code, text string) { s.Add(event.Warned{Code: "notification." + code, Message: text}) }
	if d.Template == "" {
		warn("template", "nothing is sent: the notification has no template_id")
		return
	}
	to := mailTo(ctx, s, by, docs, d.Recipients)
	if len(to) == 0 {
		return
	}
	count, _ := s.Value(notified{}).(int)
	if count >= mostNotified {
		warn("many", fmt.Sprintf("nothing is sent: the call has had %d notifications", mostNotified))
		return
	}
	s.SetValue(notified{}, count+1)
	if !slices.Contains(texts, d.Template) {
		warn("template", fmt.Sprintf("there is no text %q: the text call is sent, with that name", d.Template))
	}
	send := func(why call.Cause) {
		m := letterOf(s, d.Template, d.Comments, why)
		m.To = to
		by.Post(s.Account, m)
	}
	if d.SendAt == atOnce {
		send(call.Cause{})
		return
	}
	s.AtEnd(send)
}
