package sip

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// uac is what a leg that we make keeps of its INVITE.
type uac struct {
	opt    call.DialOptions
	target sip.Uri
	spots  []spot // where it may still be tried
	hop    hop

	tx        *clientTx
	req       *sip.Request
	expires   int  // the Session-Expires asked for, seconds
	tried     int  // with credentials
	ringing   bool // something provisional came: CANCEL may be sent
	cancelled bool // CANCEL was sent
	why       call.Cause
	early     map[string]*earlyDialog // by the far tag
	winner    string                  // the far tag of the answer that counts

	rings  chan int   // what OnRing is to hear
	result chan error // nil: answered
}

// earlyDialog is one of the phones that ring.
type earlyDialog struct {
	dialog *dialog
	rseq   uint64 // of its last reliable answer
	pracks int    // sent
}

// The bounds of what may come back to one INVITE.
const (
	maxEarlyDialogs = 16 // phones that ring, or answer
	maxPracks       = 32 // reliable provisional answers of one of them
)

var errFull = errors.New("sip: no more calls: full, or about to stop")

// Dial calls target, a SIP URI, and returns its leg once it is answered. A
// refusal is a *call.RefusedError; so is a call that nobody answers within
// opt.Timeout. Redirections (3xx) are refusals, too: they are not followed.
// When ctx ends the call is cancelled and the cause of ctx's end returned.
func (s *Server) Dial(ctx context.Context, target string, opt call.DialOptions) (call.Leg, error) {
	l, err := s.begin(ctx, target, opt)
	if err != nil {
		return nil, err
	}
	u := l.uac
	var timeout <-chan time.Time
	if opt.Timeout > 0 {
		t := time.NewTimer(opt.Timeout)
		defer t.Stop()
		timeout = t.C
	}
	for {
		select {
		case code := <-u.rings:
			if opt.OnRing != nil {
				opt.OnRing(code)
			}
		case err := <-u.result:
			if err != nil {
				return nil, err
			}
			return l, nil
		case <-timeout:
			why := call.Cause{Name: "NO_ANSWER", SIP: 408, By: call.ByUs, Text: "not answered within " + opt.Timeout.String()}
			return l.abandon(why, &call.RefusedError{Code: 408, Reason: "No Answer", Cause: why})
		case <-ctx.Done():
			why := call.Cause{Name: "ORIGINATOR_CANCEL", SIP: 487, By: call.ByUs}
			return l.abandon(why, context.Cause(ctx))
		}
	}
}

// abandon gives a call up that may have been answered this moment.
func (l *leg) abandon(why call.Cause, err error) (call.Leg, error) {
	l.thread.do(func() { l.hangup(why) })
	return nil, err
}

// begin sends the INVITE.
func (s *Server) begin(ctx context.Context, target string, opt call.DialOptions) (*leg, error) {
	var u sip.Uri
	err := sip.ParseUri(target, &u)
	if err != nil || u.Scheme != "sip" || !goodURI(u) || strings.ContainsAny(target, "\r\n <>\"") {
		return nil, fmt.Errorf("sip: %q is not a SIP URI", target)
	}
	for k, v := range opt.Headers {
		if !token(k) || strings.ContainsAny(v, "\r\n\x00") || slices.Contains(reserved, strings.ToLower(k)) {
			return nil, fmt.Errorf("sip: header %q cannot be sent", k)
		}
	}
	spots, err := locate(ctx, u, strings.ToUpper(opt.Transport))
	if err != nil {
		return nil, err
	}
	var h hop
	for len(spots) > 0 {
		if h, err = s.reach(ctx, spots[0]); err == nil {
			break
		}
		spots = spots[1:]
	}
	if err != nil {
		return nil, err
	}
	if opt.CallID == "" {
		opt.CallID = newTag() + newTag()
	}
	l, ok := s.join(opt.CallID, func(t *thread) *leg { return s.caller(t, u, h, opt) })
	if !ok {
		return nil, errFull
	}
	l.uac.spots = spots[1:]
	l.thread.do(func() { err = l.start() })
	return l, err
}

// reserved are the headers that callers of Dial cannot write: they are ours.
var reserved = []string{
	"via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "max-forwards", "contact", "m", "content-length", "l",
	"content-type", "c", "content-encoding", "e", "record-route", "require", "supported", "k", "session-expires", "x",
	"min-se", "allow", "rack", "rseq",
}

// token says that s may be the name of a header.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

// caller makes the leg of a call of ours.
func (s *Server) caller(t *thread, u sip.Uri, h hop, opt call.DialOptions) *leg {
	us := sip.Uri{Scheme: "sip", User: escape(opt.CallerNumber, userMarks), Host: uriHost(s.shown(h))}
	agent, _ := opt.Headers["User-Agent"]
	if agent == "" {
		agent = s.cfg.UserAgent
	}
	info := call.Info{
		ID: opt.CallID, Direction: call.Outbound, From: opt.CallerNumber, FromRealm: host(us), To: user(u), ToRealm: host(u),
		Request: user(u), RequestRealm: host(u), CallerName: opt.CallerName, CallerNumber: opt.CallerNumber,
		Headers: opt.Headers, Source: h.peer, Transport: h.conn.transport(), UserAgent: agent, Began: time.Now(),
	}
	l := s.newLeg(t, info, true)
	u.Headers = nil
	l.dialog = &dialog{
		callID: opt.CallID, self: sip.FromHeader{DisplayName: quotable(opt.CallerName), Address: us},
		far: sip.ToHeader{Address: bare(u)}, target: u, hop: h,
		contact: s.contact(h), agent: agent, mark: s.mark,
	}
	l.dialog.self.Params.Add("tag", l.tag)
	l.uac = &uac{
		opt: opt, target: u, hop: h, expires: int(s.cfg.SessionExpires / time.Second), early: map[string]*earlyDialog{},
		rings: make(chan int, 32), result: make(chan error, 1),
	}
	return l
}

// bare is a URI as it stands in From and To: without a port and parameters.
func bare(u sip.Uri) sip.Uri { return sip.Uri{Scheme: u.Scheme, User: u.User, Host: u.Host} }

func quotable(name string) string { return plain(name) }

// The characters besides letters and digits that stand for themselves
// anywhere in a URI, and those that do in its user part, too (RFC 3261 section
// 25.1).
const (
	uriMarks  = "-_.!~*'()"
	userMarks = uriMarks + "&=+$,"
)

// escape writes a part of a URI so that it cannot break out of it.
func escape(s, keep string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		if isWord(string(c)) || c >= '0' && c <= '9' || strings.IndexByte(keep, c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// start opens the sound and sends the first INVITE.
func (l *leg) start() error {
	l.add(offered(l.info))
	codecs := l.uac.opt.Codecs
	if codecs == nil {
		codecs = l.srv.cfg.Codecs
	}
	err := l.openMedia(l.uac.hop, codecs)
	if err == nil {
		l.media.offer()
		err = l.invite()
	}
	if err != nil {
		l.phase = phaseOver
		l.over(call.Cause{Name: "NETWORK_OUT_OF_ORDER", SIP: 503, By: call.ByUs, Text: err.Error()})
		l.gone()
	}
	return err
}

// invite sends the INVITE, or sends it anew with what its refusal asked for.
func (l *leg) invite(more ...sip.Header) error {
	u := l.uac
	req, _ := l.dialog.request(sip.INVITE)
	if u.expires > 0 {
		add(req, "Session-Expires", strconv.Itoa(u.expires))
		add(req, "Min-SE", strconv.Itoa(minSession))
	}
	for k, v := range u.opt.Headers {
		if textproto.CanonicalMIMEHeaderKey(k) != "User-Agent" {
			add(req, k, v)
		}
	}
	for _, h := range more {
		req.AppendHeader(h)
	}
	finish(req, typeSDP, l.media.sent)
	l.srv.address(req, u.hop)
	u.req = req
	var tx *clientTx
	tx, err := l.srv.tx.request(l.out(u.hop), req, func(res *sip.Response, err error) {
		l.came(res, func() { l.answered(tx, res, err) })
	})
	u.tx = tx
	return err
}

// came queues an answer to an INVITE. Of 1xx and 2xx any number may come, and
// those that count come again: too many at once are lost.
func (l *leg) came(res *sip.Response, f func()) {
	if res != nil && res.StatusCode < 300 {
		l.srv.push(l, f)
		return
	}
	l.thread.must(f)
}

// answered takes what comes back to an INVITE of ours.
func (l *leg) answered(tx *clientTx, res *sip.Response, err error) {
	switch {
	case res != nil && res.StatusCode >= 200 && res.StatusCode < 300:
		l.won(tx, res)
	case tx != l.uac.tx:
		// an attempt that was given up for another
	case err != nil:
		l.lost(nil, err)
	case res.StatusCode < 200:
		l.provisional(res)
	default:
		l.lost(res, nil)
	}
}

// provisional is a phone that rings.
func (l *leg) provisional(res *sip.Response) {
	u := l.uac
	u.ringing = true
	if l.phase == phaseCalled {
		l.sendCancel()
		return
	}
	if res.StatusCode == 100 || l.move(inRing) != doRing {
		return
	}
	l.remember(res)
	l.ringsReliably(res)
	if body, err := sdpBody(res); err == nil && body != nil && l.media.accept(body) != nil {
		l.add(event.Warned{Code: "sip.early_media", Message: "the early answer could not be used"})
	}
	l.add(event.Ringing{Code: res.StatusCode})
	select {
	case u.rings <- res.StatusCode:
	default:
	}
}

// earlyOf is the early dialog that a response belongs to.
func (l *leg) earlyOf(res *sip.Response) *earlyDialog {
	tag := toTag(res)
	e, ok := l.uac.early[tag]
	if !ok {
		d := *l.dialog
		d.far.Params = d.far.Params.Clone()
		e = &earlyDialog{dialog: &d}
		if len(l.uac.early) < maxEarlyDialogs {
			l.uac.early[tag] = e
		}
	}
	e.dialog.confirm(res)
	return e
}

// ringsReliably acknowledges a provisional answer that wants it (RFC 3262).
func (l *leg) ringsReliably(res *sip.Response) {
	v, _ := first(res, "RSeq")
	n, err := strconv.ParseUint(v, 10, 32)
	if !has(res, "100rel", "Require") || err != nil || toTag(res) == "" {
		return
	}
	e := l.earlyOf(res)
	switch {
	case e.rseq != 0 && n != e.rseq+1:
		return // came again, or before its time
	case e.pracks >= maxPracks, l.uac.early[toTag(res)] != e:
		return // more than anybody means
	}
	e.rseq = n
	e.pracks++
	req, next := e.dialog.request(sip.PRACK)
	add(req, "RAck", fmt.Sprintf("%d %d INVITE", n, l.uac.req.CSeq().SeqNo))
	finish(req, "", nil)
	if err := l.requestIn(e.dialog, req, next, func(*sip.Response, error) {}); err != nil {
		l.srv.logger.Debug("sip: PRACK not sent", "call_id", l.info.ID, "error", err)
	}
}

// won is a 2xx. The first counts; other phones that answer are hung up.
func (l *leg) won(tx *clientTx, res *sip.Response) {
	u, tag := l.uac, toTag(res)
	if u.winner != "" && u.winner != tag || l.phase == phaseOver {
		l.dismiss(tx, res, call.Cause{Name: "NORMAL_CLEARING", By: call.ByUs, Text: "answered elsewhere"}, func() {})
		return
	}
	again := u.winner == tag && tag != ""
	if !again {
		l.dialog = l.earlyOf(res).dialog
	}
	l.acknowledge(l.dialog, tx, res, tx.req.CSeq().SeqNo)
	if again {
		return
	}
	u.winner = tag
	switch l.move(inAccept) {
	case doAccept:
		l.connected(res)
	case doAckBye:
		l.bye(u.why)
	}
}

// connected is the call answered and ours.
func (l *leg) connected(res *sip.Response) {
	l.remember(res)
	body, err := sdpBody(res)
	if err == nil && body == nil {
		err = errors.New("sip: the answer has no session description")
	}
	if err == nil {
		err = l.media.accept(body)
	}
	if err != nil {
		why := call.Cause{Name: "INCOMPATIBLE_DESTINATION", SIP: 488, By: call.ByUs, Text: err.Error()}
		l.hangup(why)
		l.tell(&call.RefusedError{Code: 488, Reason: "Not Acceptable Here", Cause: why})
		return
	}
	l.uac.tried = 0 // later requests may be challenged afresh
	l.setUp()
	l.session.start(l, termsAgreed(res))
	l.tell(nil)
}

// tell ends the waiting of Dial.
func (l *leg) tell(err error) {
	select {
	case l.uac.result <- err:
	default:
	}
}
