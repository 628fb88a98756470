package actions_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
)

// TestHangupDeep: whenever the caller goes in a long dialogue, the call is
// over at once and nothing is left or kept.
func TestHangupDeep(t *testing.T) {
	more := map[string]string{
		"menu m": `{"name":"M","record_pin":"4711","allow_record_from_offnet":true,"media":{"greeting":"old"}}`,
	}
	for name, c := range map[string]struct {
		prog  string
		does  person
		lasts time.Duration
	}{
		"recording a greeting": {
			`{"module":"menu","data":{"id":"m"}}`,
			does(sec/2, "4711", 4*sec, "5", 2*sec, "2", 6*sec, "3", 4*sec, "5", 3*sec, "1", 2*sec, "9#", 2*sec, "200#"), 32 * sec,
		},
		"a menu to its end": {`{"module":"menu","data":{"id":"m"}}`, does(3*sec, "9#"), 40 * sec},
		"calling on":        {`{"module":"disa","data":{"pin":"73","retries":2}}`, does(sec/2, "72#", 3*sec, "73#", 5*sec, "*#", 4*sec, "200#"), 20 * sec},
		"a number to show":  {`{"module":"dynamic_cid"}`, does(sec/2, "4155550100"), 4 * sec},
		"finding somebody":  {`{"module":"directory","data":{"id":"d"}}`, does(sec/2, "232#", 5*sec, "2", 6*sec, "3", 3*sec, "2325#", 5*sec, "1"), 26 * sec},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := staff("", more)
				d.Flows, d.Sounds = office, &rack{}
				here := open(d)
				for after := 70 * time.Millisecond; after < c.lasts; after += 530 * time.Millisecond {
					var gone time.Time
					_, j := here.dial(t, 0, c.prog, c.does, says(0, time.Hour), func(p *fake.Phone) {
						time.Sleep(after)
						gone = time.Now()
						p.Drop()
					})
					last := end(j)
					if f, ok := last.What.(event.Ended); !ok || f.By == call.ByCaller && last.At.Sub(gone) != 0 {
						t.Fatalf("hung up after %v: %+v, %v late", after, last, last.At.Sub(gone))
					}
					if failed := of[event.Failed](j); len(failed) > 0 {
						t.Fatalf("hung up after %v: %+v", after, failed)
					}
				}
			})
		})
	}
}
