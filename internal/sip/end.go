package sip

import (
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

func join(v []string) string { return strings.Join(v, ", ") }

// hangup is our own wish to end the leg.
func (l *leg) hangup(why call.Cause) {
	if why.By == "" {
		why.By = call.ByUs
	}
	switch l.move(inHangup) {
	case doRefuse:
		l.refuse(why)
		l.over(why)
		l.gone()
	case doBye:
		l.bye(why)
		l.over(why)
	case doEnd: // the BYE has to wait for the ACK
		l.uas.parting = why
		l.over(why)
	case doCancel:
		l.giveUp(why)
	}
}

// fail ends the leg for a fault of our own or of the protocol.
func (l *leg) fail(name string, status int, text string) {
	l.hangup(call.Cause{Name: name, SIP: status, By: call.ByUs, Text: text})
}

// over makes the leg's end known and gives back what it held. Signalling may
// go on behind it until gone.
func (l *leg) over(why call.Cause) {
	select {
	case <-l.ended:
		return
	default:
	}
	l.session.stop()
	l.reoffer.leave()
	l.referral.settle(call.ErrHungup)
	stopTimer(l.dead)
	if l.phase != phaseLeaving {
		l.unacked.stop()
		l.unacked = nil
	}
	if l.uas != nil {
		l.uas.rel.stop()
		stopTimer(l.uas.still)
	}
	if l.media != nil {
		l.tellMedia()
	}
	l.cause = why
	if !l.given {
		l.add(event.Ended{Cause: why.Name, SIP: why.SIP, By: why.By, Text: why.Text})
	}
	close(l.ended)
	l.cancel(call.ErrHungup)
	l.srv.live.Add(-1)
	if l.media != nil {
		l.media.stream.OnKey(nil)
		l.media.stream.Close()
	}
}

// wreck ends a leg after a fault in its own handling.
func (l *leg) wreck(text string) {
	l.thread.do(func() {
		l.add(event.Failed{Code: "panic", Message: text})
		l.fail("NORMAL_TEMPORARY_FAILURE", 500, "internal error")
		l.over(call.Cause{Name: "NORMAL_TEMPORARY_FAILURE", SIP: 500, By: call.ByUs, Text: "internal error"})
		if l.phase == phaseOver {
			l.gone()
		}
	})
}

// tellMedia is the fact of how well the sound went.
func (l *leg) tellMedia() {
	st := l.media.stream.Stats()
	if !l.media.ready.Load() && st.Received == 0 {
		return
	}
	f := event.Media{
		Sent: st.Sent, Received: st.Received, Lost: st.Lost, Late: st.Late, Jitter: event.Millis(st.Jitter),
		FarLost: st.FarLost, FarJitter: event.Millis(st.FarJitter), RoundTrip: event.Millis(st.RoundTrip),
		Skipped: st.Skipped, Relatched: st.Relatched, Unexplained: st.Dropped,
	}
	if c := l.media.agreed.Codec; c != nil {
		f.Codec = c.Name
	}
	if !st.FirstSent.IsZero() {
		f.FirstSent = event.Millis(st.FirstSent.Sub(l.info.Began))
	}
	if st.Latched.IsValid() {
		f.Remote = st.Latched.String()
	}
	l.add(f)
}

// gone lets the thread forget the leg: nothing of it is under way any more.
func (l *leg) gone() {
	l.phase = phaseOver
	if l.thread.leave(l) {
		l.srv.forget(l.thread)
	}
}

// bye sends BYE and forgets the leg when it is answered, or nobody answers.
func (l *leg) bye(why call.Cause) {
	req, next := l.dialog.request(sip.BYE)
	addReason(req, why)
	finish(req, "", nil)
	err := l.request(req, next, func(*sip.Response, error) { l.gone() })
	if err != nil {
		l.srv.logger.Debug("sip: BYE not sent", "call_id", l.info.ID, "error", err)
		l.gone()
	}
}

// request sends a request within the leg's dialog; on is called in the thread
// with the final answer or why there is none.
func (l *leg) request(req *sip.Request, next sip.Uri, on func(*sip.Response, error)) error {
	return l.requestIn(l.dialog, req, next, on)
}

// requestIn is request in a dialog that need not be the leg's own: phones that
// ring have each theirs.
func (l *leg) requestIn(d *dialog, req *sip.Request, next sip.Uri, on func(*sip.Response, error)) error {
	h, err := l.srv.reachDialog(d, next)
	if err != nil {
		return err
	}
	l.srv.address(req, h)
	_, err = l.srv.tx.request(l.out(h), req, func(res *sip.Response, err error) {
		l.thread.must(func() {
			if res != nil && (res.StatusCode == 401 || res.StatusCode == 407) {
				if cred, ok := credentials(l.uac, res, req.Method, req.Recipient); ok &&
					l.requestIn(d, anew(d, req, cred), next, on) == nil {
					return
				}
			}
			on(res, err)
		})
	})
	return err
}

// anew is a request once more, with the credentials it was found to lack.
func anew(d *dialog, req *sip.Request, cred sip.Header) *sip.Request {
	again := req.Clone()
	d.seq++
	again.CSeq().SeqNo = d.seq
	again.Via().Params.Add("branch", newBranch(d.mark))
	for again.RemoveHeader(cred.Name()) {
	}
	again.AppendHeader(cred)
	return again
}

// watchSilence ends a call from whose far end nothing is heard any more, if
// the configuration wants that.
func (l *leg) watchSilence() {
	limit := l.srv.cfg.MediaTimeout
	if limit <= 0 {
		return
	}
	since := time.Now()
	l.dead = time.AfterFunc(limit, func() { l.thread.must(func() { l.listenForLife(since) }) })
}

func (l *leg) listenForLife(since time.Time) {
	if l.phase == phaseOver || l.phase == phaseLeaving {
		return
	}
	limit := l.srv.cfg.MediaTimeout
	if heard := l.media.stream.LastHeard(); heard.After(since) {
		since = heard
	}
	if !l.media.agreed.Receive || l.media.agreed.Hold {
		since = time.Now() // on hold nothing need be heard
	}
	left := limit - time.Since(since)
	if left <= 0 {
		l.fail("MEDIA_TIMEOUT", 504, "nothing heard for "+limit.String())
		return
	}
	l.dead = time.AfterFunc(left, func() { l.thread.must(func() { l.listenForLife(since) }) })
}

// farBy names the far end of the leg as causes do.
func (l *leg) farBy() string {
	if l.ours {
		return call.ByCallee
	}
	return call.ByCaller
}

// may says that the far end's Allow lists a method.
func (l *leg) may(method string) bool { return slices.Contains(strings.Split(l.allows, ", "), method) }

// unacked is a 2xx that is repeated until its ACK comes (RFC 3261 section
// 13.3.1.4), over reliable transports, too.
type unacked struct {
	seq     uint32
	wire    []byte
	out     outlet
	offered bool // it holds an offer of ours: the ACK brings the answer
	wait    time.Duration
	giveUp  time.Time
	timer   *time.Timer
}

func (u *unacked) stop() {
	if u != nil && u.timer != nil {
		u.timer.Stop()
	}
}

// expectAck starts repeating a 2xx that was sent.
func (l *leg) expectAck(u *unacked) {
	t := l.srv.tx.timers
	u.wait, u.giveUp = t.T1, time.Now().Add(t.giveUp())
	l.unacked = u
	l.rearm(u)
}

func (l *leg) rearm(u *unacked) {
	u.timer = time.AfterFunc(u.wait, func() { l.thread.must(func() { l.noAck(u) }) })
}

// noAck repeats the 2xx; in the end it gives the call up.
func (l *leg) noAck(u *unacked) {
	if l.unacked != u {
		return
	}
	if time.Now().Before(u.giveUp) {
		_ = u.out.send(u.wire, noteAgain)
		u.wait = min(l.srv.tx.timers.after(u.wait), max(time.Until(u.giveUp), 0))
		l.rearm(u)
		return
	}
	l.unacked = nil
	why := call.Cause{Name: "RECOVERY_ON_TIMER_EXPIRE", By: call.ByUs, Text: "no ACK"}
	if l.phase == phaseLeaving {
		why = l.uas.parting
	}
	if l.move(inSilence) == doBye {
		l.bye(why)
		l.over(why)
	}
}
