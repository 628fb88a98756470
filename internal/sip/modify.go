package sip

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/sdp"
)

// take handles a request within the dialog, any but ACK and CANCEL.
func (l *leg) take(in *inbound, tx *serverTx) {
	req := in.req
	if l.phase == phaseOver && req.Method == sip.BYE && fromTag(req) == l.dialog.farTag() { // it crossed ours
		_ = tx.respond(200, l.encode(l.respond(req, 200)))
		return
	}
	if l.phase == phaseOver || l.phase == phaseLeaving && req.Method != sip.BYE || fromTag(req) != l.dialog.farTag() {
		_ = tx.respond(481, l.encode(l.respond(req, 481)))
		return
	}
	if !l.dialog.inOrder(req.CSeq().SeqNo) {
		l.turnDown(in, tx, refuse(500, "CSeq lower than before"))
		return
	}
	l.dialog.hop = in.from
	l.remember(req)
	switch req.Method {
	case sip.BYE:
		l.takeBye(in, tx)
	case sip.INVITE, sip.UPDATE:
		l.takeOffer(in, tx)
	case sip.PRACK:
		l.takePrack(in, tx)
	case sip.INFO:
		l.takeInfo(in, tx)
	case sip.NOTIFY:
		l.takeNotify(in, tx)
	case sip.OPTIONS:
		res := l.respond(req, 200)
		add(res, "Accept", acceptValue)
		_ = tx.respond(200, l.encode(res))
	case sip.SUBSCRIBE: // RFC 6665 section 4.5.2: in a dialog of its own
		l.turnDown(in, tx, refuse(403, "a subscription within a call"))
	default:
		l.turnDown(in, tx, refuse(405, "", sip.NewHeader("Allow", allowValue)))
	}
}

func (l *leg) turnDown(in *inbound, tx *serverTx, r *refusal) {
	res := l.respond(in.req, r.code)
	for _, h := range r.header {
		res.AppendHeader(h)
	}
	_ = tx.respond(r.code, l.encode(res))
}

// soon is a Retry-After of up to ten seconds, by chance, so that two who
// collide do not collide again (RFC 3261 section 14.2).
func soon() sip.Header {
	return sip.NewHeader("Retry-After", strconv.Itoa(rand.IntN(11))) //nolint:gosec // no secret
}

// clash says why a new offer cannot be taken now (RFC 3261 section 14.2,
// RFC 3311 section 5.2), nil if it can.
func (l *leg) clash(req *sip.Request, withOffer bool) *refusal {
	switch {
	case l.reoffer != nil && (withOffer || req.Method == sip.INVITE):
		return refuse(491, "an offer of ours is out")
	case l.unacked != nil && l.unacked.offered && (withOffer || req.Method == sip.INVITE):
		return refuse(491, "an offer of ours is out")
	case l.unacked != nil && req.Method == sip.INVITE:
		return refuse(500, "the INVITE before has no ACK yet", soon())
	case !l.ours && l.phase < phaseAnswered && req.Method == sip.INVITE:
		return refuse(500, "the INVITE before has no answer yet", soon())
	case withOffer && !l.media.ready.Load():
		return refuse(500, "the offer before has no answer yet", soon())
	case withOffer && !l.ours && l.phase < phaseAnswered && !l.uas.reply:
		return refuse(500, "the offer before has no answer yet", soon())
	}
	return nil
}

// takeOffer is a re-INVITE or an UPDATE: a new offer, a new Contact, a sign of
// life, or all of them.
func (l *leg) takeOffer(in *inbound, tx *serverTx) {
	req := in.req
	offer, err := sdpBody(req)
	if err != nil {
		l.turnDown(in, tx, refuse(415, err.Error(), sip.NewHeader("Accept", typeSDP)))
		return
	}
	if r := l.clash(req, offer != nil); r != nil {
		l.turnDown(in, tx, r)
		return
	}
	terms, r := termsAsked(req, l.srv.cfg.SessionExpires)
	if r != nil {
		l.turnDown(in, tx, r)
		return
	}
	var body []byte
	switch {
	case offer != nil:
		if body, err = l.media.answer(offer); err != nil {
			l.turnDown(in, tx, refuseOffer(err))
			return
		}
	case req.Method == sip.INVITE:
		body = l.media.offer()
	}
	l.dialog.refresh(req)
	res := l.respond(req, 200)
	answered := l.phase >= phaseAnswered // before that there is no session to be kept alive
	if answered {
		l.session.write(res, terms)
	}
	finish(res, typeSDP, body)
	wire := encode(res)
	_ = tx.respond(200, wire)
	if req.Method == sip.INVITE {
		l.expectAck(&unacked{seq: req.CSeq().SeqNo, wire: wire, out: tx.out, offered: offer == nil})
	}
	if answered {
		l.session.start(l, terms)
	}
	if offer != nil {
		l.tellHeld()
	}
}

// tellHeld puts hold, resume and moves of the far end's sound on the timeline.
func (l *leg) tellHeld() {
	n := l.media.agreed
	f := event.Held{On: n.Hold, Direction: string(n.RemoteDirection), Remote: n.Remote.String()}
	if f.Direction == "" {
		f.Direction = string(sdp.SendRecv)
	}
	if l.held == nil && !f.On || l.held != nil && *l.held == f {
		return
	}
	l.held = &f
	l.add(f)
}

// takeInfo is a key, or something we do not know.
func (l *leg) takeInfo(in *inbound, tx *serverTx) {
	k, known, ok := infoKey(in.req)
	switch {
	case !known:
		l.turnDown(in, tx, refuse(415, "", sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf")))
		return
	case !ok && len(in.req.Body()) > 0:
		l.turnDown(in, tx, refuse(400, "no such key"))
		return
	}
	_ = tx.respond(200, l.encode(l.respond(in.req, 200)))
	if ok {
		l.keys.press(k)
	}
}

// reoffer is a re-INVITE of ours under way.
type reoffer struct {
	seq uint32
	tx  *clientTx
}

// leave waits no longer than usual for the answer: the call is over.
func (r *reoffer) leave() {
	if r != nil && r.tx != nil {
		r.tx.expect(r.tx.table.timers.giveUp())
	}
}

// refreshInvite sends a re-INVITE that changes nothing: a sign of life to
// peers that have no UPDATE. done takes the final answer.
func (l *leg) refreshInvite(done func(*sip.Response, error)) error {
	req, next := l.dialog.request(sip.INVITE)
	l.session.ask(req)
	finish(req, typeSDP, l.media.offer())
	r := &reoffer{seq: req.CSeq().SeqNo}
	l.reoffer = r
	h, err := l.srv.reachDialog(l.dialog, next)
	if err != nil {
		l.dropOffer(r)
		return err
	}
	l.srv.address(req, h)
	r.tx, err = l.srv.tx.request(l.out(h), req, func(res *sip.Response, err error) {
		l.came(res, func() { // after this function, so that r.tx is known
			if res != nil && res.StatusCode < 200 {
				return
			}
			l.tookInvite(r, res)
			done(res, err)
		})
	})
	if err != nil {
		l.dropOffer(r)
	}
	return err
}

func (l *leg) dropOffer(r *reoffer) {
	if l.reoffer == r {
		l.reoffer = nil
		l.media.withdraw()
	}
}

// tookInvite ends a re-INVITE of ours; a 2xx wants its ACK every time.
func (l *leg) tookInvite(r *reoffer, res *sip.Response) {
	if res == nil || res.StatusCode >= 300 {
		l.dropOffer(r)
		return
	}
	l.acknowledge(l.dialog, r.tx, res, r.seq)
	if l.reoffer != r {
		return // an answer that came again
	}
	l.reoffer = nil
	l.dialog.refresh(res)
	if body, err := sdpBody(res); err == nil && body != nil {
		if err := l.media.accept(body); err != nil {
			l.add(event.Warned{Code: "sip.answer", Message: err.Error()})
			return
		}
		l.tellHeld()
	}
}

// acknowledge sends the ACK of a 2xx to an INVITE of ours.
func (l *leg) acknowledge(d *dialog, tx *clientTx, res *sip.Response, seq uint32) {
	ack, next := d.requestAt(sip.ACK, seq)
	finish(ack, "", nil)
	h, err := l.srv.reachDialog(d, next)
	if err != nil {
		l.srv.logger.Debug("sip: ACK not sent", "call_id", l.info.ID, "error", err)
		return
	}
	l.srv.address(ack, h)
	_ = tx.acknowledge(toTag(res), ack, l.out(h))
}

// later runs f in the thread after d, unless the leg is over by then.
func (l *leg) later(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		l.thread.must(func() {
			select {
			case <-l.ended:
			default:
				f()
			}
		})
	})
}
