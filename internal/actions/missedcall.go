package actions

import (
	"context"
	"slices"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

func missedCallAlert(by Mailer, docs documents.Library) flow.Action {
	return flow.Define(flow.Def[missedCallData]{
		Name:    "missed_call_alert",
		Silent:  true,
		Summary: "Mails people when the call is over and nobody has talked to the caller.",
		Doc: "Only for calls from outside. Once such a call is over, people are mailed if it was never connected with " +
			"anybody and left no message (`record`, `record_caller`, a mailbox). A call that was transferred is not missed. " +
			"The node only says whom to tell, so put it in front of where the call is to be taken; the flow goes on at once. " +
			"Where a call comes to several such nodes each address gets one mail.\n\n" +
			"Recipients and mail are as for `notification`.",
		Examples: []flow.Example{
			{
				Says: "Tell a user, and the office.",
				Data: `{"recipients": [{"type": "user", "id": "` + exampleUser + `"},
					{"type": "email", "id": "office@example.com"}]}`,
			},
		},
		Check: func(d missedCallData) schema.Faults { return checkRecipients(d.Recipients) },
		Run: func(ctx context.Context, s *flow.Session, d missedCallData) (flow.Next, error) {
			if !s.Onnet() && s.Leg.Info().Direction == call.Inbound {
				d.watch(ctx, s, by, docs)
			}
			return flow.Next{}, nil
		},
	})
}

type missedCallData struct {
	Recipients []recipient `json:"recipients" jsonschema:"required" jsonschema_description:"Whom to mail."`
	flow.Skip
}

// missed are the addresses that are told if a call is missed, in its session.
type missed struct{}

// watch has recipients told at the end of the call.
func (d missedCallData) watch(ctx context.Context, s *flow.Session, by Mailer, docs documents.Library) {
	to := mailTo(ctx, s, by, docs, d.Recipients)
	if len(to) == 0 {
		return
	}
	before, waiting := s.Value(missed{}).([]string)
	s.SetValue(missed{}, distinct(slices.Concat(before, to)))
	if waiting {
		return
	}
	s.AtEnd(func(why call.Cause) {
		if s.Outcome.Bridged || s.Outcome.Message {
			return
		}
		m := letterOf(s, textMissed, "", why)
		m.To, _ = s.Value(missed{}).([]string)
		by.Post(s.Account, m)
	})
}
