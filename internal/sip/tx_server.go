package sip

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

var errTxOver = errors.New("sip: the request was already answered")

// txState is how far a transaction is (RFC 3261 section 17, RFC 6026).
type txState int

const (
	txTrying     txState = iota // nothing was answered
	txProceeding                // a 1xx was
	txAccepted                  // INVITE: a 2xx was; who sent it repeats it until its ACK
	txCompleted                 // a final answer was, which the transaction repeats
	txConfirmed                 // INVITE: its ACK came
	txOver
)

// canceller takes the CANCEL of an INVITE.
type canceller func(in *inbound, tx *serverTx)

// serverTx is one request that came to us. It repeats the answer when the
// request comes again, and a refusal of an INVITE until its ACK.
type serverTx struct {
	table  *txTable
	key    string
	call   string // its Call-ID
	invite bool
	out    outlet
	came   atomic.Int32 // how often the request came again

	mu     sync.Mutex
	cancel canceller
	state  txState
	last   []byte
	timer  *time.Timer
	wait   time.Duration
	giveUp time.Time
}

// canceller is whom to tell of a CANCEL, nil if nobody wants to know.
func (t *serverTx) canceller() canceller {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cancel
}

// respond sends an answer: any number of 1xx, then one final.
func (t *serverTx) respond(code int, b []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state > txProceeding {
		return errTxOver
	}
	timers := t.table.timers
	err := t.out.send(b, "")
	if code >= 200 {
		t.cancel = nil // too late now; and the leg need not live as long as this
	}
	switch {
	case code < 200:
		t.state, t.last = txProceeding, b
	case t.invite && code < 300:
		t.state, t.last = txAccepted, nil
		t.arm(timers.giveUp(), t.finish)
	case t.invite:
		t.state, t.last = txCompleted, b
		t.giveUp = time.Now().Add(timers.giveUp())
		t.wait = timers.T1
		if t.out.reliable() {
			t.wait = timers.giveUp()
		}
		t.arm(t.wait, t.again)
	case t.out.reliable():
		t.state, t.last = txCompleted, b
		t.over()
	default:
		t.state, t.last = txCompleted, b
		t.arm(timers.giveUp(), t.finish)
	}
	return err
}

// repeated answers the request's coming again.
func (t *serverTx) repeated() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last != nil && (t.state == txProceeding || t.state == txCompleted) {
		_ = t.out.send(t.last, noteAgain)
	}
}

// ack takes the ACK of a refusal and reports whether it was one.
func (t *serverTx) ack() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.state {
	case txCompleted:
		t.state, t.last = txConfirmed, nil
		if t.out.reliable() {
			t.over()
		} else {
			t.arm(t.table.timers.T4, t.finish)
		}
		return true
	case txConfirmed, txOver:
		return true
	}
	return false
}

// again is timer G: the refusal once more, until timer H.
func (t *serverTx) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != txCompleted {
		return
	}
	if !time.Now().Before(t.giveUp) {
		t.over()
		return
	}
	_ = t.out.send(t.last, noteAgain)
	t.wait = t.table.timers.after(t.wait)
	t.arm(min(t.wait, max(time.Until(t.giveUp), 0)), t.again)
}

func (t *serverTx) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over()
}

// over forgets the transaction. It holds mu.
func (t *serverTx) over() {
	t.state, t.last, t.cancel = txOver, nil, nil
	stopTimer(t.timer)
	t.table.dropServer(t)
}

// arm sets the one timer. It holds mu.
func (t *serverTx) arm(d time.Duration, f func()) {
	stopTimer(t.timer)
	t.timer = time.AfterFunc(d, f)
}

func (t *serverTx) stop() { t.finish() }
