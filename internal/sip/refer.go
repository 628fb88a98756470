package sip

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

const (
	// referTime is the most that a far end may take to tell what became of its
	// new call: as long as a proxy lets a phone ring (RFC 3261 timer C).
	referTime   = 3 * time.Minute
	maxReferTo  = 2048 // bytes of the target with its headers
	typeSipfrag = "message/sipfrag"
)

var (
	errNotUp     = errors.New("sip: only an answered call can be transferred")
	errReferring = errors.New("sip: a transfer of this call is under way")
)

// referred are the headers besides X-… that may be asked for in the new call.
var referred = []string{"User-To-User", "Remote-Party-Id", "P-Preferred-Identity", "P-Called-Party-Id"}

// referral is a REFER of ours (RFC 3515) and the subscription that comes with
// it (RFC 6665): the far end tells by NOTIFY how its new call goes, until it
// says that it is done.
type referral struct {
	to     string
	seq    uint32 // of the first REFER; the same with credentials has a higher one
	sent   bool
	until  time.Time
	timer  *time.Timer
	over   bool // the far end has told the outcome
	closed bool // the subscription has ended, or never was

	// What Refer reads once done is closed; nobody changes it after that.
	done   chan struct{}
	result call.ReferResult
	err    error
}

// Refer implements call.Transferrer. The answer to the REFER and the NOTIFYs
// behind it are awaited for three minutes at most, the first NOTIFY for 64
// times T1; what is known then is the result. When the far end hangs up
// meanwhile, what is known comes with call.ErrHungup.
func (l *leg) Refer(ctx context.Context, target string, headers map[string]string) (call.ReferResult, error) {
	to, err := referTo(target, headers)
	if err != nil {
		return call.ReferResult{}, err
	}
	r := &referral{to: to, done: make(chan struct{})}
	l.thread.do(func() { err = l.beginReferral(r) })
	if err != nil {
		return call.ReferResult{}, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		l.thread.do(func() { r.settle(context.Cause(ctx)) })
	}
	return r.result, r.err
}

// beginReferral sends the REFER, or has it wait for the ACK of our answer.
func (l *leg) beginReferral(r *referral) error {
	switch {
	case l.phase == phaseLeaving || l.phase == phaseCalled || l.phase == phaseOver:
		return call.ErrHungup
	case l.phase < phaseAnswered:
		return errNotUp
	case l.referral != nil && !l.referral.settled():
		return errReferring
	}
	l.referral = r
	if l.phase == phaseUp {
		l.sendRefer(r)
	}
	return nil
}

func (l *leg) sendRefer(r *referral) {
	req, next := l.dialog.request(sip.REFER)
	add(req, "Refer-To", "<"+r.to+">")
	add(req, "Referred-By", "<"+l.dialog.self.Address.String()+">")
	finish(req, "", nil)
	r.seq, r.sent, r.until = req.CSeq().SeqNo, true, time.Now().Add(referTime)
	err := l.request(req, next, func(res *sip.Response, err error) { l.referAnswered(r, res, err) })
	if err != nil {
		r.closed = true
		r.settle(err)
	}
}

// referAnswered is what the far end says to the REFER itself.
func (l *leg) referAnswered(r *referral, res *sip.Response, err error) {
	switch {
	case r.settled():
	case err != nil:
		r.closed = true
		r.settle(err)
	case res.StatusCode >= 300:
		r.result.Status, r.closed = res.StatusCode, true
		r.settle(nil)
	default:
		r.result.Status = res.StatusCode
		if r.over { // its NOTIFY was faster
			r.settle(nil)
		} else if r.timer == nil {
			l.awaitNotify(r, l.srv.tx.timers.giveUp())
		}
	}
}

// awaitNotify makes do with what is known when nothing is told for d.
func (l *leg) awaitNotify(r *referral, d time.Duration) {
	stopTimer(r.timer)
	r.timer = l.later(min(d, max(time.Until(r.until), 0)), func() { r.settle(nil) })
}

func (r *referral) settled() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// settle lets Refer return.
func (r *referral) settle(err error) {
	if r == nil || r.settled() {
		return
	}
	stopTimer(r.timer)
	r.err = err
	close(r.done)
}

// names says whether a NOTIFY whose Event has that id is about the referral:
// its REFER's number, or nothing at all (RFC 3515 section 2.4.6).
func (r *referral) names(id string, newest uint32) bool {
	if r == nil || !r.sent || r.closed {
		return false
	}
	n, err := strconv.ParseUint(id, 10, 32)
	return id == "" || err == nil && uint32(n) >= r.seq && uint32(n) <= newest
}

// takeNotify is the far end telling of the call that it was asked to make.
func (l *leg) takeNotify(in *inbound, tx *serverTx) {
	kind, _ := first(in.req, "Event", "o")
	kind, params, _ := strings.Cut(kind, ";")
	r := l.referral
	switch {
	case !strings.EqualFold(strings.TrimSpace(kind), "refer"):
		l.turnDown(in, tx, refuse(489, "event "+kind, sip.NewHeader("Allow-Events", "refer")))
		return
	case !r.names(param(params, "id"), l.dialog.seq):
		l.turnDown(in, tx, refuse(481, "no such subscription"))
		return
	}
	code, no := sipfrag(in.req)
	if no != nil {
		l.turnDown(in, tx, no)
		return
	}
	_ = tx.respond(200, l.encode(l.respond(in.req, 200)))
	state, _ := first(in.req, "Subscription-State")
	state, params, _ = strings.Cut(state, ";")
	r.closed = strings.EqualFold(strings.TrimSpace(state), "terminated")
	if r.over || r.settled() {
		return
	}
	if code > 0 {
		r.result.Notified = code
	}
	r.over = r.closed || code >= 200
	wait := referTime
	if s, err := strconv.ParseUint(param(params, "expires"), 10, 16); err == nil && s > 0 {
		wait = time.Duration(s) * time.Second
	}
	l.awaitNotify(r, wait)
	if r.over && r.result.Status > 0 {
		r.settle(nil)
	}
}

// sipfrag reads the status that a NOTIFY tells (RFC 3420), 0 if it has no
// content.
func sipfrag(m sip.Message) (code int, no *refusal) {
	body := strings.TrimLeft(string(m.Body()), "\r\n \t")
	if body == "" {
		return 0, nil
	}
	if ct, ok := first(m, "Content-Type", "c"); ok {
		if kind, _, err := mime.ParseMediaType(ct); err != nil || kind != typeSipfrag {
			return 0, refuse(415, "content type "+ct, sip.NewHeader("Accept", typeSipfrag))
		}
	}
	version, rest, _ := strings.Cut(body, " ")
	digits, _, _ := strings.Cut(rest+"\r", "\r")
	digits, _, _ = strings.Cut(digits+" ", " ")
	code, err := strconv.Atoi(digits)
	if !strings.EqualFold(version, "SIP/2.0") || err != nil || len(digits) != 3 || code < 100 || code > 699 {
		return 0, refuse(400, "content is no status line")
	}
	return code, nil
}

// referTo is the URI of a Refer-To: target with headers as the URI's own, in
// which those that target has already are kept.
func referTo(target string, headers map[string]string) (string, error) {
	uri, all, err := cutHeaders(target)
	if err != nil {
		return "", err
	}
	var u sip.Uri
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"\`, r) }
	if err := sip.ParseUri(uri, &u); err != nil || strings.ContainsFunc(uri, odd) || !goodURI(u) ||
		!slices.Contains([]string{"sip", "sips", "tel"}, u.Scheme) || u.Scheme == "tel" && u.Raw() == "" {
		return "", fmt.Errorf("sip: %q is no SIP or tel URI", target)
	}
	for name, value := range headers {
		all[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	mark := "?"
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !referable(name) || strings.ContainsFunc(all[name], unicode.IsControl) {
			return "", fmt.Errorf("sip: header %q cannot be asked for in a transfer", name)
		}
		uri += mark + name + "=" + escape(all[name], uriMarks)
		mark = "&"
	}
	if len(uri) > maxReferTo {
		return "", fmt.Errorf("sip: a transfer's target with its headers has over %d bytes", maxReferTo)
	}
	return uri, nil
}

func referable(name string) bool {
	return token(name) && (strings.HasPrefix(name, "X-") || slices.Contains(referred, name))
}

// cutHeaders takes the headers off a URI: what stands behind a question mark
// that is not the user's.
func cutHeaders(target string) (uri string, headers map[string]string, err error) {
	headers = map[string]string{}
	at := max(strings.IndexByte(target, '@'), 0)
	host, query, found := strings.Cut(target[at:], "?")
	uri = target[:at] + host
	if !found {
		return uri, headers, nil
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if value, err = url.PathUnescape(value); err != nil {
			return "", nil, fmt.Errorf("sip: header %q in the URI: %w", name, err)
		}
		headers[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	return uri, headers, nil
}
