package observe_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestRecover ends what a crash cut off, and nothing else, once.
func TestRecover(t *testing.T) {
	kept := store.Memory()
	c := observe.NewCalls(observe.Config{Journal: kept, Logger: slog.New(slog.DiscardHandler)})
	add(c, "whole", event.Offered{Account: "a"}, event.Answered{}, event.Ended{By: "caller", Cause: "NORMAL_CLEARING"})
	add(c, "cut", event.Offered{Account: "a"}, event.Answered{})
	c.Close()
	for want := 1; want >= 0; want-- {
		if n, err := observe.Recover(t.Context(), kept); n != want || err != nil {
			t.Fatalf("%d calls, %v; want %d", n, err, want)
		}
	}
	lines, err := kept.Read(t.Context(), store.Window{Account: "a", Kind: observe.KindCDR, Call: "cut"})
	var r cdr.Record
	if err != nil || len(lines) != 1 || json.Unmarshal(lines[0].JSON, &r) != nil {
		t.Fatalf("%v, %v", lines, err)
	}
	if r.State != "ended" || r.EndedBy != "us" || r.Why != "We ended the call: the server went away during the call." {
		t.Errorf("%+v", r)
	}
	if since := time.Since(*r.EndedT); since > time.Minute {
		t.Errorf("ended %s ago", since)
	}
}
