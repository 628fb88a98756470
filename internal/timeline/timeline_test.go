package timeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/timeline"
)

// TestEveryFactIsTold finds a fact that nobody gave words to.
func TestEveryFactIsTold(t *testing.T) {
	for _, f := range event.Of() {
		if mark, text := timeline.Tell(f); mark == "?" {
			t.Errorf("%s is told as %q %q", f.Kind(), mark, text)
		}
	}
}

func TestWrite(t *testing.T) {
	began := time.Unix(0, 0)
	var b strings.Builder
	err := timeline.Write(&b, []event.Event{
		{At: began, What: event.SIP{Line: "INVITE sip:100@x SIP/2.0", CSeq: "1 INVITE"}},
		{At: began.Add(1500 * time.Millisecond), What: event.Fetched{
			Failure: "schema", Err: "2 faults", Took: event.Millis(12 * time.Millisecond),
			Faults: []event.Fault{{Path: "data.text", Message: "Field is required but missing"}},
		}},
	})
	want := "   0.000  · SIP ← INVITE sip:100@x SIP/2.0 [1 INVITE]\n" +
		"   1.500  ✗ schema after 12 ms: 2 faults\n" +
		"            data.text: Field is required but missing\n"
	if err != nil || b.String() != want {
		t.Errorf("got\n%s, %v", b.String(), err)
	}
}
