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

// TestTold is what was told to somebody, and what came of it.
func TestTold(t *testing.T) {
	for _, c := range []struct {
		fact event.Fact
		want string
	}{
		{event.CalledBack{URL: "http://a/", Event: "webhook", Status: 200, Try: 1}, "→ http://a/ told of webhook: 200 in 0.0 ms"},
		{event.CalledBack{URL: "http://a/", Event: "webhook", Try: 2, Err: "no"}, "! http://a/ told of webhook, try 2: no; tried again later"},
		{event.Notified{To: "a@b", Says: "missed_call", Try: 1}, "→ a@b mailed of missed_call"},
		{event.Notified{To: "a@b", Says: "missed_call", Try: 3, Err: "no"}, "! a@b mailed of missed_call, try 3: no; tried again later"},
		{event.Notified{To: "a@b", Says: "missed_call", Try: 1, Err: "no", Over: true}, "✗ a@b mailed of missed_call: no; given up"},
		{event.Detected{What: "fax", By: "cng", After: event.Millis(time.Second)}, "♪ a fax is heard (cng) after 1.0 s"},
	} {
		if mark, text := timeline.Tell(c.fact); mark+" "+text != c.want {
			t.Errorf("%s %s, want %s", mark, text, c.want)
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
