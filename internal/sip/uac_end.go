package sip

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

// dismiss acknowledges an answer nobody wants and hangs up on it.
func (l *leg) dismiss(tx *clientTx, res *sip.Response, why call.Cause, done func()) {
	d := l.earlyOf(res).dialog
	l.acknowledge(d, tx, res, tx.req.CSeq().SeqNo)
	req, next := d.request(sip.BYE)
	addReason(req, why)
	finish(req, "", nil)
	if err := l.requestIn(d, req, next, func(*sip.Response, error) { done() }); err != nil {
		done()
	}
}

// lost is an INVITE refused, or never answered.
func (l *leg) lost(res *sip.Response, err error) {
	u := l.uac
	if l.phase < phaseUp && l.phase != phaseCalled && l.retry(res, err) {
		return
	}
	wasCalled := l.phase == phaseCalled
	if l.move(inRefused) == doNothing {
		return
	}
	if wasCalled {
		l.gone()
		return
	}
	no := refused(res, err)
	l.over(no.Cause)
	l.gone()
	u.tx = nil
	l.tell(no)
}

// refused is a refusal as callers of Dial see it.
func refused(res *sip.Response, err error) *call.RefusedError {
	switch {
	case res == nil:
		c := call.Cause{Name: "NO_USER_RESPONSE", SIP: 408, By: call.ByUs, Text: err.Error()}
		if !errors.Is(err, errTxTimeout) {
			c.Name, c.SIP = "NETWORK_OUT_OF_ORDER", 503
		}
		return &call.RefusedError{Code: c.SIP, Reason: err.Error(), Cause: c}
	case res.StatusCode < 400:
		c := call.Cause{Name: "REDIRECTION_TO_NEW_DESTINATION", SIP: res.StatusCode, By: call.ByCallee}
		if to, ok := first(res, "Contact"); ok {
			c.Text = "redirected to " + to + ", which is not followed"
		}
		return &call.RefusedError{Code: res.StatusCode, Reason: res.Reason, Cause: c}
	}
	c, ok := reasonOf(res, call.ByCallee)
	if !ok {
		c = call.FromSIP(res.StatusCode, call.ByCallee)
	}
	c.SIP = res.StatusCode
	if c.Text == "" {
		c.Text = res.Reason
	}
	return &call.RefusedError{Code: res.StatusCode, Reason: res.Reason, Cause: c}
}

// retry tries again where the refusal says how, or at the next address.
func (l *leg) retry(res *sip.Response, err error) bool {
	u := l.uac
	switch {
	case err != nil && !errors.Is(err, errTxTimeout):
		return false
	case err != nil || res.StatusCode == 503:
		for len(u.spots) > 0 {
			to := u.spots[0]
			u.spots = u.spots[1:]
			if h, err := l.srv.reachSpot(to); err == nil {
				u.hop, l.dialog.hop, l.dialog.contact = h, h, l.srv.contact(h)
				return l.invite() == nil
			}
		}
	case res.StatusCode == 401 || res.StatusCode == 407:
		h, ok := credentials(l.uac, res, sip.INVITE, u.target)
		return ok && l.invite(h) == nil
	case res.StatusCode == 422:
		if least, _, ok := seconds(res, "Min-SE"); ok && least > u.expires && u.expires > 0 {
			u.expires = least
			return l.invite() == nil
		}
	}
	return false
}

// giveUp cancels the INVITE, now or as soon as that is allowed (RFC 3261
// section 9.1), and lets nobody wait for it.
func (l *leg) giveUp(why call.Cause) {
	l.uac.why = why
	if l.uac.ringing {
		l.sendCancel()
	}
	l.over(why)
	l.tell(call.ErrHungup)
}

func (l *leg) sendCancel() {
	u := l.uac
	if u.cancelled || u.tx == nil {
		return
	}
	u.cancelled = true
	req := cancelOf(u.req, l.dialog.agent)
	addReason(req, u.why)
	finish(req, "", nil)
	u.tx.expect(l.srv.tx.timers.giveUp())
	if _, err := l.srv.tx.request(l.out(u.hop), req, func(*sip.Response, error) {}); err != nil {
		l.srv.logger.Debug("sip: CANCEL not sent", "call_id", l.info.ID, "error", err)
	}
}
