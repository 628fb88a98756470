package actions_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestTakenElsewhere: whatever a call is doing, it goes at once where the API
// takes it, and nothing of what it did is left.
func TestTakenElsewhere(t *testing.T) {
	took := 0
	defer func() {
		if took < 500 {
			t.Errorf("only %d calls were taken elsewhere", took)
		}
	}()
	for _, a := range mine() {
		synctest.Test(t, func(t *testing.T) {
			here := open(deps(nil))
			for _, x := range a.Examples {
				for after := 50 * time.Millisecond; after < 4*time.Second; after += 370 * time.Millisecond {
					if here.takeElsewhere(t, a.Name, x.Data, after) {
						took++
					}
				}
			}
		})
	}
}

// takeElsewhere interrupts a step, or the wait behind it, after a while; false
// is a call that was over by then.
func (x exchange) takeElsewhere(t *testing.T, module, data string, after time.Duration) (taken bool) {
	t.Helper()
	j := &journal{}
	p := fake.New(call.Info{ID: "c1", From: "200", To: "100"}, j)
	e := flow.NewEngine(flow.Config{Actions: x.all, Log: j})
	type taking struct {
		at time.Time
		ok bool
	}
	took := make(chan taking, 1)
	defer time.AfterFunc(after, func() {
		now := time.Now()
		took <- taking{now, e.Interrupt("c1", flow.Become(program(`{"module":"play","data":{"id":"elsewhere"}}`), ""))}
	}).Stop()
	defer time.AfterFunc(after/2, func() { p.Press("1") }).Stop()
	prog := fmt.Sprintf(`{"module":%q,"data":%s,"children":{"_":{"module":"sleep","data":{"duration":60}}}}`, module, data)
	if err := e.Run(t.Context(), p, flow.Start{Account: "acme", Program: program(prog)}); err != nil {
		t.Fatal(err)
	}
	x.deps.Recordings.(*recordings).work.Wait()
	if p.Held() != 0 {
		t.Errorf("%s %s after %v: %d taps or subscriptions are left", module, data, after, p.Held())
	}
	var at time.Time
	select {
	case got := <-took:
		at, taken = got.at, got.ok
	default:
	}
	if !taken {
		return false
	}
	heard := false
	for _, one := range j.events {
		if f, ok := one.What.(event.Playing); ok && strings.HasSuffix(f.Sound, "elsewhere") {
			if heard = true; one.At != at {
				t.Errorf("%s %s after %v: %v late", module, data, after, one.At.Sub(at))
			}
		}
	}
	if !heard {
		t.Errorf("%s %s after %v: it went nowhere\n%s", module, data, after, p.Heard())
	}
	return true
}
