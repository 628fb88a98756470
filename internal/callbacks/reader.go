package callbacks

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
)

// Reader reads the stream of facts and has web servers told how their calls
// go (spec/twiml.md sections 2.6 and 1.7). It is an event.Log.
type Reader struct {
	to       actions.Callbacks
	promises *Promises

	mu    sync.Mutex
	calls map[string]*progress
}

// NewReader returns a reader that posts to a Queue, and promises the ends of
// calls that run; promises may be nil.
func NewReader(to actions.Callbacks, promises *Promises) *Reader {
	return &Reader{to: to, promises: promises, calls: map[string]*progress{}}
}

// The events of a call, in the order in which they happen.
var stages = []string{"initiated", "ringing", "answered", "completed"}

// progress is one running call.
type progress struct {
	call    string
	cdr     cdr.Record
	module  string               // the last step that began
	vars    map[string]string    // the call's own variables
	reached map[string]time.Time // the stages so far, and when
	told    map[string]bool      // those that were posted
	count   int                  // how many were
	wants   event.StatusCallback // its Target is "" if nobody wants to know
	record  string               // where the record goes

	promised bool // that the end is told, whatever happens
}

// Add takes an event. It never waits.
func (r *Reader) Add(e event.Event) {
	if _, own := e.What.(event.CalledBack); own {
		return // what comes of our own posts, maybe while we make one
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.calls[e.Call]
	if _, begins := e.What.(event.Offered); begins && p == nil {
		p = &progress{call: e.Call, vars: map[string]string{}, reached: map[string]time.Time{}, told: map[string]bool{}}
		r.calls[e.Call] = p
	}
	if p == nil {
		return // of no call, or of one that is over
	}
	p.cdr.Add(e)
	switch w := e.What.(type) {
	case event.Offered:
		p.reached["initiated"] = e.At
		if w.Direction == "inbound" {
			p.reached["ringing"] = e.At // as its caller hears it
		}
	case event.Ringing:
		p.reach("ringing", e.At)
	case event.Answered:
		p.reach("answered", e.At)
	case event.Started:
		p.module = w.Module
	case event.Set:
		if p.vars[w.Name] = w.Value; w.Value == "" {
			delete(p.vars, w.Name)
		}
	case event.StatusCallback:
		p.wants = w
		r.promise(p)
	case event.RecordCallback:
		p.record = w.Target
	case event.Ended:
		p.reach("completed", e.At)
		delete(r.calls, e.Call)
		r.sendRecord(p)
	}
	r.catchUp(p)
	if _, over := e.What.(event.Ended); over {
		r.withdraw(p)
	}
}

// promise has the end of a call told even if this process does not see it.
func (r *Reader) promise(p *progress) {
	const last = "completed"
	if r.promises == nil {
		return
	}
	if p.wants.Target == "" || !slices.Contains(p.wants.Events, last) {
		r.withdraw(p)
		return
	}
	v := p.params("", time.Now())
	v.Set("CallStatus", "failed")
	v.Set("SequenceNumber", strconv.Itoa(len(p.wants.Events)-1)) // if all the others come before
	p.promised = true
	r.promises.Keep(p.cdr.Account, actions.Callback{
		Call: p.call, URL: p.wants.Target, Method: p.wants.Method, Event: last, Params: v,
	})
}

// withdraw takes back what is promised at the end of a call, if anything is.
func (r *Reader) withdraw(p *progress) {
	if p.promised {
		p.promised = false
		r.promises.Forget(p.cdr.Account, p.call)
	}
}

func (p *progress) reach(stage string, at time.Time) {
	if _, before := p.reached[stage]; !before {
		p.reached[stage] = at
	}
}

// catchUp posts what was reached, is wanted and was not posted.
func (r *Reader) catchUp(p *progress) {
	if p.wants.Target == "" {
		return
	}
	for _, stage := range stages {
		at, reached := p.reached[stage]
		if !reached || p.told[stage] || !slices.Contains(p.wants.Events, stage) {
			continue
		}
		p.told[stage] = true
		r.to.Post(p.cdr.Account, actions.Callback{
			Call: p.call, URL: p.wants.Target, Method: p.wants.Method, Event: stage, Params: p.params(stage, at),
		})
		p.count++
	}
}

// params are those of spec/twiml.md section 2.3, and how the call goes.
func (p *progress) params(stage string, at time.Time) url.Values {
	v := url.Values(maps.Clone(p.wants.Params))
	if v == nil {
		v = url.Values{}
	}
	v.Set("CallStatus", p.status(stage))
	v.Set("Timestamp", at.UTC().Format(time.RFC1123Z))
	v.Set("CallbackSource", "call-progress-events")
	v.Set("SequenceNumber", strconv.Itoa(p.count))
	if stage != "completed" {
		return v
	}
	v.Set("CallDuration", strconv.FormatInt(p.cdr.Billing, 10))
	v.Set("Duration", strconv.FormatInt((p.cdr.Billing+59)/60, 10)) // in minutes
	if code := p.code(); code != 0 {
		v.Set("SipResponseCode", strconv.Itoa(code))
	}
	return v
}

// status is CallStatus at a stage.
func (p *progress) status(stage string) string {
	switch stage {
	case "answered":
		return "in-progress"
	case "completed":
		return p.outcome()
	}
	return stage
}

// busyHere is the SIP status of a phone in use (RFC 3261 section 21.4.24).
const busyHere = 486

// outcome is how a call was that is over.
func (p *progress) outcome() string {
	c := &p.cdr
	switch {
	case c.AnsweredT != nil:
		return "completed"
	case c.HangupCause == "USER_BUSY" || p.code() == busyHere:
		return "busy"
	case c.EndedBy == "caller" || c.HangupCause == "ORIGINATOR_CANCEL":
		return "canceled"
	case c.EndedBy == "us" && p.module == "response":
		return "no-answer" // the program refused it, with whatever code
	}
	switch c.HangupCause {
	case "NORMAL_CLEARING", "NO_ANSWER", "NO_USER_RESPONSE", "SUBSCRIBER_ABSENT", "PROGRESS_TIMEOUT":
		return "no-answer"
	case "CALL_REJECTED":
		return "busy"
	}
	return "failed"
}

// code is the SIP status that refused the call, 0 if it was not refused.
func (p *progress) code() int {
	code, _ := strconv.Atoi(strings.TrimPrefix(p.cdr.HangupCode, "sip:"))
	return code
}
