package sip

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/presence"
)

// Presence is what phones subscribe to; a *presence.Board is one.
type Presence interface {
	// Watch is presence.Board.Watch.
	Watch(user, realm string, told func()) (*presence.Watch, error)
}

// eventPackage is one kind of thing to subscribe to.
type eventPackage struct {
	name, content string
	write         func(entity string, version uint32, s presence.Status) ([]byte, error)
	refused       []string // parameters of its Event header that ask for more than there is
}

// packages are the events there are: RFC 4235, and RFC 3856 with RFC 3863.
var packages = []eventPackage{
	{
		name: "dialog", content: presence.TypeDialogInfo, write: presence.DialogInfo,
		refused: []string{"call-id", "from-tag", "to-tag", "sla", "ma"},
	},
	{
		name: "presence", content: presence.TypePIDF,
		write: func(entity string, _ uint32, s presence.Status) ([]byte, error) { return presence.PIDF(entity, s) },
	},
}

// allowEvents tells which events there are (RFC 6665 section 8.2.2). Besides
// those that can be subscribed to here, a transfer is one.
func (s *Server) allowEvents() sip.Header {
	names := []string{"refer"}
	if s.cfg.Presence != nil {
		names = nil
		for _, p := range packages {
			names = append(names, p.name)
		}
		names = append(names, "refer")
	}
	return sip.NewHeader("Allow-Events", join(names))
}

// wish is what a SUBSCRIBE asks for.
type wish struct {
	events  *eventPackage
	id      string // of the Event, "" for none
	expires time.Duration
}

// wished reads what a SUBSCRIBE asks for (RFC 6665 section 4.2.1).
func (s *Server) wished(req *sip.Request) (w wish, no *refusal) {
	value, _ := first(req, "Event", "o")
	name, params, _ := strings.Cut(value, ";")
	name = strings.TrimSpace(name)
	i := slices.IndexFunc(packages, func(p eventPackage) bool { return strings.EqualFold(p.name, name) })
	if i < 0 || s.cfg.Presence == nil {
		return w, refuse(489, "event "+name, s.allowEvents())
	}
	w.events, w.id = &packages[i], param(params, "id")
	for _, p := range w.events.refused {
		if hasParam(params, p) {
			return w, refuse(489, "event "+name+" with "+p, s.allowEvents())
		}
	}
	if len(req.GetHeaders("Accept")) > 0 && !accepts(values(req, "Accept"), w.events.content) {
		return w, refuse(406, "takes no "+w.events.content, sip.NewHeader("Accept", w.events.content))
	}
	w.expires, no = s.subs.bounds.lasting(req)
	return w, no
}

// hasParam says that a list like "id=7;sla" has the parameter.
func hasParam(params, name string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if k, _, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(k), name) {
			return true
		}
	}
	return false
}

// lasting is how long a subscription is to last: what is asked for, up to a
// bound, or the bound where nothing is.
func (b Subscriptions) lasting(req *sip.Request) (time.Duration, *refusal) {
	v, ok := first(req, "Expires")
	if !ok {
		return b.Longest, nil
	}
	n, err := strconv.ParseUint(v, 10, 32)
	d := time.Duration(n) * time.Second
	switch {
	case err != nil:
		return 0, refuse(400, "Expires that is no number")
	case n > 0 && d < b.Shortest:
		brief := strconv.Itoa(wholeSeconds(b.Shortest))
		return 0, refuse(423, "too brief", sip.NewHeader("Min-Expires", brief))
	}
	return min(d, b.Longest), nil
}

// wholeSeconds is d in seconds, no fewer than it is.
func wholeSeconds(d time.Duration) int { return int((max(d, 0) + time.Second - 1) / time.Second) }

// subscribe takes a SUBSCRIBE outside of any dialog.
func (s *Server) subscribe(in *inbound, key string) {
	u, no := s.admit(in)
	if no != nil {
		s.refuseSubscription(in, no)
		return
	}
	s.count.subscribed.Add(1)
	s.logger.Debug("sip: subscription", "event", u.events.name, "to", u.entity, "peer", in.from.peer,
		"expires", u.asked.expires, "call_id", u.dialog.callID)
	tx := s.tx.take(key, in, quiet(in), nil)
	u.thread.must(func() { u.start(in, tx) })
}

func (s *Server) refuseSubscription(in *inbound, no *refusal) {
	s.count.unsubscribed.Add(1)
	s.logger.Debug("sip: subscription refused", "code", no.code, "why", no.why, "peer", in.from.peer,
		"call_id", in.req.CallID().Value())
	s.stateless(in, no)
}

// quiet is where a request's answers go that is of no call: its messages are
// on no timeline.
func quiet(in *inbound) outlet { return outlet{hop: in.back()} }

// admit makes a subscription of a SUBSCRIBE, if it may be.
func (s *Server) admit(in *inbound) (*subscription, *refusal) {
	req := in.req
	switch {
	case s.looped(req):
		return nil, refuse(482, "a request of our own came back")
	case s.subs.merged(req, s.tx.timers.giveUp()):
		return nil, refuse(482, "the same request on another way")
	case s.draining.Load():
		return nil, refuse(503, "about to stop", sip.NewHeader("Retry-After", "10"))
	}
	w, no := s.wished(req)
	if no != nil {
		return nil, no
	}
	u := s.newSubscription(in, w)
	watch, err := s.cfg.Presence.Watch(user(req.Recipient), host(req.Recipient), u.changed)
	if err != nil {
		code := 500
		if errors.Is(err, presence.ErrUnknown) || errors.Is(err, presence.ErrBad) {
			code = 404
		}
		return nil, refuse(code, err.Error())
	}
	u.watch = watch
	if !s.subs.add(u) {
		watch.Stop()
		return nil, refuse(503, "more subscriptions than may be", sip.NewHeader("Retry-After", "60"))
	}
	return u, nil
}

// resubscribe takes a SUBSCRIBE in a dialog.
func (s *Server) resubscribe(in *inbound, key string) {
	u, ok := s.subs.find(in.req.CallID().Value(), toTag(in.req))
	if !ok {
		s.refuseSubscription(in, refuse(481, "no such subscription"))
		return
	}
	tx := s.tx.take(key, in, quiet(in), nil)
	if !u.thread.push(func() { u.take(in, tx) }) {
		s.count.overflow.Add(1)
		tx.stop()
	}
}
