package rtp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// TestKeepAlive sends silence now and then while there is nothing to send, and
// not on hold, and none where something goes out.
func TestKeepAlive(t *testing.T) {
	for every, want := range map[time.Duration]int{0: 0, time.Second: 4, audio.FrameTime: 200, 25 * time.Millisecond: 100} {
		synctest.Test(t, func(t *testing.T) {
			c := newCall(t, func(p *Params) { p.NoFill = true })
			tapped := &collector{rate: 8000}
			defer c.Tap(Spoken, tapped)()
			c.KeepAlive(every)
			time.Sleep(4 * time.Second)
			got := c.far.heard()
			if n := len(got) - want; n < -1 || n > 1 {
				t.Fatalf("%v: %d packets", every, len(got))
			}
			gap := uint32(frames(every) * 160)
			for i, p := range got {
				if i > 0 && (p.Timestamp-got[i-1].Timestamp != gap || p.SequenceNumber != got[i-1].SequenceNumber+1) {
					t.Errorf("%v: %v after %v", every, p.Header, got[i-1].Header)
				}
				if p.Marker != (i == 0 || gap > 160) || strength(sounds(t, audio.PCMU, got[i:i+1])) > -60 {
					t.Errorf("%v: %v", every, p)
				}
			}
			if every != time.Second {
				return
			}
			_ = c.Play(t.Context(), counted(100))
			if n := len(c.far.heard()); n != 100 {
				t.Errorf("%d packets while a sound of 100 played", n)
			}
			p := c.params
			p.Send = false
			if err := c.Configure(p); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			if n := len(c.far.heard()); n != 0 {
				t.Errorf("%d packets on hold", n)
			}
			p.Send = true
			_ = c.Configure(p)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_ = c.Echo(ctx)
			if n := len(c.far.heard()); n < 4 || n > 6 {
				t.Errorf("%d packets while there was nothing to echo", n)
			}
			c.KeepAlive(0)
			time.Sleep(5 * time.Second)
			if n := len(c.far.heard()); n > 1 {
				t.Errorf("%d packets after its end", n)
			}
		})
	}
}

// TestEchoKeptAlive sends no silence into an echo, some where nothing comes to
// be echoed for long, and what is echoed after it has a later time.
func TestEchoKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		c.KeepAlive(audio.FrameTime)
		go func() { _ = c.Echo(t.Context()) }()
		synctest.Wait()
		c.far.heard()
		var back []pion.Packet
		for i, loud := range []bool{true, false, true} {
			if loud {
				c.far.talk(c.LocalAddr(), audio.PCMU, sine(700, 8000, time.Second))
			} else {
				time.Sleep(2 * time.Second)
			}
			said := c.far.heard()
			if n := len(said); loud && (n < 49 || n > 51) || !loud && (n < 2 || n > 4) {
				t.Errorf("part %d: %d packets", i, n)
			}
			back = append(back, said...)
		}
		for i, p := range back[1:] {
			if int32(p.Timestamp-back[i].Timestamp) < 160 || p.SequenceNumber != back[i].SequenceNumber+1 {
				t.Errorf("%v after %v", p.Header, back[i].Header)
			}
		}
		c.Close()
	})
}
