package sip

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

var (
	errTxTimeout = errors.New("sip: no answer to the request")
	errStopped   = errors.New("sip: server closed")
)

// clientTx is one request of ours: it repeats it until it is answered, and
// acknowledges refusals of an INVITE.
type clientTx struct {
	table *txTable
	key   string
	req   *sip.Request
	wire  []byte
	out   outlet
	came  atomic.Int32 // answers
	// on takes every answer worth knowing (of an INVITE: 1xx, each 2xx, a
	// refusal; else the final one), or the error that ends the wait. It is
	// called by the reader of a socket or a timer and must not block.
	on func(res *sip.Response, err error)

	mu     sync.Mutex
	state  txState
	timer  *time.Timer
	wait   time.Duration
	giveUp time.Time // zero while an INVITE rings
	acks   map[string]ack
}

// ack is the answer to one 2xx, kept to be repeated.
type ack struct {
	wire []byte
	out  outlet
}

// request sends req and starts its transaction.
func (x *txTable) request(o outlet, req *sip.Request, on func(*sip.Response, error)) (*clientTx, error) {
	branch, _ := req.Via().Params.Get("branch")
	t := &clientTx{
		table: x, key: clientKey(branch, req.Method), req: req, wire: encode(req), out: o, on: on,
		wait: x.timers.T1, giveUp: time.Now().Add(x.timers.giveUp()),
	}
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return nil, errStopped
	}
	x.clients[t.key] = t
	x.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := o.send(t.wire, ""); err != nil {
		t.over()
		return nil, err
	}
	if o.reliable() {
		t.wait = x.timers.giveUp()
	}
	t.arm(t.wait, t.fire)
	return t, nil
}

func (t *clientTx) invite() bool { return t.req.Method == sip.INVITE }

// fire is every timer of the transaction: A, B, D, E, F, K, M.
func (t *clientTx) fire() {
	if t.tick() {
		t.on(nil, errTxTimeout)
	}
}

// tick repeats the request or ends the transaction; it reports whether it
// ended for want of an answer.
func (t *clientTx) tick() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.state > txProceeding:
		t.over()
		return false
	case !time.Now().Before(t.giveUp):
		t.over()
		return true
	case t.state == txProceeding && t.invite():
		t.arm(time.Until(t.giveUp), t.fire)
		return false
	}
	_ = t.out.send(t.wire, noteAgain) // a failure shows as no answer
	if t.wait *= 2; !t.invite() {
		t.wait = min(t.wait, t.table.timers.T2)
	}
	t.arm(min(t.wait, max(time.Until(t.giveUp), 0)), t.fire)
	return false
}

// expect sets a limit to the ringing: after a CANCEL the answer must come.
func (t *clientTx) expect(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state <= txProceeding {
		t.giveUp = time.Now().Add(d)
		if t.state == txProceeding {
			t.arm(d, t.fire)
		}
	}
}

// take handles one response.
func (t *clientTx) take(res *sip.Response) {
	var tell bool
	if t.invite() {
		tell = t.takeInvite(res)
	} else {
		tell = t.takeOther(res)
	}
	if tell {
		t.on(res, nil)
	}
}

func (t *clientTx) takeInvite(res *sip.Response) (tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	timers, waiting := t.table.timers, t.state <= txProceeding
	switch code := res.StatusCode; {
	case code < 200:
		if waiting && t.state == txTrying {
			t.state, t.giveUp = txProceeding, time.Now().Add(24*time.Hour)
			t.timer.Stop()
		}
		return waiting
	case code < 300:
		if waiting {
			t.state, t.wire = txAccepted, nil
			t.arm(timers.giveUp(), t.fire)
		}
		return t.state == txAccepted && t.wanted(toTag(res))
	case waiting:
		t.state, t.wire = txCompleted, encode(ackRefusal(t.req, res))
		_ = t.out.send(t.wire, "")
		if t.out.reliable() {
			t.over()
		} else {
			t.arm(timers.giveUp(), t.fire)
		}
		return true
	case t.state == txCompleted:
		_ = t.out.send(t.wire, noteAgain)
	}
	return false
}

// wanted says whether a 2xx is to be handed on. One that was acknowledged is
// so again, and there is an end to the phones that may answer: each costs an
// ACK and a BYE, to wherever it says. It holds mu.
func (t *clientTx) wanted(tag string) bool {
	a, known := t.acks[tag]
	switch {
	case known && a.wire != nil:
		_ = a.out.send(a.wire, noteAgain)
		return false
	case known: // on its way to whoever acknowledges it, or lost there
		return true
	case len(t.acks) >= maxEarlyDialogs:
		return false
	}
	if t.acks == nil {
		t.acks = map[string]ack{}
	}
	t.acks[tag] = ack{}
	return true
}

func (t *clientTx) takeOther(res *sip.Response) (tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state > txProceeding {
		return false
	}
	if res.StatusCode < 200 {
		t.state, t.wait = txProceeding, t.table.timers.T2
		return false
	}
	t.state, t.wire = txCompleted, nil
	if t.out.reliable() {
		t.over()
	} else {
		t.arm(t.table.timers.T4, t.fire)
	}
	return true
}

// acknowledge sends the ACK of a 2xx and keeps it for when that comes again.
func (t *clientTx) acknowledge(tag string, req *sip.Request, o outlet) error {
	a := ack{wire: encode(req), out: o}
	t.mu.Lock()
	if t.acks == nil {
		t.acks = map[string]ack{}
	}
	t.acks[tag] = a
	t.mu.Unlock()
	return o.send(a.wire, "")
}

// over forgets the transaction. It holds mu.
func (t *clientTx) over() {
	t.state = txOver
	stopTimer(t.timer)
	t.table.dropClient(t)
}

// arm sets the one timer. It holds mu.
func (t *clientTx) arm(d time.Duration, f func()) {
	stopTimer(t.timer)
	t.timer = time.AfterFunc(d, f)
}

func (t *clientTx) stop() {
	t.mu.Lock()
	waiting := t.state <= txProceeding
	t.over()
	t.mu.Unlock()
	if waiting {
		t.on(nil, errStopped)
	}
}
