package sip

import (
	"bytes"
	"hash/fnv"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// counters are what never gets as far as a call.
type counters struct {
	messages, junk, strangers, malformed, strays, overflow atomic.Uint64
	subscribed, unsubscribed, notified, lost               atomic.Uint64
}

// Counts are messages since the start, by what became of them.
type Counts struct {
	Messages  uint64 // all that came, keep-alives not counted
	Junk      uint64 // not SIP at all: dropped
	Strangers uint64 // from peers that are not allowed, and connections of theirs: dropped
	Malformed uint64 // unreadable: answered 400 where possible
	Strays    uint64 // responses and ACKs that belong to nothing: dropped
	Overflow  uint64 // more than one call's queue takes: dropped

	Subscribed   uint64 // subscriptions that began
	Unsubscribed uint64 // SUBSCRIBEs that were refused
	Notified     uint64 // NOTIFYs that were sent, repetitions not counted
	Lost         uint64 // subscriptions that ended because a NOTIFY failed
}

// Counts returns the counters.
func (s *Server) Counts() Counts {
	c := &s.count
	return Counts{
		c.messages.Load(), c.junk.Load(), c.strangers.Load(), c.malformed.Load(), c.strays.Load(), c.overflow.Load(),
		c.subscribed.Load(), c.unsubscribed.Load(), c.notified.Load(), c.lost.Load(),
	}
}

func stack() string { return string(debug.Stack()) }

// receive is where every message comes in, in the order of its socket.
func (s *Server) receive(from hop, b []byte) {
	defer func() {
		if p := recover(); p != nil { // a fault in the reading costs this message, not the server
			s.count.malformed.Add(1)
			s.logger.Error("sip: panic on a message", "peer", from.peer, "panic", p, "stack", stack())
		}
	}()
	if keepAlive(b) {
		return
	}
	s.count.messages.Add(1)
	if !looksLikeSIP(b) {
		s.count.junk.Add(1)
		return
	}
	if isResponse(b) && !bytes.Contains(b, []byte(s.mark)) {
		s.count.strays.Add(1) // to nothing that we have sent: not worth reading
		return
	}
	if !s.expected(from, b) {
		s.stranger(from.peer)
		return
	}
	if endless(b) {
		s.count.malformed.Add(1)
		if no := badRequest(b); no != nil {
			_ = from.send(no)
		}
		return
	}
	m, err := s.parse(b)
	if err != nil {
		s.count.malformed.Add(1)
		s.logger.Debug("sip: unreadable message", "peer", from.peer, "bytes", len(b)) // the error holds all of it
		if no := badRequest(b); no != nil {
			_ = from.send(no)
		}
		return
	}
	switch m := m.(type) {
	case *sip.Request:
		req, no := s.checked(m, b)
		in := &inbound{req: req, from: from, at: time.Now()}
		if no != nil {
			s.turnAway(in, b, no)
			return
		}
		s.request(in, b)
	case *sip.Response:
		s.response(m, from, b)
	}
}

// keepAlive says that a datagram only holds a NAT open: line ends or zeros.
func keepAlive(b []byte) bool {
	if len(b) > 64 {
		return false
	}
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 && c != ' ' {
			return false
		}
	}
	return true
}

// expected says whether a message may be read at all: its source may call, or
// it belongs to something of ours.
func (s *Server) expected(from hop, b []byte) bool {
	if t, ok := from.conn.(*tcpConn); ok && t.welcome {
		return true
	}
	if isResponse(b) || s.allowed(from.conn.local().Addr(), from.peer.Addr()) {
		return true
	}
	_, known := s.thread(headOf(b, "Call-ID", "i"))
	return known
}

// parse reads a message; what the parser does not understand gets a second
// try with its white space put in order.
func (s *Server) parse(b []byte) (sip.Message, error) {
	m, err := s.parser.ParseSIP(b)
	if err == nil {
		return m, nil
	}
	if m, err2 := s.parser.ParseSIP(tidy(b)); err2 == nil {
		return m, nil
	}
	return nil, err
}

// checked holds a request to the rules; one that fails them for its form gets
// a second try with its white space put in order, too.
func (s *Server) checked(req *sip.Request, b []byte) (*sip.Request, *refusal) {
	no := check(req, method(b))
	if no == nil || no.code != 400 {
		return req, no
	}
	if m, err := s.parser.ParseSIP(tidy(b)); err == nil {
		if again, ok := m.(*sip.Request); ok {
			if no2 := check(again, method(b)); no2 == nil || no2.code != 400 {
				return again, no2
			}
		}
	}
	return req, no
}

// request takes a good request.
func (s *Server) request(in *inbound, b []byte) {
	in.mark()
	key := serverKey(in.req, in.req.Method)
	tx, known := s.tx.server(key)
	callID := in.req.CallID().Value()
	t, live := s.thread(callID)
	switch isAck := in.req.Method == sip.ACK; {
	case known && tx.came.Add(1) > maxRepeats && !isAck, live && isAck && t.acks.Add(1) > maxAcks:
		s.count.overflow.Add(1)
		return
	case !known && !isAck && in.req.Method != sip.ACK && in.req.Method != sip.BYE && s.tx.crowded(callID, live):
		s.overwhelmed(in)
		return
	}
	if live || known && tx.out.call != "" || !known && in.req.Method == sip.INVITE && toTag(in.req) == "" {
		note := ""
		if known && in.req.Method != sip.ACK {
			note = noteAgain
		}
		s.journal.message(in.at, callID, false, in.from, b, note)
	}
	switch {
	case in.req.Method == sip.ACK:
		s.takeAck(in, tx)
	case known:
		tx.repeated()
	case in.req.Method == sip.CANCEL:
		s.takeCancel(in, key)
	case toTag(in.req) != "":
		s.within(in, key)
	case in.req.Method == sip.INVITE:
		s.invite(in, key)
	case in.req.Method == sip.OPTIONS:
		s.options(in)
	case in.req.Method == sip.SUBSCRIBE:
		s.subscribe(in, key)
	default:
		s.stateless(in, refuse(481, "no such call"))
	}
}

// outlet is where a request's answers go, on its call's timeline.
func (s *Server) outlet(in *inbound) outlet {
	return outlet{hop: in.back(), journal: s.journal, call: in.req.CallID().Value()}
}

func (s *Server) takeAck(in *inbound, tx *serverTx) {
	if tx != nil && tx.ack() {
		return
	}
	if l, ok := s.leg(in.req); ok {
		s.push(l, func() { l.takeAck(in) })
		return
	}
	s.count.strays.Add(1)
}

// push queues work for a call; false means that it is lost.
func (s *Server) push(l *leg, f func()) bool {
	if l.thread.push(f) {
		return true
	}
	s.count.overflow.Add(1)
	return false
}

// leg is the one that an in-dialog request is for.
func (s *Server) leg(req *sip.Request) (*leg, bool) {
	t, ok := s.thread(req.CallID().Value())
	if !ok {
		return nil, false
	}
	return t.find(toTag(req))
}

// within is a request in a dialog.
func (s *Server) within(in *inbound, key string) {
	l, ok := s.leg(in.req)
	switch {
	case ok:
	case in.req.Method == sip.SUBSCRIBE:
		s.resubscribe(in, key)
		return
	default:
		s.stateless(in, refuse(481, "no such call"))
		return
	}
	tx := s.tx.take(key, in, s.outlet(in), nil)
	if !s.push(l, func() { l.take(in, tx) }) {
		tx.stop()
	}
}

// The memory for CANCELs that overtook their INVITE.
const (
	maxEarly  = 1024
	earlyTime = 32 * time.Second
)

func (s *Server) takeCancel(in *inbound, key string) {
	if tx, ok := s.tx.server(serverKey(in.req, sip.INVITE)); ok {
		if cancel := tx.canceller(); cancel != nil {
			cancel(in, s.tx.take(key, in, s.outlet(in), nil))
			return
		}
		late := s.tx.take(key, in, s.outlet(in), nil)
		_ = late.respond(200, s.refusal(in, &refusal{code: 200}))
		return
	}
	s.mu.Lock()
	now := time.Now()
	for k, at := range s.early {
		if now.Sub(at) > earlyTime {
			delete(s.early, k)
		}
	}
	if len(s.early) < maxEarly {
		s.early[serverKey(in.req, sip.INVITE)] = now
	}
	s.mu.Unlock()
	s.stateless(in, refuse(481, "nothing to cancel"))
}

// overtaken says that the INVITE of that key was cancelled before it came.
func (s *Server) overtaken(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.early[key]
	delete(s.early, key)
	return ok && time.Since(at) < earlyTime
}

// invite is a new call.
func (s *Server) invite(in *inbound, key string) {
	switch {
	case s.looped(in.req):
		s.turnAway(in, nil, refuse(482, "a request of our own came back"))
		return
	case s.merged(in.req):
		s.turnAway(in, nil, refuse(482, "the same request on another way"))
		return
	}
	late := s.overtaken(key)
	l, ok := s.join(in.req.CallID().Value(), func(t *thread) *leg {
		l := s.newLeg(t, infoOf(in), false)
		l.dialog = accepting(in.req, l.tag)
		l.dialog.hop, l.dialog.agent, l.dialog.mark = in.from, s.cfg.UserAgent, s.mark
		l.dialog.contact = s.contact(in.from)
		l.uas = &uas{in: in, agreed: make(chan struct{})}
		l.uas.tx = s.tx.take(key, in, s.outlet(in), func(c *inbound, tx *serverTx) {
			if !s.push(l, func() { l.takeCancel(c, tx) }) {
				tx.stop()
			}
		})
		return l
	})
	switch {
	case !ok:
		s.turnAway(in, nil, refuse(503, "full, or about to stop", sip.NewHeader("Retry-After", "10")))
	case late: // a leg that is there must have its turn, however many wait
		l.thread.must(l.stillborn)
	default:
		l.thread.must(l.arrive)
	}
}

// stillborn ends a call whose CANCEL was faster than its INVITE.
func (l *leg) stillborn() {
	l.add(offered(l.info))
	l.phase = phaseOver
	l.decline(refuse(487, "cancelled"))
	l.over(call.Cause{Name: "ORIGINATOR_CANCEL", SIP: 487, By: call.ByCaller})
	l.gone()
}

// looped finds a branch of our own among the Vias: a request we sent has come
// back to us.
func (s *Server) looped(req *sip.Request) bool {
	for _, h := range req.GetHeaders("Via") {
		v, ok := h.(*sip.ViaHeader)
		if !ok {
			continue
		}
		if b, _ := v.Params.Get("branch"); strings.HasPrefix(b, cookie+s.mark) {
			return true
		}
	}
	return false
}

// merged finds a request that came before by another way (RFC 3261 section
// 8.2.2.2).
func (s *Server) merged(req *sip.Request) bool {
	t, ok := s.thread(req.CallID().Value())
	if !ok {
		return false
	}
	for _, l := range t.members() {
		if l.uas == nil {
			continue
		}
		other := l.uas.in.req
		if fromTag(other) == fromTag(req) && other.CSeq().SeqNo == req.CSeq().SeqNo {
			return true
		}
	}
	return false
}

// options answers whoever asks what we can do, or whether we are there.
func (s *Server) options(in *inbound) {
	if s.draining.Load() {
		s.stateless(in, refuse(503, "about to stop", sip.NewHeader("Retry-After", "10")))
		return
	}
	s.stateless(in, refuse(200, "", sip.NewHeader("Allow", allowValue), sip.NewHeader("Accept", acceptValue),
		sip.NewHeader("Supported", supportedValue), s.allowEvents()))
}

// turnAway refuses a request that no call takes. An INVITE is remembered, so
// that it is told and refused once, however often it comes; b, if given, is
// put on its timeline.
func (s *Server) turnAway(in *inbound, b []byte, r *refusal) {
	req := in.req
	if req.Method == sip.ACK || req.Via() == nil || req.CSeq() == nil || req.From() == nil || req.To() == nil ||
		req.CallID() == nil {
		if no := badRequest(b); no != nil {
			_ = in.from.send(no)
		}
		return
	}
	in.mark()
	if req.Method != sip.INVITE || toTag(req) != "" || r.code == 400 || r.code == 505 {
		if _, known := s.thread(req.CallID().Value()); known && b != nil {
			s.journal.message(in.at, req.CallID().Value(), false, in.from, b, r.why)
		}
		s.stateless(in, r)
		return
	}
	key := serverKey(req, sip.INVITE)
	if tx, ok := s.tx.server(key); ok {
		tx.repeated()
		return
	}
	if s.tx.crowded(req.CallID().Value(), false) {
		s.overwhelmed(in)
		return
	}
	out := s.outlet(in)
	if b != nil {
		s.journal.message(in.at, out.call, false, in.from, b, "")
	}
	tx := s.tx.take(key, in, out, nil)
	s.journal.addAt(in.at, out.call, offered(infoOf(in)))
	_ = tx.respond(r.code, s.refusal(in, r))
	s.journal.add(out.call, event.Ended{
		Cause: call.FromSIP(r.code, call.ByUs).Name, SIP: r.code, By: call.ByUs, Text: r.why,
	})
}

// stateless answers without remembering it; should the request come again, it
// is answered again, the same.
func (s *Server) stateless(in *inbound, r *refusal) {
	out := s.outlet(in)
	if _, known := s.thread(out.call); !known {
		out.call = ""
	}
	_ = out.send(s.refusal(in, r), "")
}

// overwhelmed refuses a request that can be neither remembered nor told.
func (s *Server) overwhelmed(in *inbound) {
	s.count.overflow.Add(1)
	no := refuse(503, "more than can be remembered", sip.NewHeader("Retry-After", "10"))
	_ = in.back().send(s.refusal(in, no))
}

func (s *Server) refusal(in *inbound, r *refusal) []byte {
	res := answer(in.req, r.code, s.statelessTag(in.req))
	for _, h := range r.header {
		res.AppendHeader(h)
	}
	if s.cfg.UserAgent != "" {
		add(res, "Server", s.cfg.UserAgent)
	}
	finish(res, "", nil)
	return encode(res)
}

// statelessTag is the same for the same request, however often it comes
// (RFC 3261 section 8.2.7).
func (s *Server) statelessTag(req *sip.Request) string {
	h := fnv.New64a()
	branch, _ := req.Via().Params.Get("branch")
	for _, p := range []string{s.mark, branch, req.CallID().Value(), strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)} {
		_, _ = h.Write([]byte(p + "\x00"))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// response takes an answer to a request of ours.
func (s *Server) response(res *sip.Response, from hop, b []byte) {
	if !goodResponse(res) {
		s.count.malformed.Add(1)
		return
	}
	tx, ok := s.tx.client(res)
	if !ok {
		s.count.strays.Add(1)
		return
	}
	if tx.came.Add(1) > maxAnswers {
		s.count.overflow.Add(1)
		return
	}
	if tx.out.call != "" {
		s.journal.message(time.Now(), tx.out.call, false, from, b, "")
	}
	tx.take(res)
}

// goodResponse says that a response has what it takes to be matched.
func goodResponse(res *sip.Response) bool {
	return res.SipVersion == "SIP/2.0" && res.StatusCode >= 100 && res.StatusCode <= 699 && res.Via() != nil &&
		res.CSeq() != nil && res.From() != nil && res.To() != nil && res.CallID() != nil && len(res.GetHeaders("Via")) == 1
}
