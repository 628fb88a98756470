package sip

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// TestCall is a whole call between two servers: tones both ways, keys both
// ways, and the callee hangs up.
func TestCall(t *testing.T) {
	for _, transport := range []string{"UDP", "TCP"} {
		t.Run(transport, func(t *testing.T) { wholeCall(t, transport) })
	}
}

func wholeCall(t *testing.T, transport string) {
	t.Helper()
	ctx := deadline(t)
	keys := make(chan byte, 8)
	info := make(chan call.Info, 1)
	there := audio.NewEar(8000, map[string]float64{"low": 500})
	callee := start(t, func(ctx context.Context, l call.Leg) {
		info <- l.Info()
		pressed, stop := l.Keys()
		defer stop()
		if err := l.Answer(ctx); err != nil {
			t.Error(err)
			return
		}
		untap := l.Tap(call.Heard, there)
		defer untap()
		playing, hush := context.WithCancel(ctx)
		defer hush()
		played := make(chan error, 1)
		go func() { played <- l.Play(playing, audio.Tone(time.Minute, 1000)) }()
		for range 2 {
			select {
			case k := <-pressed:
				keys <- k.Digit
			case <-l.Ended():
				t.Error("ended before the keys")
				return
			}
		}
		if err := there.Wait(ctx, "low"); err != nil {
			t.Error(err)
		}
		hush()
		if err := <-played; !errors.Is(err, context.Canceled) {
			t.Errorf("playing ended with %v", err)
		}
		if err := l.SendKeys(ctx, "9", 100*time.Millisecond); err != nil {
			t.Error(err)
		}
	})
	caller := start(t, noCalls(t))
	uri := callee.uri("100")
	if transport == "TCP" {
		uri = "sip:100@" + callee.Addrs()[1].String() + ";transport=tcp"
	}
	leg, err := caller.Dial(ctx, uri, call.DialOptions{CallerName: "Alice", CallerNumber: "200", Headers: map[string]string{"X-Account": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	here := audio.NewEar(8000, map[string]float64{"high": 1000})
	defer leg.Tap(call.Heard, here)()
	if err := here.Wait(ctx, "high"); err != nil {
		t.Fatalf("the tone was not heard: %v\n%s", err, caller.log)
	}
	theirs, stop := leg.Keys()
	defer stop()
	if err := leg.SendKeys(ctx, "4#", 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for _, want := range []byte("4#") {
		select {
		case got := <-keys:
			if got != want {
				t.Errorf("heard %c, not %c", got, want)
			}
		case <-ctx.Done():
			t.Fatal("a key was lost")
		}
	}
	over := make(chan error, 1)
	go func() { over <- leg.Play(ctx, audio.Tone(time.Minute, 500)) }()
	select {
	case k := <-theirs:
		if k.Digit != '9' || k.Via != call.ViaRTP {
			t.Errorf("got %+v", k)
		}
	case <-ctx.Done():
		t.Fatal("their key was lost")
	}
	<-leg.Ended()
	if err := <-over; !errors.Is(err, call.ErrHungup) {
		t.Errorf("playing ended with %v", err)
	}
	if c := leg.Cause(); c.Name != "NORMAL_CLEARING" || c.By != call.ByCallee {
		t.Errorf("ended by %+v", c)
	}
	i := <-info
	if i.CallerName != "Alice" || i.CallerNumber != "200" || i.Request != "100" || i.Headers["X-Account"] != "7" || i.Transport != transport {
		t.Errorf("the call was told as %+v", i)
	}
	m := await[event.Media](t, callee.log, 1)[0]
	if m.Codec != "PCMU" || m.Sent == 0 || m.Received == 0 || m.FirstSent <= 0 {
		t.Errorf("media %+v", m)
	}
	if got := facts[event.KeysSent](callee.log); len(got) != 0 {
		t.Errorf("keys sent %+v: the flow tells that", got)
	}
}

// TestCallerHangsUp ends a call from the other side.
func TestCallerHangsUp(t *testing.T) {
	ctx := deadline(t)
	cause := make(chan call.Cause, 1)
	callee := start(t, func(ctx context.Context, l call.Leg) {
		answerAndWait(ctx, l)
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), call.ErrHungup) {
			t.Errorf("the context ended with %v", context.Cause(ctx))
		}
		cause <- l.Cause()
	})
	caller := start(t, noCalls(t))
	leg, err := caller.Dial(ctx, callee.uri("100"), call.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := leg.Hangup(ctx, call.Cause{Name: "USER_BUSY"}); err != nil {
		t.Fatal(err)
	}
	if c := <-cause; c.Name != "USER_BUSY" || c.By != call.ByCaller {
		t.Errorf("ended by %+v", c)
	}
}

// TestRefused is a call that its callee does not take.
func TestRefused(t *testing.T) {
	ctx := deadline(t)
	callee := start(t, func(ctx context.Context, l call.Leg) {
		_ = l.(call.Ringer).Ring(ctx)
		_ = l.Hangup(ctx, call.Cause{Name: "USER_BUSY"})
	})
	caller := start(t, noCalls(t))
	var rang []int
	_, err := caller.Dial(ctx, callee.uri("100"), call.DialOptions{OnRing: func(code int) { rang = append(rang, code) }})
	var no *call.RefusedError
	if !errors.As(err, &no) || no.Code != 486 || no.Cause.Name != "USER_BUSY" {
		t.Fatalf("got %v\n%s", err, caller.log)
	}
	if len(rang) != 1 || rang[0] != 180 {
		t.Errorf("rang %v", rang)
	}
	if got := await[event.Ended](t, caller.log, 1)[0]; got.Cause != "USER_BUSY" || got.SIP != 486 {
		t.Errorf("ended %+v", got)
	}
}
