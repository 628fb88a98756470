package sip

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// minSession is the shortest session interval we take, in seconds: RFC 4028's
// own minimum.
const minSession = 90

// terms are what was agreed on keeping a session alive (RFC 4028).
type terms struct {
	seconds int  // 0: no timer
	we      bool // we refresh
	theirs  bool // the far end knows of session timers
}

// termsAsked is what we answer to a request's Session-Expires: its own value,
// or ours where it has none and its sender knows of timers. Where it does not,
// we refresh by ourselves.
func termsAsked(req *sip.Request, ours time.Duration) (terms, *refusal) {
	t := terms{theirs: has(req, "timer", "Supported", "k") || has(req, "timer", "Require")}
	asked, params, ok := seconds(req, "Session-Expires", "x")
	if _, there := first(req, "Session-Expires", "x"); there && !ok {
		return t, refuse(400, "Session-Expires that cannot be read")
	}
	if ok && asked < minSession {
		if t.theirs {
			return t, refuse(422, "session interval too small", sip.NewHeader("Min-SE", strconv.Itoa(minSession)))
		}
		asked = minSession // a proxy put it there
	}
	t.seconds = int(ours / time.Second)
	if ok {
		t.seconds = asked
	}
	if least, _, ok := seconds(req, "Min-SE"); ok && t.seconds > 0 {
		t.seconds = max(t.seconds, least)
	}
	switch strings.ToLower(param(params, "refresher")) {
	case "uac":
		t.we = false
	case "uas":
		t.we = true
	default:
		t.we = !t.theirs
	}
	t.we = t.we || !t.theirs
	return t, nil
}

// termsAgreed reads the answer to a request of ours. Without Session-Expires
// in it the far end knows no timers, and asks for none.
func termsAgreed(res *sip.Response) terms {
	n, params, ok := seconds(res, "Session-Expires", "x")
	if !ok || n < minSession {
		return terms{}
	}
	return terms{seconds: n, we: !strings.EqualFold(param(params, "refresher"), "uas"), theirs: true}
}

// session keeps a call alive: it refreshes it in time, or ends it when the far
// end was to and did not.
type session struct {
	terms terms
	timer *time.Timer
	until time.Time
}

// write puts the terms into a 2xx.
func (s *session) write(res *sip.Response, t terms) {
	if t.seconds == 0 {
		return
	}
	who := "uac"
	if t.we {
		who = "uas"
	}
	add(res, "Session-Expires", strconv.Itoa(t.seconds)+";refresher="+who)
	if t.theirs {
		add(res, "Require", "timer")
	}
}

// ask puts the standing terms into a refresh of ours.
func (s *session) ask(req *sip.Request) {
	if s.terms.seconds > 0 {
		add(req, "Session-Expires", strconv.Itoa(s.terms.seconds)+";refresher=uac")
		add(req, "Min-SE", strconv.Itoa(minSession))
	}
}

func (s *session) stop() {
	stopTimer(s.timer)
}

// start runs the timer afresh.
func (s *session) start(l *leg, t terms) {
	s.stop()
	s.terms, s.until = t, time.Time{}
	if t.seconds == 0 {
		return
	}
	whole := time.Duration(t.seconds) * time.Second
	s.until = time.Now().Add(whole)
	if t.we {
		s.refreshIn(l, whole/2)
		return
	}
	s.in(l, whole-min(32*time.Second, whole/3), s.expire)
}

// refreshIn has the session refreshed after d.
func (s *session) refreshIn(l *leg, d time.Duration) { s.in(l, d, s.refresh) }

// in does something after d, in the place of what was to be done next.
func (s *session) in(l *leg, d time.Duration, do func(*leg)) {
	s.stop()
	until := s.until
	s.timer = l.later(d, func() {
		if s.until.Equal(until) { // else it was refreshed while this waited for its turn
			do(l)
		}
	})
}

func (s *session) expire(l *leg) {
	l.fail("RECOVERY_ON_TIMER_EXPIRE", 408, "the session was not refreshed")
}

// refresh shows that we are there and asks whether they are.
func (s *session) refresh(l *leg) {
	if l.phase != phaseUp || l.reoffer != nil || l.unacked != nil {
		s.refreshIn(l, 2*time.Second)
		return
	}
	until := s.until
	s.in(l, time.Until(until), s.expire) // who has said 100 to an INVITE may never answer it
	done := func(res *sip.Response, err error) { s.refreshed(l, until, res, err) }
	var err error
	if l.may("UPDATE") {
		req, next := l.dialog.request(sip.UPDATE)
		s.ask(req)
		finish(req, "", nil)
		err = l.request(req, next, done)
	} else {
		err = l.refreshInvite(done)
	}
	if err != nil {
		done(nil, err)
	}
}

// refreshed takes the answer to a refresh of a session that was good until
// then.
func (s *session) refreshed(l *leg, until time.Time, res *sip.Response, err error) {
	select {
	case <-l.ended:
		return
	default:
	}
	switch {
	case err != nil, res.StatusCode == 408, res.StatusCode == 481:
		l.fail("RECOVERY_ON_TIMER_EXPIRE", 408, "the far end does not answer")
	case res.StatusCode < 300:
		t := termsAgreed(res)
		if t.seconds == 0 {
			t = s.terms
			t.we = true
		}
		l.dialog.refresh(res)
		s.start(l, t)
	case s.until != until:
		// the far end has refreshed it meanwhile
	case time.Now().After(s.until):
		s.expire(l)
	default:
		s.again(l, res)
	}
}

// again tries a refresh once more that was refused, for a collision, an
// interval too small, or UPDATE, which some peers list and do not know.
func (s *session) again(l *leg, res *sip.Response) {
	pause := 5 * time.Second
	wait, _, asked := seconds(res, "Retry-After")
	switch {
	case l.may("UPDATE") && (res.StatusCode == 405 || res.StatusCode == 501):
		l.allows, pause = "", 0
	case res.StatusCode == 422:
		least, _, _ := seconds(res, "Min-SE")
		s.terms.seconds = max(s.terms.seconds, least)
	case res.StatusCode == 491 && l.ours: // RFC 3261 section 14.1: whose Call-ID it is waits longer
		pause = 2100*time.Millisecond + rand.N(1900*time.Millisecond)
	case res.StatusCode == 491:
		pause = rand.N(2 * time.Second)
	case asked:
		pause = min(max(time.Duration(wait)*time.Second, time.Second), time.Minute)
	}
	s.refreshIn(l, max(pause, 10*time.Millisecond))
}
