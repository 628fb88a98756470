package sip

// phase is how far a leg's signalling is.
type phase int

const (
	phaseNew      phase = iota // an INVITE came, or ours left; nothing was said
	phaseEarly                 // ringing, or sound before the answer
	phaseAnswered              // we answered; its ACK has not come
	phaseUp                    // both sides know that it is answered
	phaseLeaving               // hung up by us before the ACK, without which no BYE may be sent
	phaseCalled                // ours, given up before it was answered: the refusal is awaited
	phaseOver
)

// input is what can happen to a leg's signalling.
type input int

const (
	inRing    input = iota // ringing: we say it (UAS), or they do (UAC)
	inAccept               // answered: we do (UAS), or they do (UAC)
	inAck                  // the ACK of our answer came
	inHangup               // we want it over
	inBye                  // they do
	inCancel               // the caller does not want its INVITE answered any more
	inRefused              // our INVITE was refused
	inSilence              // what had to come did not come in time
)

// act is what has to be done about it.
type act int

const (
	doNothing act = iota
	doRing
	doAccept  // send 200 (UAS) or ACK (UAC)
	doRefuse  // answer the INVITE with a no
	doBye     // send BYE
	doCancel  // send CANCEL
	doAckBye  // acknowledge an answer nobody wants any more, then BYE
	doEnd     // it is over without a word from us
	doConfirm // the answer is known to have arrived
)

// next is the whole of the signalling's rules: what follows from what
// (RFC 3261 sections 9, 13 and 15). ours says that the INVITE was ours. What
// is not said in it does nothing.
func next(p phase, in input, ours bool) (phase, act) {
	if ours {
		return nextCalling(p, in)
	}
	switch {
	case p == phaseOver:
		return p, doNothing
	case in == inBye && p < phaseAnswered:
		return phaseOver, doRefuse // the INVITE still wants an answer: 487
	case in == inBye:
		return phaseOver, doEnd
	}
	switch p {
	case phaseNew, phaseEarly:
		switch in {
		case inRing:
			return phaseEarly, doRing
		case inAccept:
			return phaseAnswered, doAccept
		case inHangup, inCancel, inSilence:
			return phaseOver, doRefuse
		}
	case phaseAnswered:
		switch in {
		case inAck:
			return phaseUp, doConfirm
		case inHangup:
			return phaseLeaving, doEnd
		case inSilence:
			return phaseOver, doBye
		}
	case phaseLeaving:
		if in == inAck || in == inSilence {
			return phaseOver, doBye
		}
	case phaseUp:
		if in == inHangup || in == inSilence {
			return phaseOver, doBye
		}
	}
	return p, doNothing
}

func nextCalling(p phase, in input) (phase, act) {
	switch p {
	case phaseNew, phaseEarly:
		switch in {
		case inRing:
			return phaseEarly, doRing
		case inAccept:
			return phaseUp, doAccept
		case inHangup:
			return phaseCalled, doCancel
		case inRefused, inSilence, inBye:
			return phaseOver, doEnd
		}
	case phaseCalled:
		switch in {
		case inAccept:
			return phaseOver, doAckBye
		case inRefused, inSilence, inBye:
			return phaseOver, doEnd
		}
	case phaseUp:
		switch in {
		case inHangup, inSilence:
			return phaseOver, doBye
		case inBye:
			return phaseOver, doEnd
		}
	}
	return p, doNothing
}
