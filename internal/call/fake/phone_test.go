package fake_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
)

type facts []event.Fact

func (f *facts) Add(e event.Event) { *f = append(*f, e.What) }

// TestPhone is a call from ringing to hanging up.
func TestPhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told facts
		p := fake.New(call.Info{ID: "c1"}, &told)
		ctx, began := t.Context(), time.Now()
		for _, do := range []func() error{
			func() error { return p.Ring(ctx) },
			func() error { return p.Progress(ctx) },
			func() error { return p.Answer(ctx) },
			func() error { return p.Answer(ctx) },
			func() error { return p.Play(ctx, audio.Silence(time.Second)) },
			func() error { return p.SendKeys(ctx, "1w2W", 100*time.Millisecond) },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 2700*time.Millisecond {
			t.Error(took)
		}
		if err := p.Hangup(ctx, call.Normal); err != nil || p.Cause() != call.Normal {
			t.Error(err, p.Cause())
		}
		p.Drop() // too late
		if got := p.Heard(); got != "ring|progress|answer|hear silence for 1s|keys 1w2W|hangup NORMAL_CLEARING by us" {
			t.Error(got)
		}
		if len(told) != 3 {
			t.Error(told)
		}
		if err := p.Answer(ctx); !errors.Is(err, call.ErrHungup) {
			t.Error(err)
		}
	})
}

// TestEverythingReturns when the person hangs up.
func TestEverythingReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(call.Info{Direction: call.Outbound}, nil)
		ends := make(chan error)
		for _, do := range []func() error{
			func() error { return p.Play(context.Background(), audio.Silence(-1)) },
			func() error { return p.Play(context.Background(), audio.Silence(-1)) }, // waits for its turn
			func() error { return p.SendKeys(context.Background(), "1", time.Hour) },
			func() error { return p.Echo(context.Background()) },
		} {
			go func() { ends <- do() }()
		}
		stop := p.Tap(call.Both, &count{})
		time.Sleep(time.Second)
		p.Drop()
		for range 4 {
			if err := <-ends; !errors.Is(err, call.ErrHungup) {
				t.Error(err)
			}
		}
		if stop(); p.Held() != 0 || p.Cause().By != call.ByCallee {
			t.Error(p.Held(), p.Cause())
		}
	})
}

type count struct{ frames, loud int }

func (*count) Rate() int { return 16000 }

func (c *count) WriteFrame(f []int16) error {
	if c.frames++; f[len(f)/3] != 0 || f[len(f)/2] != 0 {
		c.loud++
	}
	return nil
}

// TestTaps: each hears its side, and what is over is silence.
func TestTaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(call.Info{}, nil)
		sides := map[call.Side]*count{call.Heard: {}, call.Spoken: {}, call.Both: {}}
		var stops []func()
		for side, c := range sides {
			stops = append(stops, p.Tap(side, c))
		}
		p.Say(audio.Tone(2*time.Second, 440))
		if err := p.Play(t.Context(), audio.Tone(time.Second, 600)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		for _, stop := range stops {
			stop()
		}
		for side, want := range map[call.Side]int{call.Heard: 100, call.Spoken: 50, call.Both: 100} {
			if c := sides[side]; c.frames < 149 || c.loud < want*9/10 || c.loud > want+1 {
				t.Errorf("%s: %+v, want %d loud of 150", side, c, want)
			}
		}
	})
}
