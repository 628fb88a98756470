package sip

import (
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/presence"
)

// Why subscriptions end (RFC 6665 section 4.1.3).
const (
	endTimeout     = "timeout"     // it was not renewed, or given up
	endNoResource  = "noresource"  // what was watched is no more
	endDeactivated = "deactivated" // the phone is to subscribe anew
)

// subscription is one dialog in which a phone is told of one presence id. Its
// thread keeps what happens in it in order; between changes it has no
// goroutine.
type subscription struct {
	srv    *Server
	thread *thread
	tag    string // our own
	entity string // the URI that was subscribed to
	events *eventPackage
	asked  wish   // as it was first
	first  uint32 // the number of the SUBSCRIBE that began it
	since  time.Time
	source netip.Addr
	watch  *presence.Watch

	stale atomic.Bool // there is something to tell

	// What follows belongs to the thread.
	dialog  *dialog
	begun   bool
	until   time.Time
	timer   *time.Timer
	version uint32 // of the next document
	busy    bool   // a NOTIFY is unanswered
	over    string // why it ended; "" while it lives
	last    bool   // the NOTIFY that says so was sent
}

func (s *Server) newSubscription(in *inbound, w wish) *subscription {
	req := in.req
	u := &subscription{
		srv: s, tag: newTag(), events: w.events, asked: w, source: in.from.peer.Addr(), first: req.CSeq().SeqNo, since: in.at,
		entity: "sip:" + escape(user(req.Recipient), userMarks) + "@" + hostPart(req.Recipient.Host),
	}
	u.thread = &thread{callID: req.CallID().Value(), start: s.crew.start, broken: func(t *thread, p any) {
		s.logger.Error("sip: panic in a subscription", "call_id", t.callID, "panic", p, "stack", stack())
		t.must(u.drop)
	}}
	u.dialog = accepting(req, u.tag)
	u.dialog.hop, u.dialog.agent, u.dialog.mark, u.dialog.contact = in.from, s.cfg.UserAgent, s.mark, s.contact(in.from)
	return u
}

// hostPart is a URI's host as a new URI may have it.
func hostPart(host string) string {
	if a, ok := hostAddr(host); ok {
		return uriHost(a)
	}
	return strings.ToLower(host)
}

// changed is told when what is watched has another state. It never waits; any
// number of changes before the next NOTIFY are one.
func (u *subscription) changed() {
	if u.stale.CompareAndSwap(false, true) {
		u.thread.must(u.tell)
	}
}

// start answers the SUBSCRIBE that began it and tells the state.
func (u *subscription) start(in *inbound, tx *serverTx) {
	u.begun = true
	u.renew(in, tx, u.asked.expires)
}

// take is another SUBSCRIBE of the same dialog.
func (u *subscription) take(in *inbound, tx *serverTx) {
	w, no := u.judge(in.req)
	if no != nil {
		res := u.respond(in.req, no.code)
		for _, h := range no.header {
			res.AppendHeader(h)
		}
		finish(res, "", nil)
		_ = tx.respond(no.code, encode(res))
		return
	}
	u.dialog.hop = in.from
	u.dialog.refresh(in.req)
	u.renew(in, tx, w.expires)
}

// judge holds a SUBSCRIBE to the dialog that it came in.
func (u *subscription) judge(req *sip.Request) (wish, *refusal) {
	switch {
	case u.over != "" || fromTag(req) != u.dialog.farTag():
		return wish{}, refuse(481, "no such subscription")
	case !u.dialog.inOrder(req.CSeq().SeqNo):
		return wish{}, refuse(500, "CSeq lower than before")
	}
	w, no := u.srv.wished(req)
	if no == nil && (w.events != u.events || w.id != u.asked.id) {
		no = refuse(481, "no such subscription in this dialog")
	}
	return w, no
}

// renew accepts a SUBSCRIBE; one that lasts no time ends the subscription, or
// only asks for the state.
func (u *subscription) renew(in *inbound, tx *serverTx, expires time.Duration) {
	res := u.respond(in.req, 200)
	add(res, "Contact", u.dialog.contact)
	add(res, "Expires", strconv.Itoa(wholeSeconds(expires)))
	add(res, "Allow", allowValue)
	add(res, "Supported", supportedValue)
	res.AppendHeader(u.srv.allowEvents())
	finish(res, "", nil)
	_ = tx.respond(200, encode(res)) // if it is lost, it is asked for again
	if expires == 0 {
		u.end(endTimeout)
		return
	}
	u.until = time.Now().Add(expires)
	u.watch.By(presence.Subscriber{
		CallID: u.dialog.callID, Event: u.events.name, Since: u.since, Until: u.until,
		From: user(in.req.From().Address) + "@" + host(in.req.From().Address),
	})
	u.arm(expires)
	u.stale.Store(true)
	u.tell()
}

func (u *subscription) respond(req *sip.Request, code int) *sip.Response {
	res := answer(req, code, u.tag)
	if u.dialog.agent != "" {
		add(res, "Server", u.dialog.agent)
	}
	return res
}

func (u *subscription) arm(d time.Duration) {
	stopTimer(u.timer)
	u.timer = time.AfterFunc(d, func() {
		u.thread.must(func() {
			if !time.Now().Before(u.until) { // else it was renewed meanwhile
				u.end(endTimeout)
			}
		})
	})
}

// end tells the phone that there will be no more, once what it was sent
// before is answered.
func (u *subscription) end(why string) {
	if u.over != "" {
		return
	}
	u.over = why
	stopTimer(u.timer)
	u.stale.Store(true)
	u.tell()
}

// tell sends the state as it is now, unless an older one is unanswered: then
// that answer brings it here again.
func (u *subscription) tell() {
	if !u.begun || u.busy || u.last || !u.stale.Swap(false) {
		return
	}
	state := u.watch.Status()
	if state.Gone && u.over == "" {
		u.over = endNoResource
	}
	body, err := u.events.write(u.entity, u.version, state)
	if err == nil {
		err = u.notify(body)
	}
	if err != nil {
		u.lose(err.Error())
	}
}

// notify sends a NOTIFY (RFC 6665 section 4.2.2).
func (u *subscription) notify(body []byte) error {
	req, next := u.dialog.request(sip.NOTIFY)
	name := u.events.name
	if u.asked.id != "" {
		name += ";id=" + u.asked.id
	}
	add(req, "Event", name)
	if u.over == "" {
		add(req, "Subscription-State", "active;expires="+strconv.Itoa(wholeSeconds(time.Until(u.until))))
	} else {
		add(req, "Subscription-State", "terminated;reason="+u.over)
	}
	finish(req, u.events.content, body)
	h, err := u.srv.reachDialog(u.dialog, next)
	if err != nil {
		return err
	}
	u.srv.address(req, h)
	u.busy, u.last = true, u.over != ""
	u.version++
	if u.last {
		u.watch.Stop()
	}
	_, err = u.srv.tx.request(outlet{hop: h}, req, func(res *sip.Response, err error) {
		u.thread.must(func() { u.answered(res, err) })
	})
	if err == nil {
		u.srv.count.notified.Add(1)
	}
	return err
}

// maxPatience is the most that a phone can have us wait with a NOTIFY.
const maxPatience = time.Minute

// answered is what became of a NOTIFY. One that failed ends the subscription
// (RFC 6665 section 4.2.2), unless the phone says when to come again.
func (u *subscription) answered(res *sip.Response, err error) {
	u.busy = false
	switch {
	case u.last:
		u.drop()
	case err != nil:
		u.lose(err.Error())
	case res.StatusCode < 300:
		u.tell()
	default:
		wait, _, ok := seconds(res, "Retry-After")
		if !ok || wait < 1 {
			u.lose("NOTIFY was answered " + strconv.Itoa(res.StatusCode))
			return
		}
		u.busy = true
		time.AfterFunc(min(time.Duration(wait)*time.Second, maxPatience), func() {
			u.thread.must(func() { u.again() })
		})
	}
}

// again tells the state after a pause that the phone asked for.
func (u *subscription) again() {
	u.busy = false
	u.stale.Store(true)
	u.tell()
}

// lose ends a subscription whose phone cannot be told.
func (u *subscription) lose(why string) {
	u.srv.count.lost.Add(1)
	u.srv.logger.Debug("sip: subscription lost", "why", why, "to", u.entity, "peer", u.dialog.hop.peer,
		"call_id", u.dialog.callID)
	u.over, u.last = endTimeout, true
	u.drop()
}

// drop forgets the subscription.
func (u *subscription) drop() {
	stopTimer(u.timer)
	u.watch.Stop()
	u.srv.subs.drop(u)
}
