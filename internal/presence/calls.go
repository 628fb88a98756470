package presence

import (
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// The ends of a call as a dialog has them (RFC 4235 section 4.1.2): who was
// called, and who calls.
const (
	recipient = "recipient"
	initiator = "initiator"
)

// tally counts the calls that one end has: ringing and answered, as the one
// who was called and as the one who calls.
type tally struct{ rung, rings, taken, talks int }

func (t tally) sum() int    { return t.rung + t.rings + t.taken + t.talks }
func (t tally) empty() bool { return t.sum() == 0 }

// count adds n calls.
func (t *tally) count(direction string, answered bool, n int) {
	switch called := direction == recipient; {
	case called && answered:
		t.taken += n
	case called:
		t.rung += n
	case answered:
		t.talks += n
	default:
		t.rings += n
	}
}

// state is what the calls come to.
func (t tally) state() (State, string) {
	switch {
	case t.taken > 0:
		return Busy, recipient
	case t.talks > 0:
		return Busy, initiator
	case t.rung > 0:
		return Ringing, recipient
	case t.rings > 0:
		return Ringing, initiator
	}
	return Idle, ""
}

// talk is a live call.
type talk struct {
	ends     []end
	answered bool
	legs     int // that share its Call-ID
}

type end struct {
	key
	direction string
}

// Add is event.Log: calls light the lamps of the number that was dialled and
// of the caller, from the first message to the end.
func (b *Board) Add(e event.Event) {
	switch w := e.What.(type) {
	case event.Offered:
		b.offered(e, w)
	case event.Answered:
		b.answered(e)
	case event.Ended:
		b.ended(e)
	}
}

func (b *Board) offered(e event.Event, w event.Offered) {
	b.mu.Lock()
	if t := b.talks[e.Call]; t != nil {
		t.legs++
		b.mu.Unlock()
		return
	}
	ends := b.ends(w)
	if len(ends) == 0 || len(b.talks) >= maxTalks {
		b.mu.Unlock()
		return
	}
	t := &talk{ends: ends, legs: 1}
	b.talks[strings.Clone(e.Call)] = t
	told := b.count(t, 1, e.At)
	b.mu.Unlock()
	tell(told)
}

// ends are the presence ids of a call. A caller counts who names the account's
// realm as its own, or the very host that it calls: others only have the same
// number somewhere else. b.mu is held.
func (b *Board) ends(w event.Offered) (ends []end) {
	dialled, host := cut(w.Request)
	if k, err := b.key(w.Account, dialled); err == nil {
		ends = append(ends, end{k, recipient})
	}
	from, realm := cut(w.From)
	realm = strings.ToLower(realm)
	if w.Direction != "inbound" || realm != strings.ToLower(host) && realm != b.names[w.Account] {
		return ends
	}
	k, err := b.caller(w.Account, from)
	if err == nil && !slices.ContainsFunc(ends, func(e end) bool { return e.key == k }) {
		ends = append(ends, end{k, initiator})
	}
	return ends
}

// cut parts user@realm.
func cut(address string) (user, realm string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

func (b *Board) answered(e event.Event) {
	b.mu.Lock()
	t := b.talks[e.Call]
	if t == nil || t.answered {
		b.mu.Unlock()
		return
	}
	for _, end := range t.ends {
		b.lamp(end.key).calls.count(end.direction, false, -1)
	}
	t.answered = true
	told := b.count(t, 1, e.At)
	b.mu.Unlock()
	tell(told)
}

func (b *Board) ended(e event.Event) {
	b.mu.Lock()
	t := b.talks[e.Call]
	if t == nil {
		b.mu.Unlock()
		return
	}
	var told []*Watch
	if t.legs--; t.legs == 0 {
		delete(b.talks, e.Call)
		told = b.count(t, -1, e.At)
	}
	b.mu.Unlock()
	tell(told)
}

// count adds a call to the lamps of its ends, or takes it off. b.mu is held.
func (b *Board) count(t *talk, n int, at time.Time) (told []*Watch) {
	for _, end := range t.ends {
		b.lamp(end.key).calls.count(end.direction, t.answered, n)
		told = append(told, b.settle(end.key, at)...)
	}
	return told
}
