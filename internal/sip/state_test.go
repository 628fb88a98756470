package sip

import "testing"

// TestNext walks through the signalling's rules: those that matter by name,
// then all of them for what must never happen.
func TestNext(t *testing.T) {
	for _, c := range []struct {
		name string
		ours bool
		from phase
		in   input
		to   phase
		do   act
	}{
		{"we ring", false, phaseNew, inRing, phaseEarly, doRing},
		{"we answer", false, phaseEarly, inAccept, phaseAnswered, doAccept},
		{"its ACK", false, phaseAnswered, inAck, phaseUp, doConfirm},
		{"we refuse", false, phaseNew, inHangup, phaseOver, doRefuse},
		{"cancelled", false, phaseEarly, inCancel, phaseOver, doRefuse},
		{"cancelled too late", false, phaseAnswered, inCancel, phaseAnswered, doNothing},
		{"BYE before the answer", false, phaseEarly, inBye, phaseOver, doRefuse},
		{"BYE before the ACK", false, phaseAnswered, inBye, phaseOver, doEnd},
		{"we hang up before the ACK", false, phaseAnswered, inHangup, phaseLeaving, doEnd},
		{"and then it comes", false, phaseLeaving, inAck, phaseOver, doBye},
		{"or never", false, phaseLeaving, inSilence, phaseOver, doBye},
		{"no ACK", false, phaseAnswered, inSilence, phaseOver, doBye},
		{"we hang up", false, phaseUp, inHangup, phaseOver, doBye},
		{"they hang up", false, phaseUp, inBye, phaseOver, doEnd},

		{"theirs rings", true, phaseNew, inRing, phaseEarly, doRing},
		{"theirs answers", true, phaseEarly, inAccept, phaseUp, doAccept},
		{"theirs refuses", true, phaseNew, inRefused, phaseOver, doEnd},
		{"we give up", true, phaseEarly, inHangup, phaseCalled, doCancel},
		{"and they answer", true, phaseCalled, inAccept, phaseOver, doAckBye},
		{"and they do not", true, phaseCalled, inRefused, phaseOver, doEnd},
		{"we hang up on theirs", true, phaseUp, inHangup, phaseOver, doBye},
		{"theirs hangs up", true, phaseUp, inBye, phaseOver, doEnd},
	} {
		if to, do := next(c.from, c.in, c.ours); to != c.to || do != c.do {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, to, do, c.to, c.do)
		}
	}
	for _, ours := range []bool{false, true} {
		for p := phaseNew; p <= phaseOver; p++ {
			for in := inRing; in <= inSilence; in++ {
				to, do := next(p, in, ours)
				if to < p || p == phaseOver && do != doNothing {
					t.Errorf("ours %v: %v with %v goes back to %v, %v", ours, p, in, to, do)
				}
				if do == doBye && (p < phaseAnswered || !ours && p == phaseAnswered && in == inHangup) {
					t.Errorf("ours %v: BYE at %v", ours, p)
				}
			}
		}
	}
}
