//go:build linux

package rtp

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// strength is the mean level of pcm, in dB under a full square wave.
func strength(pcm []int16) float64 {
	sum := 1e-9
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return 10*math.Log10(sum/float64(len(pcm))) - 20*math.Log10(1<<15)
}

// TestLevels: what goes out and what is heard is as much louder or softer as
// its level says, in each codec, and the other side stays as it is.
func TestLevels(t *testing.T) {
	usual := strength(sine(1000, 16000, time.Second))
	for _, codec := range []*audio.Codec{audio.PCMU, audio.PCMA, audio.G722} {
		for _, lv := range []struct{ spoken, heard int }{{0, 0}, {-1, 1}, {2, -3}, {-4, 0}, {0, -4}, {4, 4}} {
			synctest.Test(t, func(t *testing.T) {
				c := newCall(t, func(p *Params) { p.Codec, p.PayloadType = codec, uint8(codec.PayloadType) })
				c.SetLevel(Spoken, lv.spoken)
				c.SetLevel(Heard, lv.heard)
				to, both := &collector{rate: codec.SampleRate}, &collector{rate: codec.SampleRate}
				defer c.Tap(Heard, to)()
				defer c.Tap(Spoken, both)()
				var wg sync.WaitGroup
				wg.Go(func() { _ = c.Play(t.Context(), sound(codec, sine(1000, codec.SampleRate, time.Second))) })
				wg.Go(func() { c.far.talk(c.LocalAddr(), codec, sine(1000, codec.SampleRate, time.Second)) })
				wg.Wait()
				rate := codec.SampleRate
				out := sounds(t, codec, c.far.heard())[rate/5 : rate*4/5]
				in, _ := to.taken()
				tapped, _ := both.taken()
				near(t, codec.Name+" out", strength(out)-usual, lv.spoken)
				near(t, codec.Name+" in", strength(in[rate/5:rate*4/5])-usual, lv.heard)
				near(t, codec.Name+" tapped", strength(tapped[rate/5:rate*4/5])-usual, lv.spoken)
			})
		}
	}
}

// near holds a change, in dB, to what a level means. What gets too loud is
// clipped, which costs a little.
func near(t *testing.T, what string, got float64, level int) {
	t.Helper()
	want := audio.LevelDB(level)
	if math.IsInf(want, -1) {
		if got > -50 {
			t.Errorf("%s: %.1f dB is not silence", what, got)
		}
		return
	}
	if d := got - want; d > 0.5 || d < -0.5 && level < 4 || d < -2.5 {
		t.Errorf("%s: %.1f dB, want %.1f", what, got, want)
	}
}

// TestLevelsOfEcho: an echo goes through both; a level holds when the codec
// changes, and can be taken back.
func TestLevelsOfEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		c.SetLevel(Both, -1)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Echo(ctx) }()
		c.far.talk(c.LocalAddr(), audio.PCMU, sine(700, 8000, time.Second))
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		usual := strength(sine(700, 8000, time.Second))
		if got := strength(sounds(t, audio.PCMU, c.far.heard())[1600:6400]) - usual; math.Abs(got+12) > 0.6 {
			t.Errorf("an echo at %.1f dB", got)
		}
		p := c.params
		p.Codec, p.PayloadType = audio.PCMA, 8
		if err := c.Configure(p); err != nil {
			t.Fatal(err)
		}
		_ = c.Play(t.Context(), sound(audio.PCMA, sine(700, 8000, 500*time.Millisecond)))
		if got := strength(sounds(t, audio.PCMA, c.far.heard())[1600:3200]) - usual; math.Abs(got+6) > 0.6 {
			t.Errorf("another codec at %.1f dB", got)
		}
		c.SetLevel(Both, 0)
		_ = c.Play(t.Context(), sound(audio.PCMA, sine(700, 8000, 500*time.Millisecond)))
		if got := strength(sounds(t, audio.PCMA, c.far.heard())[1600:3200]) - usual; math.Abs(got) > 0.6 {
			t.Errorf("taken back: %.1f dB", got)
		}
	})
}

// TestLevelOfOneSide: what the other side is encoded with goes on, and what is
// the same as before changes nothing.
func TestLevelOfOneSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		c.SetLevel(Both, -1)
		out, in := c.levels.out.volume, c.levels.in.volume
		c.SetLevel(Heard, 2)
		c.SetLevel(Both, 2)
		c.SetLevel(Heard, 9) // the most there is
		c.SetLevel(Spoken, 2)
		if c.levels.out.volume == out || c.levels.in.volume == in {
			t.Error("a new level changes nothing")
		}
		out, in = c.levels.out.volume, c.levels.in.volume
		c.SetLevel(Heard, audio.LevelMax)
		c.SetLevel(Spoken, 2)
		if c.levels.in.volume != in || c.levels.out.volume != out {
			t.Error("the same level begins anew")
		}
		c.SetLevel(Heard, 0)
		if c.levels.in.volume != nil || c.levels.out.volume != out {
			t.Error("one side's level begins the other's anew")
		}
	})
}

// TestLevelLeavesKeys: keys in sound that is heard as silence are found.
func TestLevelLeavesKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t, func(p *Params) { p.Inband = true })
		c.SetLevel(Heard, audio.LevelMute)
		keys := make(chan Key, 4)
		c.OnKey(func(k Key) { keys <- k })
		to := &collector{rate: 8000}
		defer c.Tap(Heard, to)()
		snd, err := audio.Keys("7", 100*time.Millisecond, 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		pcm, cursor, decode := []int16(nil), snd.Open(audio.PCMU), audio.PCMU.NewDecoder()
		for frame, err := cursor.Next(); err == nil; frame, err = cursor.Next() {
			pcm = decode.Decode(pcm, frame)
		}
		c.far.talk(c.LocalAddr(), audio.PCMU, append(pcm, make([]int16, 4000)...))
		if k := <-keys; k.Digit != '7' || !k.Inband {
			t.Errorf("heard %+v", k)
		}
		if in, _ := to.taken(); strength(in) > -60 {
			t.Errorf("a tap heard %.1f dB", strength(in))
		}
	})
}
