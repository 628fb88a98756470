package callbacks_test

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/callbacks"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// post keeps what is posted.
type post struct {
	mu  sync.Mutex
	all []actions.Callback
}

func (p *post) Post(_ string, c actions.Callback) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, c)
}

func (p *post) got() []actions.Callback {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// TestPromises has one call end and another be cut off with its server: at
// the next start the second one's end is told, once.
func TestPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.Memory()
		log := slog.New(slog.DiscardHandler)
		var first post
		promises := callbacks.NewPromises(kept, &first, log)
		reader := callbacks.NewReader(&first, promises)
		for _, call := range []string{"ends", "cut"} {
			for _, f := range []event.Fact{
				event.Offered{Account: "a", Direction: "inbound"},
				event.StatusCallback{Target: "http://x/status", Method: "POST", Events: []string{"answered", "completed"}},
				event.Answered{},
			} {
				reader.Add(event.Event{At: time.Now(), Call: call, What: f})
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		reader.Add(event.Event{At: time.Now(), Call: "ends", What: event.Ended{Cause: "NORMAL_CLEARING", By: "caller"}})
		promises.Close()
		if n := len(first.got()); n != 3 {
			t.Errorf("%d callbacks before the crash: %+v", n, first.got())
		}
		for start, want := range []int{1, 0} {
			var later post
			next := callbacks.NewPromises(kept, &later, log)
			time.Sleep(time.Second)
			next.Close()
			got := later.got()
			if len(got) != want {
				t.Fatalf("start %d: %+v", start, got)
			}
			if want == 1 && (got[0].Call != "cut" || got[0].Event != "completed" || got[0].Params.Get("CallStatus") != "failed" ||
				got[0].Params.Get("SequenceNumber") != "1" || got[0].URL != "http://x/status") {
				t.Errorf("told %+v", got[0])
			}
		}
	})
}
