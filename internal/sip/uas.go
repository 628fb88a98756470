package sip

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
	"github.com/pivotvoice/pivot/internal/sdp"
)

// uas is what a leg that came to us keeps of its INVITE.
type uas struct {
	in     *inbound
	tx     *serverTx
	late   bool          // it had no offer: we make one
	reply  bool          // our description went out in a reliable 18x
	early  bool          // 183 with sound was sent
	eager  bool          // answer as soon as the PRACK is here
	agreed chan struct{} // closed once the sound is agreed on

	rel     reliable
	still   *time.Timer // until the caller is told once more that it rings
	terms   terms       // of the session timer
	parting call.Cause  // of a BYE that waits for the ACK
}

// arrive is the first thing done for a new call: it says 100, reads the offer,
// and hands the call to the application.
func (l *leg) arrive() {
	u, req := l.uas, l.uas.in.req
	_ = u.tx.respond(100, l.encode(answer(req, 100, "")))
	if l.phase == phaseOver {
		return // its CANCEL was here first
	}
	l.remember(req)
	if r := l.prepare(req); r != nil {
		l.add(offered(l.info))
		l.phase = phaseOver
		l.decline(r)
		l.over(call.Cause{Name: call.FromSIP(r.code, call.ByUs).Name, SIP: r.code, By: call.ByUs, Text: r.why})
		l.gone()
		return
	}
	l.given = true
	if !l.srv.serve(l) {
		l.fail("NORMAL_TEMPORARY_FAILURE", 503, "shutting down")
	}
}

// prepare opens the sound and agrees on it.
func (l *leg) prepare(req *sip.Request) *refusal {
	u := l.uas
	var r *refusal
	if u.terms, r = termsAsked(req, l.srv.cfg.SessionExpires); r != nil {
		return r
	}
	if err := l.openMedia(u.in.from, l.srv.cfg.Codecs); err != nil {
		if errors.Is(err, rtp.ErrNoPorts) {
			return refuse(503, err.Error(), sip.NewHeader("Retry-After", "10"))
		}
		return refuse(500, err.Error())
	}
	offer, _ := sdpBody(req) // check has read it before
	if offer == nil {
		u.late = true
		return nil
	}
	if _, err := l.media.answer(offer); err != nil {
		return refuseOffer(err)
	}
	close(u.agreed)
	return nil
}

// refuseOffer is the answer to an offer that cannot be agreed to, with the
// reason as a Warning (RFC 3261 section 20.43).
func refuseOffer(err error) *refusal {
	if errors.Is(err, sdp.ErrMalformed) || errors.Is(err, sdp.ErrTooLarge) {
		return refuse(400, err.Error())
	}
	code := "399"
	switch {
	case errors.Is(err, sdp.ErrNoCommonCodec):
		code = "305"
	case errors.Is(err, sdp.ErrNoAudio):
		code = "304"
	case errors.Is(err, sdp.ErrSecureOnly):
		code = "302"
	case errors.Is(err, sdp.ErrHostName), errors.Is(err, sdp.ErrFamily):
		code = "300"
	case errors.Is(err, sdp.ErrMulticast):
		code = "330"
	}
	text := plain(strings.TrimPrefix(err.Error(), "sdp: "))
	return refuse(488, err.Error(), sip.NewHeader("Warning", code+` pivot "`+text+`"`))
}

// offered is the fact of a call that came or was begun.
func offered(i call.Info) event.Offered {
	return event.Offered{
		Direction: string(i.Direction), From: i.From + "@" + i.FromRealm, To: i.To + "@" + i.ToRealm,
		Request: i.Request + "@" + i.RequestRealm, CallerName: i.CallerName, CallerNumber: i.CallerNumber,
		Source: i.Source.String(), UserAgent: i.UserAgent,
	}
}

// encode ends a response without a body.
func (l *leg) encode(res *sip.Response) []byte {
	finish(res, "", nil)
	return encode(res)
}

// respond begins an answer of ours to any request of this dialog.
func (l *leg) respond(req *sip.Request, code int) *sip.Response {
	res := answer(req, code, l.tag)
	if code < 300 && (req.Method == sip.INVITE || req.Method == sip.UPDATE) {
		add(res, "Contact", l.dialog.contact)
	}
	if code < 300 {
		add(res, "Allow", allowValue)
		add(res, "Supported", supportedValue)
	}
	if l.dialog.agent != "" {
		add(res, "Server", l.dialog.agent)
	}
	return res
}

// decline answers the INVITE with a refusal.
func (l *leg) decline(r *refusal) {
	res := l.respond(l.uas.in.req, r.code)
	for _, h := range r.header {
		res.AppendHeader(h)
	}
	_ = l.uas.tx.respond(r.code, l.encode(res))
}

// refuse answers the INVITE with the status of a cause.
func (l *leg) refuse(why call.Cause) {
	code := why.Code()
	if code < 300 || code > 699 {
		code = 480
	}
	res := l.respond(l.uas.in.req, code)
	if words := oneLine(why.Text); words != "" {
		res.Reason = words
	}
	addReason(res, why)
	if code == 503 {
		add(res, "Retry-After", "10")
	}
	_ = l.uas.tx.respond(code, l.encode(res))
}

// maxPhrase is how long a reason phrase may be, in bytes.
const maxPhrase = 128

// oneLine is text as a reason phrase may have it (RFC 3261 section 25.1): one
// line without control characters.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
	if len(text) > maxPhrase {
		text = strings.ToValidUTF8(text[:maxPhrase], "")
	}
	return text
}

// ring sends 180 or 183, reliably if the caller demands it.
func (l *leg) ring(code int, sound bool) {
	u := l.uas
	if u == nil || l.phase > phaseEarly || sound && u.early {
		return
	}
	u.early = u.early || sound
	if must := has(u.in.req, "100rel", "Require"); must {
		l.ringReliably(code, sound)
		return
	}
	l.move(inRing)
	res := l.respond(u.in.req, code)
	if sound && !u.late {
		finish(res, typeSDP, l.media.sent)
	} else {
		finish(res, "", nil)
	}
	_ = u.tx.respond(code, encode(res))
	l.add(event.Ringing{Code: code})
	l.ringStill(stillRings*l.srv.tx.timers.T1, l.ringAgain)
}

// How often, in T1s, a caller is told that it rings still, so that no proxy
// gives the call up: each minute (RFC 3261 section 13.3.1.1), or each two and a
// half where it is to acknowledge that (RFC 3262 section 3).
const (
	stillRings         = 120
	stillRingsReliably = 300
)

// ringStill has tell called after a time, unless the call is answered or over
// by then.
func (l *leg) ringStill(after time.Duration, tell func()) {
	u := l.uas
	stopTimer(u.still)
	u.still = l.later(after, func() {
		if l.phase == phaseEarly {
			tell()
		}
	})
}

// ringAgain sends once more what was sent last.
func (l *leg) ringAgain() {
	l.uas.tx.repeated()
	l.ringStill(stillRings*l.srv.tx.timers.T1, l.ringAgain)
}

// progress starts early media, if the caller can have any.
func (l *leg) progress(ctx context.Context) error {
	var wait chan struct{}
	l.thread.do(func() {
		if l.uas == nil || l.phase > phaseEarly {
			return
		}
		l.ring(183, true)
		wait = l.uas.agreed
	})
	switch {
	case wait == nil:
		return l.await(ctx, l.ready) // answered, or over
	case l.uas.late && !has(l.uas.in.req, "100rel", "Require"):
		return errNoEarlyMedia
	}
	return l.await(ctx, wait)
}

// answer takes the call; after it, ready is closed or will be.
func (l *leg) answer() error {
	switch {
	case l.phase == phaseOver || l.phase == phaseLeaving:
		return call.ErrHungup
	case l.phase >= phaseAnswered || l.uas == nil:
		return nil
	case l.uas.rel.pending(): // RFC 3262 section 3: not before the PRACK
		l.uas.eager = true
		return nil
	}
	l.accept()
	return nil
}

// accept sends the 200.
func (l *leg) accept() {
	if l.move(inAccept) != doAccept {
		return
	}
	u := l.uas
	stopTimer(u.still)
	res := l.respond(u.in.req, 200)
	l.session.write(res, u.terms)
	offering := u.late && !u.reply
	switch {
	case offering:
		finish(res, typeSDP, l.media.offer())
	case u.reply:
		finish(res, "", nil)
	default:
		finish(res, typeSDP, l.media.sent)
	}
	wire := encode(res)
	_ = u.tx.respond(200, wire) // if it is lost, it is repeated
	l.expectAck(&unacked{seq: u.in.req.CSeq().SeqNo, wire: wire, out: u.tx.out, offered: offering})
	if !offering {
		l.setUp()
	}
	l.session.start(l, u.terms)
}

// takeAck is the ACK of a 2xx of ours.
func (l *leg) takeAck(in *inbound) {
	u := l.unacked
	if u == nil || u.seq != in.req.CSeq().SeqNo {
		return // came again, or for a call that is over
	}
	u.stop()
	l.unacked = nil
	l.dialog.hop = in.from
	first := l.phase == phaseAnswered
	if l.move(inAck) == doBye {
		l.bye(l.uas.parting)
		return
	}
	if r := l.referral; r != nil && !r.sent && !r.settled() { // it had to wait for this
		l.sendRefer(r)
	}
	if !u.offered {
		return
	}
	theirs, err := sdpBody(in.req)
	if err == nil && theirs == nil {
		err = errors.New("sip: the ACK brings no answer to our offer")
	}
	if err == nil {
		err = l.media.accept(theirs)
	}
	switch {
	case err != nil && first:
		l.fail("INCOMPATIBLE_DESTINATION", 488, err.Error())
	case err != nil:
		l.media.withdraw()
		l.add(event.Warned{Code: "sip.answer", Message: err.Error()})
	case first:
		close(l.uas.agreed)
		l.setUp()
	default:
		l.tellHeld()
	}
}

// takeCancel is the caller's CANCEL of its INVITE. Once answered it does
// nothing: the caller has to send BYE.
func (l *leg) takeCancel(in *inbound, tx *serverTx) {
	_ = tx.respond(200, l.encode(answer(in.req, 200, l.tag)))
	if l.move(inCancel) != doRefuse {
		return
	}
	why, ok := reasonOf(in.req, call.ByCaller)
	// A SIP status here tells why others need not ring, not how it ended; and
	// "normal clearing" is what giving up looks like from the caller's side.
	if !ok || why.SIP != 0 || why.Name == call.Normal.Name {
		why = call.Cause{Name: "ORIGINATOR_CANCEL", By: call.ByCaller, Text: why.Text}
	}
	why.SIP = 487
	l.decline(refuse(487, "cancelled"))
	l.over(why)
	l.gone()
}

// takeBye is the far end hanging up.
func (l *leg) takeBye(in *inbound, tx *serverTx) {
	_ = tx.respond(200, l.encode(l.respond(in.req, 200)))
	early := l.phase < phaseAnswered
	why, ok := reasonOf(in.req, l.farBy())
	if !ok {
		why = call.Cause{Name: "NORMAL_CLEARING", By: l.farBy()}
		if early {
			why.Name, why.SIP = "ORIGINATOR_CANCEL", 487
		}
	}
	a := l.move(inBye)
	if a == doNothing {
		return
	}
	if a == doRefuse {
		l.decline(refuse(487, "BYE before the answer"))
	}
	l.unacked.stop()
	l.unacked = nil
	l.over(why)
	l.gone()
}
