package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// How a letter is sent, and again.
const (
	sendTime    = time.Minute
	firstWait   = 10 * time.Second // doubled after each try
	longestWait = time.Hour
	giveUpAfter = 24 * time.Hour
)

// RefusedError is a letter that the mail server will not take, now or later.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap is what the server said.
func (e *RefusedError) Unwrap() error { return e.Err }

// AwayError is a mail server that could not be used at all. What is the
// matter is for the server's log; customers are told that much.
type AwayError struct{ Err error }

func (e *AwayError) Error() string { return "the mail server cannot be used" }

// Unwrap is what is the matter.
func (e *AwayError) Unwrap() error { return e.Err }

// try sends a letter once, tells of it, and says whether there is to be
// another try, at j.Next, or whether it was cut off.
func (q *Queue) try(j *job) (again, cut bool) {
	ctx, cancel := context.WithTimeout(q.ctx, sendTime)
	defer cancel()
	began := time.Now()
	err := q.cfg.Sender.Send(ctx, Letter{ID: j.slot.ID, To: j.To, Subject: j.Subject, Text: j.Text, Written: j.Posted})
	if err != nil && q.ctx.Err() != nil {
		return false, true
	}
	j.Tries++
	told := event.Notified{Try: j.Tries, Took: event.Millis(time.Since(began))}
	if err != nil {
		told.Err = err.Error()
		if away, ok := errors.AsType[*AwayError](err); ok {
			q.cfg.Logger.Error("the mail server cannot be used",
				"account_id", j.slot.Account, "call_id", j.Call, "error", away.Err)
		}
		j.Next = time.Now().Add(backoff(j.Tries))
		_, refused := errors.AsType[*RefusedError](err)
		again = !refused && j.Next.Sub(j.Posted) < giveUpAfter
		told.Over = !again
	}
	q.tell(j, told)
	return again, false
}

// backoff is how long to wait after so many tries: twice as long each time, an
// hour at most, a half more or less by chance.
func backoff(tries int) time.Duration {
	wait := longestWait
	if tries < 10 { // beyond which it is more than the longest
		wait = min(wait, firstWait<<(tries-1))
	}
	return wait/2 + rand.N(wait)
}
