package sip

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
	"github.com/pivotvoice/pivot/internal/trial"
)

// files counts the process's open descriptors.
func files(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	return len(d)
}

// settle waits until no more goroutines are left than there were; it fails
// with their stacks if they do not go.
func settle(t *testing.T, before int) {
	t.Helper()
	trial.Eventually(t, func() string {
		n := runtime.NumGoroutine()
		if n <= before {
			return ""
		}
		buf := make([]byte, 1<<16)
		return fmt.Sprintf("%d goroutines, not %d:\n%s", n, before, buf[:runtime.Stack(buf, true)])
	})
}

// TestNothingIsLeft makes a thousand calls that end in every way and compares
// goroutines, files and ports; then it closes the servers and compares again.
func TestNothingIsLeft(t *testing.T) {
	before, open := runtime.NumGoroutine(), files(t)
	e, err := rtp.NewEngine(rtp.Config{PortMin: 30000, PortMax: 34999})
	if err != nil {
		t.Skip(err)
	}
	onEngine := func(c *Config) { c.Media, c.Log, c.Timers = e, event.Discard, Timers{T1: 50 * time.Millisecond} }
	tone := audio.Tone(20*time.Millisecond, 440)
	callee := start(t, func(ctx context.Context, l call.Leg) {
		switch l.Info().Request {
		case "busy":
			_ = l.Hangup(ctx, call.Cause{Name: "USER_BUSY"})
		case "ring":
			_ = l.(call.Ringer).Ring(ctx)
			<-l.Ended()
		case "play":
			_ = l.Answer(ctx)
			_ = l.Play(ctx, tone)
		default:
			answerAndWait(ctx, l)
		}
	}, onEngine)
	caller := start(t, noCalls(t), onEngine)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	oneOfMany(ctx, t, caller, callee, 9) // opens the stream connection, which stays
	if err := callee.settled(ctx); err != nil {
		t.Fatal(err)
	}
	running, used := runtime.NumGoroutine(), files(t)
	const calls, atOnce = 1000, 20
	work := make(chan int)
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for i := range work {
				oneOfMany(ctx, t, caller, callee, i)
			}
		})
	}
	for i := range calls {
		work <- i
	}
	close(work)
	wg.Wait()
	for _, s := range []*ua{caller, callee} {
		if err := s.settled(ctx); err != nil {
			t.Fatalf("calls are left: %v", err)
		}
		if s.Live() != 0 {
			t.Errorf("%d calls are counted", s.Live())
		}
	}
	settle(t, running)
	if n := e.Active(); n != 0 {
		t.Errorf("%d streams are left", n)
	}
	if n := files(t); n > used {
		t.Errorf("%d files, not %d", n, used)
	}
	for _, s := range []*ua{caller, callee} {
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if a, b := s.tx.size(); a+b != 0 {
			t.Errorf("%d and %d transactions are left", a, b)
		}
	}
	e.Close()
	settle(t, before)
	if n := files(t); n > open {
		t.Errorf("%d files, not %d", n, open)
	}
}

// oneOfMany is one of the thousand calls.
func oneOfMany(ctx context.Context, t *testing.T, caller, callee *ua, i int) {
	t.Helper()
	to := callee.uri([]string{"wait", "busy", "play", "ring", "wait"}[i%5])
	if i%10 == 9 {
		to = "sip:wait@" + callee.Addrs()[1].String() + ";transport=tcp"
	}
	opt := call.DialOptions{}
	if i%5 == 3 {
		opt.Timeout = 20 * time.Millisecond
	}
	l, err := caller.Dial(ctx, to, opt)
	if refused := i%5 == 1 || i%5 == 3; refused != (err != nil) {
		t.Errorf("call %d to %s: %v", i, to, err)
	}
	if err != nil {
		return
	}
	if i%5 == 2 {
		<-l.Ended()
		return
	}
	if err := l.Hangup(ctx, call.Normal); err != nil {
		t.Error(err)
	}
}
