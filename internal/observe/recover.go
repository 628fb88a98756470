package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// Recovery looks this far back for calls that a crash cut off: no further than
// the longest call, and no further than so many events.
const (
	recoverSince  = 24 * time.Hour
	recoverEvents = 100_000
)

// cutOff is how a call ends whose server went away without a word.
var cutOff = event.Ended{Cause: "NORMAL_TEMPORARY_FAILURE", By: "us", Text: "the server went away during the call"}

// Recover ends the calls that the journal has no end of, because the server
// crashed or was killed: each gets its last event and its record. Call it
// before the first call of a new start. It returns how many there were.
func Recover(ctx context.Context, j Journal) (int, error) {
	lines, err := j.Read(ctx, store.Window{
		AnyAccount: true, Kind: KindEvent, From: time.Now().Add(-recoverSince), Limit: recoverEvents,
	})
	if err != nil {
		return 0, fmt.Errorf("observe: recover: %w", err)
	}
	var all []error
	cut := unfinished(lines)
	for _, c := range cut {
		all = append(all, finish(ctx, j, c.account, c.call))
	}
	return len(cut), errors.Join(all...)
}

type callOf struct{ account, call string }

// unfinished are the calls of an account of which lines, newest first, have
// no end.
func unfinished(lines []store.Entry) (cut []callOf) {
	seen, ended := map[string]bool{}, map[string]bool{}
	for _, l := range lines {
		var e struct {
			Kind string `json:"kind"`
		}
		if json.Unmarshal(l.JSON, &e) == nil && e.Kind == (event.Ended{}).Kind() {
			ended[l.Call] = true
		}
	}
	for _, l := range lines {
		if l.Account != "" && !seen[l.Call] && !ended[l.Call] {
			cut = append(cut, callOf{l.Account, l.Call})
		}
		seen[l.Call] = true
	}
	return cut
}

// finish writes the end and the record of one call. They are of the time of
// its last event: when it really ended nobody knows.
func finish(ctx context.Context, j Journal, account, call string) error {
	lines, err := j.Read(ctx, store.Window{Account: account, Kind: KindEvent, Call: call, Ascending: true})
	if err != nil {
		return fmt.Errorf("observe: recover %s: %w", call, err)
	}
	var r cdr.Record
	last := event.Event{Call: call, What: cutOff}
	for _, l := range lines {
		var e event.Event
		if json.Unmarshal(l.JSON, &e) == nil {
			r.Add(e)
			last.At = e.At
		}
	}
	if r.CallID == "" {
		return nil // nothing that this version can read
	}
	r.Add(last)
	end, err1 := json.Marshal(last)
	record, err2 := json.Marshal(r)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("observe: recover %s: %w", call, err)
	}
	return j.Append(ctx, []store.Entry{
		{Account: account, Kind: KindEvent, Call: call, At: last.At, JSON: end},
		{Account: account, Kind: KindCDR, Call: call, At: last.At, JSON: record},
	})
}
