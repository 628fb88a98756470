package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/event"
)

// reliable is a provisional answer of ours that its caller must acknowledge
// with PRACK (RFC 3262), and those that wait for that.
type reliable struct {
	seq    uint32
	wire   []byte // nil: nothing is awaited
	sound  bool   // it has our description
	wait   time.Duration
	giveUp time.Time
	timer  *time.Timer
	queue  []provisional
}

type provisional struct {
	code  int
	sound bool
}

// maxWaitingRings bounds the provisional answers that wait for a PRACK.
const maxWaitingRings = 8

func (r *reliable) pending() bool { return r.wire != nil }

func (r *reliable) stop() {
	r.wire, r.queue = nil, nil
	stopTimer(r.timer)
}

// ringReliably sends 18x so that it is repeated until its PRACK.
func (l *leg) ringReliably(code int, sound bool) {
	u := l.uas
	r := &u.rel
	if r.pending() {
		if len(r.queue) < maxWaitingRings {
			r.queue = append(r.queue, provisional{code, sound})
		}
		return
	}
	l.move(inRing)
	r.seq++
	r.sound = u.late && !u.reply || sound && !u.reply
	res := l.respond(u.in.req, code)
	add(res, "Require", "100rel")
	add(res, "RSeq", strconv.FormatUint(uint64(r.seq), 10))
	switch {
	case u.late && !u.reply: // the first reliable answer to no offer is one (section 5)
		finish(res, typeSDP, l.media.offer())
		u.reply = true
	case sound && !u.reply:
		finish(res, typeSDP, l.media.sent)
		u.reply = true
	default:
		finish(res, "", nil)
	}
	t := l.srv.tx.timers
	r.wire, r.wait, r.giveUp = encode(res), t.T1, time.Now().Add(t.giveUp())
	_ = u.tx.respond(code, r.wire)
	l.add(event.Ringing{Code: code})
	l.rearmRing(r.seq)
	l.ringStill(stillRingsReliably*l.srv.tx.timers.T1, func() { l.ringReliably(code, false) })
}

func (l *leg) rearmRing(seq uint32) {
	r := &l.uas.rel
	r.timer = time.AfterFunc(r.wait, func() { l.thread.must(func() { l.noPrack(seq) }) })
}

// noPrack repeats the answer; in the end the call is refused.
func (l *leg) noPrack(seq uint32) {
	r := &l.uas.rel
	if !r.pending() || r.seq != seq || l.phase > phaseEarly {
		return
	}
	if !time.Now().Before(r.giveUp) {
		r.stop()
		l.fail("RECOVERY_ON_TIMER_EXPIRE", 504, "no PRACK")
		return
	}
	_ = l.uas.tx.out.send(r.wire, noteAgain)
	r.wait *= 2
	l.rearmRing(seq)
}

// takePrack acknowledges a provisional answer of ours.
func (l *leg) takePrack(in *inbound, tx *serverTx) {
	u := l.uas
	if u == nil || !u.rel.pending() || !acknowledges(in.req, u.rel.seq, u.in.req.CSeq().SeqNo) {
		_ = tx.respond(481, l.encode(l.respond(in.req, 481)))
		return
	}
	u.rel.wire = nil // it has arrived, whatever is wrong with what the PRACK brings
	u.rel.timer.Stop()
	body, r := l.prackBody(in.req)
	if r != nil {
		l.turnDown(in, tx, r)
	} else {
		res := l.respond(in.req, 200)
		finish(res, typeSDP, body)
		_ = tx.respond(200, encode(res))
	}
	select {
	case <-u.agreed:
		l.goOnRinging()
	default: // our offer has no answer, and there will be no other
		l.fail("INCOMPATIBLE_DESTINATION", 488, r.why)
	}
}

// prackBody takes the answer or the new offer in a PRACK.
func (l *leg) prackBody(req *sip.Request) (answer []byte, r *refusal) {
	u := l.uas
	theirs, err := sdpBody(req)
	if err != nil {
		return nil, refuse(415, err.Error(), sip.NewHeader("Accept", typeSDP))
	}
	select {
	case <-u.agreed:
		if theirs == nil {
			return nil, nil
		}
		if answer, err = l.media.answer(theirs); err != nil {
			return nil, refuseOffer(err)
		}
		return answer, nil
	default:
	}
	if theirs == nil {
		return nil, refuse(400, "no answer to the offer")
	}
	if err := l.media.accept(theirs); err != nil {
		return nil, refuseOffer(err)
	}
	close(u.agreed)
	return nil, nil
}

// goOnRinging sends what had to wait for the PRACK.
func (l *leg) goOnRinging() {
	r := &l.uas.rel
	if l.uas.eager {
		r.queue = nil
		l.accept()
		return
	}
	if len(r.queue) > 0 {
		p := r.queue[0]
		r.queue = r.queue[1:]
		l.ringReliably(p.code, p.sound)
	}
}

// acknowledges reads the RAck of a PRACK: "RSeq CSeq INVITE".
func acknowledges(req *sip.Request, rseq, cseq uint32) bool {
	v, _ := first(req, "RAck")
	return strings.Join(strings.Fields(v), " ") == fmt.Sprintf("%d %d INVITE", rseq, cseq)
}
