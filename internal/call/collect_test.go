package call_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
)

// TestCollect is how a collection can go. A key takes a tenth of a second.
func TestCollect(t *testing.T) {
	hello := audio.Named(audio.Silence(2*time.Second), "hello")
	there := audio.Named(audio.Silence(time.Second), "there")
	for name, c := range map[string]struct {
		want   call.Collect
		after  time.Duration // when the person begins to press
		press  string
		then   time.Duration // when, after that, they press more
		more   string
		digits call.Digits
		took   time.Duration
		heard  string
	}{
		"nothing":       {want: call.Collect{}, digits: call.Digits{By: call.ByTimeout}, took: 5 * time.Second},
		"one":           {want: call.Collect{Max: 1}, press: "12", digits: call.Digits{Keys: "1", By: call.ByMaxDigits}, took: 100 * time.Millisecond},
		"terminator":    {want: call.Collect{Max: 9}, press: "12#", digits: call.Digits{Keys: "12", By: call.ByTerminator}, took: 300 * time.Millisecond},
		"it alone":      {want: call.Collect{Max: 9}, press: "#1", digits: call.Digits{By: call.ByTerminator}, took: 100 * time.Millisecond},
		"gap":           {want: call.Collect{}, press: "12", digits: call.Digits{Keys: "12", By: call.ByTimeout}, took: 2200 * time.Millisecond},
		"too late":      {want: call.Collect{Max: 3}, press: "1", then: 2 * time.Second, more: "2", digits: call.Digits{Keys: "1", By: call.ByTimeout}, took: 2100 * time.Millisecond},
		"ahead, enough": {want: call.Collect{Max: 2, Ahead: "123"}, digits: call.Digits{Keys: "12", By: call.ByTypeAhead, Rest: "3"}},
		"ahead, ended":  {want: call.Collect{Max: 4, Ahead: "#12#34"}, digits: call.Digits{Keys: "12", By: call.ByTypeAhead, Rest: "34"}},
		"ahead, some":   {want: call.Collect{Max: 3, Ahead: "12"}, after: 4 * time.Second, press: "3", digits: call.Digits{Keys: "123", By: call.ByMaxDigits}, took: 4100 * time.Millisecond},
		"prompts": {
			want:   call.Collect{Max: 1, Prompts: []audio.Sound{hello, there}},
			digits: call.Digits{By: call.ByTimeout}, took: 8 * time.Second, heard: "hear hello|hear there",
		},
		"prompts, key": {
			want: call.Collect{Max: 3, Prompts: []audio.Sound{hello, there}}, after: time.Second, press: "1",
			digits: call.Digits{Keys: "1", By: call.ByTimeout}, took: 3100 * time.Millisecond, heard: "hear hello|cut short",
		},
		"prompts, known by heart": {
			want:   call.Collect{Max: 1, Prompts: []audio.Sound{hello}, Ahead: "7"},
			digits: call.Digits{Keys: "7", By: call.ByTypeAhead},
		},
		"prompts, skipped": {
			want: call.Collect{Max: 1, Prompts: []audio.Sound{hello}, Ahead: "#"}, after: 2 * time.Second, press: "1",
			digits: call.Digits{Keys: "1", By: call.ByMaxDigits}, took: 2100 * time.Millisecond, heard: "hear hello",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := fake.New(call.Info{}, nil)
				var person sync.WaitGroup
				defer person.Wait()
				person.Go(func() {
					time.Sleep(c.after)
					p.Press(c.press)
					time.Sleep(c.then)
					p.Press(c.more)
				})
				c.want.First, c.want.Between, c.want.Terminators = 5*time.Second, 2*time.Second, "#"
				began := time.Now()
				got, err := c.want.From(t.Context(), p)
				if err != nil || got != c.digits || time.Since(began) != c.took {
					t.Errorf("%+v after %v, %v", got, time.Since(began), err)
				}
				if p.Heard() != c.heard || p.Held() != 0 {
					t.Errorf("heard %s; %d left", p.Heard(), p.Held())
				}
			})
		})
	}
}

// TestCollectEnds: hanging up, an end of the context and a prompt that breaks
// are errors, at once.
func TestCollectEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, prompts := range [][]audio.Sound{nil, {audio.Silence(time.Hour)}} {
			p := fake.New(call.Info{}, nil)
			ctx, cancel := call.Context(t.Context(), p)
			go func() {
				time.Sleep(time.Second)
				p.Press("12")
				p.Drop()
			}()
			c := call.Collect{First: time.Hour, Between: time.Hour, Prompts: prompts}
			if got, err := c.From(ctx, p); !errors.Is(err, call.ErrHungup) || got.Keys != "12" {
				t.Error(got, err)
			}
			cancel()
		}
		p := fake.New(call.Info{}, nil)
		bad := errors.New("broken")
		p.Fail = map[string]error{"Play": bad}
		if _, err := (call.Collect{Prompts: []audio.Sound{audio.Beep()}}).From(t.Context(), p); !errors.Is(err, bad) {
			t.Error(err)
		}
	})
}

// sink measures what it gets.
type sink struct {
	samples, peak int
	fail          error
	after         int // samples until it fails
}

func (*sink) Rate() int { return 8000 }

func (s *sink) WriteFrame(f []int16) error {
	if s.samples += len(f); s.fail != nil && s.samples > s.after {
		return s.fail
	}
	for _, v := range f {
		s.peak = max(s.peak, int(math.Abs(float64(v))))
	}
	return nil
}

// TestRecord is how a recording can go: the person speaks for 3 s.
func TestRecord(t *testing.T) {
	bad := errors.New("disk full")
	for name, c := range map[string]struct {
		want  call.Record
		to    sink
		does  func(*fake.Phone)
		got   call.Recording
		err   error
		quiet bool
	}{
		"limit":    {want: call.Record{Limit: 5 * time.Second}, got: call.Recording{By: call.ByTimeLimit, Length: 5 * time.Second}},
		"silence":  {want: call.Record{Silence: 2 * time.Second}, got: call.Recording{By: call.BySilence, Length: 5 * time.Second}},
		"key":      {want: call.Record{Terminators: "#"}, does: func(p *fake.Phone) { p.Press("1234567890#") }, got: call.Recording{By: call.ByKey, Key: "#", Length: 1100 * time.Millisecond}},
		"hangup":   {does: func(p *fake.Phone) { time.Sleep(time.Second + 1); p.Drop() }, got: call.Recording{By: call.ByHangup, Length: time.Second}, err: call.ErrHungup},
		"broken":   {to: sink{fail: bad, after: 8000}, got: call.Recording{By: call.ByBroken, Length: time.Second}, err: bad},
		"spoken":   {want: call.Record{Side: call.Spoken, Limit: time.Second}, got: call.Recording{By: call.ByTimeLimit, Length: time.Second}, quiet: true},
		"the both": {want: call.Record{Side: call.Both, Limit: time.Second}, got: call.Recording{By: call.ByTimeLimit, Length: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := fake.New(call.Info{}, nil)
				p.Say(audio.Tone(3*time.Second, 440))
				if c.does != nil {
					go c.does(p)
				}
				ctx, cancel := call.Context(t.Context(), p)
				defer cancel()
				got, err := c.want.From(ctx, p, &c.to)
				if !errors.Is(err, c.err) {
					t.Error(err)
				}
				// A frame may or may not come in the very moment of the end.
				if d := got.Length - c.got.Length; d < -audio.FrameTime || d > audio.FrameTime {
					t.Errorf("%v long, want %v", got.Length, c.got.Length)
				}
				if (got.Loud == 0) != c.quiet && c.err == nil {
					t.Errorf("%v of it is loud", got.Loud)
				}
				if got.Length, got.Loud = c.got.Length, 0; got != c.got || (c.to.peak == 0) != c.quiet || p.Held() != 0 {
					t.Errorf("%+v, peak %d, %d left", got, c.to.peak, p.Held())
				}
			})
		})
	}
}

// TestRecordTakenAway is a recording whose flow goes elsewhere.
func TestRecordTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(call.Info{}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := call.Record{}.From(ctx, p, &sink{})
		if got.By != call.ByStopped || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(got, err)
		}
	})
}

// TestCauses: a SIP status goes to a cause and back, and so does a Q.850 value.
func TestCauses(t *testing.T) {
	for _, status := range []int{404, 408, 410, 480, 484, 486, 487, 502, 503, 504, 603, 699} {
		if c := call.FromSIP(status, call.ByUs); c.Code() != status || c.Q850() == 0 {
			t.Errorf("%d: %+v", status, c)
		}
	}
	for _, value := range []int{1, 16, 17, 21, 127} {
		if c, ok := call.FromQ850(value, call.ByCaller); !ok || c.Q850() != value {
			t.Errorf("%d: %+v", value, c)
		}
	}
	if _, ok := call.FromQ850(126, ""); ok {
		t.Error("126 is no cause")
	}
	if c := (call.Cause{Name: "MADE_UP"}); c.Code() != 480 || c.Q850() != 31 {
		t.Error(c.Code(), c.Q850())
	}
}

func TestAddress(t *testing.T) {
	for want, a := range map[string][2]string{"1001@example.com": {"1001", "example.com"}, "1001": {"1001", ""}, "": {}} {
		if got := call.Address(a[0], a[1]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
