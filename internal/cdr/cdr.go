// Package cdr reads a call's record out of its events.
package cdr

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/gregorian"
)

// Record is a call, over or still running, with the keys of Kazoo's call
// records (spec/crossbar-api.md section 5 and appendix A, cdrs) and, below the
// line, ours.
type Record struct {
	ID           string `json:"id" jsonschema_description:"The year and month that it began in, and the id of the call."`
	CallID       string `json:"call_id" jsonschema_description:"The id of the call: its SIP Call-ID."`
	Account      string `json:"account_id,omitempty" jsonschema_description:"The account that it is of."`
	Direction    string `json:"call_direction" jsonschema_description:"inbound or outbound."`
	Way          string `json:"direction" jsonschema_description:"The same: lists of Kazoo call it so."`
	From         string `json:"from" jsonschema_description:"Who calls, as user@host."`
	CallingFrom  string `json:"calling_from" jsonschema_description:"The user of that."`
	To           string `json:"to" jsonschema_description:"Who was called, as user@host."`
	Request      string `json:"request" jsonschema_description:"Whom the request was for, as user@host."`
	CallerName   string `json:"caller_id_name" jsonschema_description:"The name that the call came with."`
	CallerNumber string `json:"caller_id_number" jsonschema_description:"The number that the call came with."`
	Dialed       string `json:"dialed_number" jsonschema_description:"The number that was dialled."`
	UserAgent    string `json:"user_agent,omitempty" jsonschema_description:"What the caller calls its software."`
	Duration     int64  `json:"duration_seconds" jsonschema_description:"How long it was from its first moment, in seconds."`
	Billing      int64  `json:"billing_seconds" jsonschema_description:"How long it was from the answer, in seconds."` // from the answer, rounded
	Ringing      int64  `json:"ringing_seconds" jsonschema_description:"How long it rang, in seconds."`
	Timestamp    int64  `json:"timestamp" jsonschema_description:"When it was over, or began if it is not, in Gregorian seconds."`
	Unix         int64  `json:"unix_timestamp" jsonschema_description:"The same in Unix seconds."`
	UnixMicro    int64  `json:"unix_timestamp_micro" jsonschema_description:"The same in Unix microseconds."`
	Datetime     string `json:"datetime" jsonschema_description:"The same to read, in UTC."`
	HangupCause  string `json:"hangup_cause,omitempty" jsonschema_description:"Why it is over, in a word: NORMAL_CLEARING."`
	HangupCode   string `json:"hangup_code,omitempty" jsonschema_description:"The SIP status of that: sip:486."`

	// Ours.
	State     string       `json:"state" jsonschema_description:"ringing, in-progress or ended."`
	Began     time.Time    `json:"began_at" jsonschema_description:"When it came."`
	AnsweredT *time.Time   `json:"answered_at,omitempty" jsonschema_description:"When it was answered."`
	EndedT    *time.Time   `json:"ended_at,omitempty" jsonschema_description:"When it was over."`
	EndedBy   string       `json:"ended_by,omitempty" jsonschema_description:"Who ended it: caller, callee or us."`
	Why       string       `json:"why_ended,omitempty" jsonschema_description:"Why it is over, in a sentence."`
	FlowID    string       `json:"callflow_id,omitempty" jsonschema_description:"The callflow that answered it."`
	Flow      string       `json:"callflow_name,omitempty" jsonschema_description:"The name of that."`
	Steps     int          `json:"steps" jsonschema_description:"How many actions ran."`
	Step      string       `json:"step,omitempty" jsonschema_description:"The action that runs now."`
	Webhooks  int          `json:"webhooks" jsonschema_description:"How many requests web servers got."`
	Failures  int          `json:"webhook_failures" jsonschema_description:"How many of these failed."`
	Faults    int          `json:"faults" jsonschema_description:"How many things went wrong."`
	Media     *event.Media `json:"media,omitempty" jsonschema_description:"What came of the sound."`
	Recording []string     `json:"media_recordings,omitempty" jsonschema_description:"The ids of its recordings."`

	reason reason
}

// Fold adds up events, which must be one call's and in order.
func Fold(events []event.Event) Record {
	var r Record
	for _, e := range events {
		r.Add(e)
	}
	return r
}

// Add takes one more event.
func (r *Record) Add(e event.Event) {
	if r.CallID == "" {
		r.CallID, r.Began, r.State = strings.Clone(e.Call), e.At, "ringing"
		r.ID = e.At.UTC().Format("200601") + "-" + e.Call
		r.stamp(e.At)
	}
	r.reason.add(e)
	switch w := e.What.(type) {
	case event.Offered:
		r.offered(e.At, w)
	case event.Routed:
		r.FlowID, r.Flow = w.FlowID, w.Flow
	case event.Answered:
		r.answered(e.At)
	case event.Started:
		r.Steps++
		r.Step = w.Module
	case event.Fetched:
		r.Webhooks++
		if w.Failure != "" {
			r.Failures++
		}
	case event.Failed:
		r.Faults++
	case event.Recorded:
		if w.Err == "" {
			r.Recording = append(r.Recording, w.ID)
		}
	case event.Media:
		r.Media = &w
	case event.Ended:
		r.ended(e.At, w)
	}
}

func (r *Record) offered(at time.Time, w event.Offered) {
	// Copies: these are cuttings of a SIP message that is much larger.
	r.Account, r.Direction = strings.Clone(w.Account), strings.Clone(w.Direction)
	r.From, r.To, r.Request = strings.Clone(w.From), strings.Clone(w.To), strings.Clone(w.Request)
	r.CallerName, r.CallerNumber = strings.Clone(w.CallerName), strings.Clone(w.CallerNumber)
	r.UserAgent = strings.Clone(w.UserAgent)
	r.Dialed, r.CallingFrom, r.Way = user(w.Request), user(r.From), r.Direction
	if r.Began.IsZero() {
		r.Began = at
	}
}

func (r *Record) answered(at time.Time) {
	if r.AnsweredT != nil {
		return
	}
	r.AnsweredT, r.State = &at, "in-progress"
	r.Ringing = seconds(at.Sub(r.Began))
}

func (r *Record) ended(at time.Time, w event.Ended) {
	r.EndedT, r.State, r.Step = &at, "ended", ""
	r.HangupCause, r.EndedBy = w.Cause, w.By
	if w.SIP != 0 {
		r.HangupCode = "sip:" + strconv.Itoa(w.SIP)
	}
	r.Duration = seconds(at.Sub(r.Began))
	if r.AnsweredT != nil {
		r.Billing = seconds(at.Sub(*r.AnsweredT))
	} else {
		r.Ringing = r.Duration
	}
	r.Why = r.reason.sentence(r, w)
	r.reason = reason{} // it holds whole answers of web servers
	r.stamp(at)
}

// stamp sets the forms of the record's one time.
func (r *Record) stamp(at time.Time) {
	at = at.UTC()
	r.Timestamp, r.Unix, r.UnixMicro = gregorian.Seconds(at), at.Unix(), at.UnixMicro()
	r.Datetime = at.Format(time.DateTime)
}

// seconds rounds as telephone bills do: a begun second counts from its half.
func seconds(d time.Duration) int64 { return int64(d.Round(time.Second) / time.Second) }

// user is the part of user@realm before the @.
func user(address string) string {
	for i := range len(address) {
		if address[i] == '@' {
			return address[:i]
		}
	}
	return address
}

// brief is a duration for people: 850 ms, 4.2 s, 3 min 5 s.
func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}
