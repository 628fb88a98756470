package sip

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
)

// TestLateCancel answers a CANCEL that comes after the refusal the same way
// each time it comes, also once the INVITE is forgotten.
func TestLateCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, h, legs := incoming(t, func(ctx context.Context, l call.Leg) {
			_ = l.Hangup(ctx, call.Cause{Name: "USER_BUSY"})
		})
		l := <-legs
		hear(s, w, h.write("ACK", 1, ""))
		synctest.Wait()
		cancel := h.request("CANCEL", "")
		hear(s, w, cancel)
		time.Sleep(10 * time.Second)
		hear(s, w, cancel)
		synctest.Wait()
		if got := w.codes(0); !slices.Equal(got, []int{100, 486, 200, 200}) {
			t.Errorf("answered %v", got)
		}
		end(t, s, w, l)
	})
}
