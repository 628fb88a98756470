package sip

import "time"

// Timers are the intervals of RFC 3261 section 17.1.1.1, from which all
// others follow. Zeros are the RFC's values.
type Timers struct {
	T1 time.Duration // estimated round trip, 500 ms
	T2 time.Duration // most between repetitions, 4 s
	T4 time.Duration // how long a message stays in the network, 5 s
}

func (t Timers) orDefault() Timers {
	if t.T1 <= 0 {
		t.T1 = 500 * time.Millisecond
	}
	if t.T2 <= 0 {
		t.T2 = 8 * t.T1
	}
	if t.T4 <= 0 {
		t.T4 = 10 * t.T1
	}
	return t
}

// giveUp is how long anything is repeated: timers B, F, H, J, L and M.
func (t Timers) giveUp() time.Duration { return 64 * t.T1 }

// after is the interval that follows d.
func (t Timers) after(d time.Duration) time.Duration { return min(2*d, t.T2) }

// stopTimer stops a timer, if there is one.
func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
