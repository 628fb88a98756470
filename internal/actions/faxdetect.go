package actions

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// The children of fax_detect.
const (
	onFax   = "ON_FAX"
	onVoice = "ON_VOICE"
)

var faxDetect = flow.Define(flow.Def[faxDetectData]{
	Name:    "fax_detect",
	Summary: "Listens whether a fax machine calls.",
	Doc: "Listens for `duration` seconds and two more. As soon as a fax machine is heard the child `ON_FAX` is taken, " +
		"else `ON_VOICE` when the time is over; each falls back to `_`. A machine that calls is known by its calling tone " +
		"(1100 Hz for half a second, every 3.5 seconds, ITU-T T.30) when it comes again: once may be a note. If one " +
		"tone was heard when the time is over, the next one is waited for, 4.4 seconds at most. A machine that was called " +
		"is known by the flags before its first frame (V.21). An answer tone of 2100 Hz alone is none: modems " +
		"have it too.\n\n" +
		"The call is not answered. Most callers send no sound before the answer, so that nothing can be heard of them: put " +
		"`answer` in front. Nothing is played meanwhile, and keys that are pressed are kept for the next action.",
	Branches: []string{onFax, onVoice},
	Examples: []flow.Example{
		{Says: "Listen for 7 seconds.", Data: `{}`},
		{Says: "Hear three calling tones out.", Data: `{"duration": 9}`},
	},
	Check: func(d faxDetectData) schema.Faults {
		if d.Duration < 0 || d.Duration > mostFax {
			return schema.Faults{{
				Path: []string{"duration"}, Rule: "error", Message: "Value must be from 0 to 3600",
				Extra: map[string]any{"value": d.Duration},
			}}
		}
		return nil
	},
	Run: func(ctx context.Context, s *flow.Session, d faxDetectData) (flow.Next, error) { return d.run(ctx, s) },
})

type faxDetectData struct {
	Duration int `json:"duration,omitempty" jsonschema_description:"How long to listen, in seconds; 5 if it is 0 or not given. Two seconds are added."`
	flow.Skip
}

// How long fax_detect listens (spec sections 2.3 and 6).
const (
	usualFax = 5    // seconds
	moreFax  = 2    // that are added
	mostFax  = 3600 // an hour: longer is a mistake

	askAgain = audio.FaxAgain / 50 // once the time is over and a second tone may come
)

func (d faxDetectData) run(ctx context.Context, s *flow.Session) (flow.Next, error) {
	if !s.Answered() {
		s.Add(event.Warned{
			Code:    "fax_detect.unanswered",
			Message: "the call is not answered: most callers send no sound before, and nothing can be heard of them",
		})
	}
	seconds := d.Duration
	if seconds == 0 {
		seconds = usualFax
	}
	ear, began := call.NewFaxEar(), time.Now()
	stop := s.Leg.Tap(call.Heard, ear)
	defer stop()
	limit := time.NewTimer(time.Duration(seconds+moreFax) * time.Second)
	defer limit.Stop()
	for latest := began.Add(time.Duration(seconds+moreFax)*time.Second + audio.FaxAgain); ; {
		select {
		case by := <-ear.Found():
			s.Add(event.Detected{What: "fax", By: by, After: event.Millis(time.Since(began))})
			return flow.Take(onFax), nil
		case <-limit.C:
			if !ear.Pending() || !time.Now().Before(latest) {
				return flow.Take(onVoice), nil
			}
			limit.Reset(askAgain)
		case <-ctx.Done():
			return flow.Next{}, context.Cause(ctx)
		}
	}
}
