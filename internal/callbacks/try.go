package callbacks

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// How a callback is made, and again.
const (
	requestTime = 15 * time.Second
	connectTime = 5 * time.Second
	firstWait   = time.Second // doubled after each try
	longestWait = time.Hour
	giveUpAfter = 24 * time.Hour
	formType    = "application/x-www-form-urlencoded; charset=utf-8"
)

// try makes one request, tells of it, and says whether there is to be another
// one, at j.Next.
func (q *Queue) try(j *job) (f event.Fetched, again bool) {
	r := webhook.Request{
		Method: j.Method, URL: j.URL, Params: j.Params, ContentType: formType, Token: j.slot.ID,
		Timeout: requestTime, Connect: connectTime, Any2xx: true,
	}
	if q.cfg.Keys != nil {
		r.SigningKeys = q.cfg.Keys(q.ctx, j.slot.Account)
	}
	f, _ = q.cfg.Web.Ask(q.ctx, r)
	if f.Failure == event.FailCancelled {
		return f, false
	}
	j.Tries++
	told := event.CalledBack{Status: f.Status, Try: j.Tries, Took: f.Took}
	if f.Status/100 != 2 { // what is wrong with the body of a 200 matters to nobody
		told.Err = f.Err
		again = j.again(f)
		told.Over = !again
	}
	q.tell(j, told)
	return f, again
}

// again says whether a job that failed is tried again, and sets when.
func (j *job) again(f event.Fetched) bool {
	if j.Again != nil {
		j.Next = time.Now().Add(j.Again.Every)
		return unreached(f) && j.Tries <= j.Again.Times && j.Next.Sub(j.Posted) < giveUpAfter
	}
	j.Next = time.Now().Add(backoff(j.Tries, f.Header))
	return worthwhile(f) && j.Next.Sub(j.Posted) < giveUpAfter
}

// unreached says whether a request had no answer at all.
func unreached(f event.Fetched) bool {
	switch f.Failure {
	case event.FailDNS, event.FailConnect, event.FailTLS, event.FailTimeout, event.FailProtocol:
		return true
	}
	return false
}

// worthwhile says whether a request that failed may fare better later. A
// server that says no to the request itself will say so again.
func worthwhile(f event.Fetched) bool {
	return unreached(f) || f.Status >= 500 ||
		f.Status == http.StatusRequestTimeout || f.Status == http.StatusTooManyRequests
}

// backoff is how long to wait after so many tries: twice as long each time, an
// hour at most, a half more or less by chance, so that what failed together
// does not come back together; and no less than the server asks for.
func backoff(tries int, answer http.Header) time.Duration {
	wait := longestWait
	if tries < 13 { // beyond which it is more than the longest
		wait = min(wait, firstWait<<(tries-1))
	}
	wait = wait/2 + rand.N(wait)
	if s, err := strconv.Atoi(answer.Get("Retry-After")); err == nil && s > 0 {
		wait = max(wait, min(time.Duration(min(s, 1<<20))*time.Second, longestWait))
	}
	return wait
}
