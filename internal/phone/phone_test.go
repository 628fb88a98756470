package phone_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
)

// exchange is a switch with one phone behind it.
type exchange struct {
	*fake.Phone
	refused error
}

func (x exchange) Dial(ctx context.Context, _ string, opt call.DialOptions) (call.Leg, error) {
	opt.OnRing(180)
	if x.refused != nil {
		return nil, x.refused
	}
	return x.Phone, x.Answer(ctx)
}

func TestParse(t *testing.T) {
	steps, err := phone.Parse("1, wait 2s,2#,quiet,quiet 700ms,a*")
	want := []phone.Step{
		{Keys: "1"}, {Wait: 2 * time.Second}, {Keys: "2#"}, {Quiet: time.Second}, {Quiet: 700 * time.Millisecond}, {Keys: "A*"},
	}
	if err != nil || len(steps) != len(want) {
		t.Fatalf("%v, %v", steps, err)
	}
	for i := range want {
		if steps[i] != want[i] {
			t.Errorf("step %d is %v, want %v", i+1, steps[i], want[i])
		}
	}
	for script, says := range map[string]string{
		"1,,2": "step 2", "wait": `"W" is not a key`, "wait x": "not a time", "wait 2h": "at most 1h", "1 2": "is not keys",
		"12E": `"E" is not a key`, "quiet 0s": "not a time", strings.Repeat("1", 65): "more than 64",
	} {
		if _, err := phone.Parse(script); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", script, err, says)
		}
	}
	if steps, err := phone.Parse("  "); steps != nil || err != nil {
		t.Errorf("nothing: %v, %v", steps, err)
	}
}

// TestCall presses keys when the other side has said its piece, and is hung
// up on.
func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := fake.New(call.Info{ID: "c1"}, event.Discard)
		var told []string
		go func() {
			time.Sleep(3 * time.Second)
			far.Say(audio.Tone(2*time.Second, 500))
			time.Sleep(8 * time.Second)
			far.Press("5")
			time.Sleep(time.Second)
			far.Drop()
		}()
		steps, _ := phone.Parse("quiet,12,wait 1s,3")
		r, err := phone.Call(t.Context(), exchange{Phone: far}, phone.Options{
			Steps: steps, Tell: func(f string, _ ...any) { told = append(told, f) },
		})
		if err != nil || !r.Done || r.Keys != "5" || r.Cause.By != call.ByCaller {
			t.Errorf("%+v, %v", r, err)
		}
		if got := far.Heard(); !strings.Contains(got, "1") || !strings.Contains(got, "3") {
			t.Errorf("the other side got %s", got)
		}
		if len(told) == 0 || told[0] != "ringing (%d)" {
			t.Errorf("told %q", told)
		}
	})
}

// TestEnds are the ways a call can be over before the script is.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := fake.New(call.Info{ID: "c1"}, event.Discard)
		go func() { time.Sleep(time.Second); far.Drop() }()
		r, err := phone.Call(t.Context(), exchange{Phone: far}, phone.Options{Steps: []phone.Step{{Wait: time.Minute}}})
		if err != nil || r.Done || r.Length != time.Second {
			t.Errorf("dropped: %+v, %v", r, err)
		}
		far = fake.New(call.Info{ID: "c2"}, event.Discard)
		r, err = phone.Call(t.Context(), exchange{Phone: far}, phone.Options{Limit: 5 * time.Second})
		if err != nil || !r.Done || r.Length != 5*time.Second || r.Cause.By != call.ByUs {
			t.Errorf("limit: %+v, %v", r, err)
		}
		busy := &call.RefusedError{Code: 486, Reason: "Busy Here"}
		if _, err = phone.Call(t.Context(), exchange{refused: busy}, phone.Options{}); !errors.Is(err, busy) {
			t.Errorf("refused: %v", err)
		}
	})
}

// TestKeysBeforeTheEnd has the other side press keys and hang up while the
// first of them is still being told.
func TestKeysBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			far := fake.New(call.Info{ID: "c1"}, event.Discard)
			go func() {
				time.Sleep(time.Second)
				far.Press("12345")
				far.Drop()
			}()
			r, err := phone.Call(t.Context(), exchange{Phone: far}, phone.Options{Tell: func(format string, _ ...any) {
				if strings.HasPrefix(format, "heard") {
					time.Sleep(time.Minute)
				}
			}})
			if err != nil || r.Keys != "12345" {
				t.Fatalf("%+v, %v", r, err)
			}
		}
	})
}
