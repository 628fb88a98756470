package actions

import (
	"context"
	"errors"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

func response(media Media) flow.Action {
	return flow.Define(flow.Def[responseData]{
		Name:    "response",
		Summary: "Refuses the call with a SIP status.",
		Doc: "The media, if any, is heard first, as early media. A call that was answered already cannot be refused: it is " +
			"hung up with the cause that the status stands for. The flow ends here.",
		Default: responseData{Code: 486},
		Examples: []flow.Example{
			{Says: "Busy.", Data: `{}`},
			{Says: "No such number, with a tone.", Data: `{"code": 404, "message": "No such number",
				"media": "tone_stream://%(500,500,480,620)"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d responseData) (flow.Next, error) {
			if s.Answered() {
				const late = "the call was answered already, so it is hung up and not refused"
				s.Add(event.Warned{Code: "response.late", Message: late})
			}
			if err := d.play(ctx, s, media); err != nil {
				return flow.Next{}, err
			}
			why := call.FromSIP(d.Code, call.ByUs)
			why.Text = d.Message
			return flow.OverWith(why), nil
		},
	})
}

type responseData struct {
	Code    int    `json:"code" jsonschema:"required,minimum=300,maximum=699" jsonschema_description:"The SIP status."`
	Message string `json:"message,omitempty" jsonschema:"maxLength=128,pattern=^[^\\x00-\\x1f\\x7f]*$" jsonschema_description:"Its reason phrase; the usual one if not given."`
	Media   string `json:"media,omitempty" jsonschema:"maxLength=2048" jsonschema_description:"What to play before, as in play."`
	flow.Skip
}

// play lets the caller hear why. Media that cannot be played does not keep
// the call from being refused.
func (d responseData) play(ctx context.Context, s *flow.Session, media Media) error {
	if d.Media == "" {
		return nil
	}
	sound, err := media.Sound(ctx, s.Account, d.Media)
	if err == nil {
		err = earlyMedia(ctx, s)
	}
	if err == nil {
		_, err = s.Play(ctx, sound, "")
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		s.Add(event.Warned{Code: "media.missing", Message: "refused without its media: " + err.Error()})
	}
	return nil
}

// earlyMedia makes what is played audible before the answer.
func earlyMedia(ctx context.Context, s *flow.Session) error {
	if s.Answered() {
		return nil
	}
	r, ok := s.Leg.(call.Ringer)
	if !ok {
		return flow.Fail("early_media.unsupported", errors.New("this kind of call cannot be heard before it is answered"))
	}
	return r.Progress(ctx)
}
