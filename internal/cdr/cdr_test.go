package cdr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
)

// at is a call's events, one after the other by the given gaps.
func at(gap time.Duration, facts ...event.Fact) []event.Event {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	out := make([]event.Event, len(facts))
	for i, f := range facts {
		out[i] = event.Event{At: began.Add(time.Duration(i) * gap), Call: "c1", What: f}
	}
	return out
}

func TestFold(t *testing.T) {
	r := cdr.Fold(at(2*time.Second,
		event.Offered{Account: "a", Direction: "inbound", From: "200@x", To: "100@y", Request: "100@y", CallerNumber: "200"},
		event.Routed{FlowID: "f", Flow: "Main"},
		event.Answered{Codec: "PCMU"},
		event.Started{Module: "pivot"}, event.Fetched{URL: "http://x/", Failure: "status", Err: "status 500"},
		event.Finished{Module: "pivot"},
		event.Media{Lost: 3},
		event.Ended{Cause: "USER_BUSY", SIP: 486, By: "us", Text: "said so"},
	))
	if r.ID != "202603-c1" || r.Duration != 14 || r.Billing != 10 || r.Ringing != 4 || r.HangupCode != "sip:486" {
		t.Errorf("times and ids: %+v", r)
	}
	if r.Way != "inbound" || r.Way != r.Direction || r.CallingFrom != "200" {
		t.Errorf("as Kazoo's lists call it: %+v", r)
	}
	if r.Webhooks != 1 || r.Failures != 1 || r.Steps != 1 || r.Media.Lost != 3 || r.Dialed != "100" || r.FlowID != "f" {
		t.Errorf("counts: %+v", r)
	}
	if r.Timestamp != r.Unix+62167219200 || r.Datetime != "2026-03-01 12:00:14" || r.State != "ended" {
		t.Errorf("stamps: %+v", r)
	}
}

func TestWhy(t *testing.T) {
	offered, answered := event.Offered{}, event.Answered{}
	for want, facts := range map[string][]event.Fact{
		"The caller gave up before the answer.": {offered, event.Ended{By: "caller", Cause: "ORIGINATOR_CANCEL"}},
		`The caller hung up while hearing say "Hi", 2.0 s after the answer.`: {
			offered, answered, event.Playing{Sound: `say "Hi"`}, event.Ended{By: "caller"},
		},
		"The caller hung up during sleep, 2.0 s after the answer (Q.850 16).": {
			offered, answered, event.Started{Module: "sleep"}, event.Ended{By: "caller", Text: "Q.850 16"},
		},
		"We declined the call: blacklist Pests has +4930.": {offered, event.Declined{
			Number: "999", Reason: event.DeclinedBlacklist, Why: "blacklist Pests has +4930",
		}, event.Ended{By: "us"}},
		"No callflow answers 999.": {offered, event.Unrouted{Number: "999"}, event.Ended{By: "us"}},
		"http://x failed: status 500; no branch was left.": {
			offered, event.Started{Module: "pivot"}, event.Fetched{URL: "http://x", Failure: "status", Err: "status 500"}, event.Ended{By: "us"},
		},
		"Something failed in play: no such media; no branch was left.": {
			offered, event.Started{Module: "play"}, event.Failed{Message: "no such media"}, event.Ended{By: "us"},
		},
		"The application failed: no answer within 5s; the caller was told so.": {
			offered,
			event.Started{Module: "pivot"},
			event.Fetched{URL: "http://x", Failure: "timeout"},
			event.Failed{Code: "pivot.timeout", Message: "no answer within 5s"},
			event.Finished{Module: "pivot"},
			event.Started{Module: "tts"},
			event.Finished{Module: "tts", Branch: "_"},
			event.Started{Module: "hangup"},
			event.Ended{By: "us", Cause: "NORMAL_CLEARING"},
		},
		"The callflow had run to its end. ": {
			offered,
			event.Started{Module: "pivot"},
			event.Fetched{URL: "http://x", Failure: "timeout"},
			event.Failed{Code: "pivot.timeout", Message: "no answer within 5s"},
			event.Fetched{URL: "http://fallback"},
			event.Decoded{},
			event.Finished{Module: "pivot"},
			event.Started{Module: "tts"},
			event.Ended{By: "us", Cause: "NORMAL_CLEARING"},
		},
		"The callflow hung up.":             {offered, event.Started{Module: "hangup"}, event.Ended{By: "us", Cause: "NORMAL_CLEARING"}},
		"The callflow had run to its end.":  {offered, event.Started{Module: "tts"}, event.Ended{By: "us", Cause: "NORMAL_CLEARING"}},
		"We ended the call: draining.":      {offered, event.Ended{By: "us", Text: "draining"}},
		"We ended the call with USER_BUSY.": {offered, event.Ended{By: "us", Cause: "USER_BUSY"}},
	} {
		want = strings.TrimSpace(want) // a blank tells two of the same apart
		if got := cdr.Fold(at(time.Second, facts...)).Why; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
