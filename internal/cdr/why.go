package cdr

import (
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
)

// reason is what must be remembered of a call to say why it ended.
type reason struct {
	playing string         // the sound that was being heard
	step    string         // the module that was running
	failed  *event.Failed  // the last thing that went wrong in the flow
	fetched *event.Fetched // the last webhook, if it failed
	silent  bool           // nothing was ever routed
	numbers string         // the number nobody answers
	refusal string         // why it was declined
	sorry   string         // what the caller was told was an application error
}

func (r *reason) add(e event.Event) {
	switch w := e.What.(type) {
	case event.Unrouted:
		r.silent, r.numbers = true, w.Number
	case event.Declined:
		r.refusal = w.Why
	case event.Playing:
		r.playing = w.Sound
	case event.Played:
		r.playing = ""
	case event.Started:
		r.step = w.Module
		if r.step != "hangup" && r.step != "response" {
			r.failed, r.fetched = nil, nil
		}
	case event.Failed:
		r.failed = &w
	case event.Decoded:
		r.failed = nil // a fallback has answered
	case event.Finished:
		if w.Branch == "" && !w.Ends && r.failed != nil && strings.HasPrefix(r.failed.Code, "pivot.") {
			r.sorry = r.failed.Message // what took over is the announcement
		}
	case event.Fetched:
		r.fetched, r.sorry = nil, ""
		if w.Failure != "" {
			r.fetched = &w
		}
	}
}

// sentence says why the call ended, for people.
func (r *reason) sentence(rec *Record, w event.Ended) string {
	switch {
	case w.By != "us" && rec.AnsweredT == nil:
		return "The " + w.By + " gave up before the answer" + tail(w.Text)
	case w.By != "us":
		return r.hungUp(rec, w)
	case r.silent:
		return fmt.Sprintf("No callflow answers %s.", r.numbers)
	case r.refusal != "":
		return "We declined the call: " + r.refusal + "."
	case r.sorry != "":
		return fmt.Sprintf("The application failed: %s; the caller was told so.", r.sorry)
	case r.fetched != nil:
		return fmt.Sprintf("%s failed: %s; no branch was left.", r.fetched.URL, r.fetched.Err)
	case r.failed != nil:
		return fmt.Sprintf("Something failed in %s: %s; no branch was left.", r.step, r.failed.Message)
	case w.Text != "":
		return "We ended the call: " + w.Text + "."
	case w.Cause == "NORMAL_CLEARING" && r.step == "hangup":
		return "The callflow hung up."
	case w.Cause == "NORMAL_CLEARING":
		return "The callflow had run to its end."
	default:
		return fmt.Sprintf("We ended the call with %s.", w.Cause)
	}
}

func (r *reason) hungUp(rec *Record, w event.Ended) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The %s hung up", w.By)
	switch {
	case r.playing != "":
		fmt.Fprintf(&b, " while hearing %s", r.playing)
	case r.step != "":
		fmt.Fprintf(&b, " during %s", r.step)
	}
	fmt.Fprintf(&b, ", %s after the answer", brief(rec.EndedT.Sub(*rec.AnsweredT)))
	return b.String() + tail(w.Text)
}

func tail(text string) string {
	if text == "" {
		return "."
	}
	return " (" + text + ")."
}
