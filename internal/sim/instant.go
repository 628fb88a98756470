package sim

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// instantly runs f in a time of its own that begins at at and jumps ahead
// whenever everything in it waits. All of time, timers and contexts obeys
// that time, so no action has to know that it is simulated; what f starts must
// have ended when it returns.
//
// The only clock of this kind that Go has is that of testing/synctest, and
// what runs flow tests may well use it outside of `go test`. A zero testing.T
// is enough for it: it only carries a name and a failure that nobody reads.
// The tests of this package run this very function, so a Go in which that
// changed would not get past them.
func instantly(at time.Time, f func()) error {
	done := make(chan error, 1)
	go func() {
		err := errStuck
		// A bubble in which everything waits for ever panics, or ends its
		// goroutine.
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("sim: %v", p)
			}
			done <- err
		}()
		crash := error(nil)
		synctest.Test(&testing.T{}, func(*testing.T) {
			defer func() {
				if p := recover(); p != nil {
					crash = fmt.Errorf("sim: %v", p)
				}
			}()
			<-time.After(time.Until(at))
			f()
		})
		err = crash
	}()
	return <-done
}

// errStuck is a call that neither goes on nor ends.
var errStuck = errors.New("sim: the call got stuck")

// settled waits until everything else in an instant call waits.
func settled() { synctest.Wait() }
