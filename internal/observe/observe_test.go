package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/store"
)

// journal keeps lines in memory and can be full.
type journal struct {
	mu    sync.Mutex
	lines []store.Entry
	full  bool
}

func (j *journal) Append(_ context.Context, e []store.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.full {
		return errors.New("no space left on device")
	}
	j.lines = append(j.lines, e...)
	return nil
}

func (j *journal) Read(_ context.Context, w store.Window) ([]store.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []store.Entry
	for _, l := range j.lines {
		if l.Kind == w.Kind && (w.Call == "" || l.Call == w.Call) && (w.AnyAccount || l.Account == w.Account) {
			out = append(out, l)
		}
	}
	return out, nil
}

func (j *journal) fill(full bool) { j.mu.Lock(); j.full = full; j.mu.Unlock() }

func (j *journal) count() int { j.mu.Lock(); defer j.mu.Unlock(); return len(j.lines) }

func calls(t *testing.T, j *journal) *observe.Calls {
	t.Helper()
	c := observe.NewCalls(observe.Config{Journal: j, Logger: slog.New(slog.DiscardHandler), Debug: func(call string, f event.Fetched) []map[string]any {
		return []map[string]any{{"call_id": call, "uri": f.URL}}
	}})
	t.Cleanup(c.Close)
	return c
}

func add(c *observe.Calls, call string, facts ...event.Fact) {
	for _, f := range facts {
		c.Add(event.Event{At: time.Now(), Call: call, What: f})
	}
}

// kinds reads a timeline as words.
func kinds(t *testing.T, c *observe.Calls, account, call string) []string {
	t.Helper()
	events, err := c.Events(t.Context(), account, call)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, e.What.Kind())
	}
	return out
}

func TestACallIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := calls(t, j)
		add(c, "c1", event.SIP{Line: "INVITE"}, event.Offered{Account: "a"}, event.Answered{})
		if live := c.Live("a"); len(live) != 1 || live[0].State != "in-progress" {
			t.Errorf("live %+v", live)
		}
		want := []string{"sip", "offered", "answered"}
		if got := kinds(t, c, "a", "c1"); !slices.Equal(got, want) {
			t.Errorf("before it is written: %v", got)
		}
		time.Sleep(time.Second)
		if got := kinds(t, c, "a", "c1"); !slices.Equal(got, want) {
			t.Errorf("after: %v", got)
		}
		add(c, "c1", event.Fetched{ID: 1, URL: "http://x", Debug: true}, event.Ended{By: "caller", Cause: "NORMAL_CLEARING"}, event.SIP{Line: "200 OK"})
		want = append(want, "fetched", "ended", "sip")
		if got := kinds(t, c, "a", "c1"); !slices.Equal(got, want) {
			t.Errorf("at the end: %v", got)
		}
		time.Sleep(time.Hour)
		if got := kinds(t, c, "a", "c1"); !slices.Equal(got, want) {
			t.Errorf("much later: %v", got)
		}
		if _, err := c.Events(t.Context(), "b", "c1"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another account: %v", err)
		}
		checkExtras(t, j)
	})
}

func checkExtras(t *testing.T, j *journal) {
	t.Helper()
	records, _ := j.Read(t.Context(), store.Window{Account: "a", Kind: observe.KindCDR})
	var r cdr.Record
	if len(records) != 1 || json.Unmarshal(records[0].JSON, &r) != nil || r.EndedBy != "caller" {
		t.Errorf("records %v", records)
	}
	if debug, _ := j.Read(t.Context(), store.Window{Account: "a", Kind: observe.KindDebug}); len(debug) != 1 {
		t.Errorf("debug %v", debug)
	}
}

// TestFlush shows in the journal what was added just before.
func TestFlush(t *testing.T) {
	j := &journal{}
	c := calls(t, j)
	c.Flush(t.Context())
	for n := range 20 {
		add(c, "c1", event.Offered{Account: "a"})
		if c.Flush(t.Context()); j.count() != n+1 {
			t.Fatalf("%d lines after %d events", j.count(), n+1)
		}
	}
	j.fill(true)
	add(c, "c1", event.Answered{})
	c.Flush(t.Context()) // returns although it could not be written
}

// TestFullDisk loses nothing while the journal does not take it.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{full: true}
		c := calls(t, j)
		add(c, "c1", event.Offered{Account: "a"}, event.Ended{})
		time.Sleep(time.Minute)
		if got := kinds(t, c, "a", "c1"); len(got) != 2 || j.count() != 0 {
			t.Errorf("full: %v, %d lines", got, j.count())
		}
		j.fill(false)
		time.Sleep(time.Second)
		if j.count() != 3 {
			t.Errorf("%d lines", j.count())
		}
	})
}

// TestOddCallID keeps a call whose id is no text, and with it all others.
func TestOddCallID(t *testing.T) {
	st := store.Memory()
	c := observe.NewCalls(observe.Config{Journal: st, Logger: slog.New(slog.DiscardHandler)})
	for _, id := range []string{"a\xe3b\x00", "good"} {
		c.Add(event.Event{At: time.Now(), Call: id, What: event.Offered{Account: "a", Request: "200@x"}})
		c.Add(event.Event{At: time.Now(), Call: id, What: event.Ended{Cause: "NORMAL_CLEARING", By: "caller"}})
	}
	c.Close()
	for _, id := range []string{"a\uFFFDb\uFFFD", "good"} {
		lines, err := st.Read(t.Context(), store.Window{Account: "a", Kind: observe.KindEvent, Call: id, Ascending: true})
		if err != nil || len(lines) != 2 {
			t.Errorf("%q: %d lines, %v", id, len(lines), err)
		}
	}
}

// TestStray is signalling that never became a call: written, and let go.
func TestStray(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := calls(t, j)
		add(c, "c1", event.SIP{Line: "INVITE"})
		time.Sleep(5 * time.Minute)
		if got := kinds(t, c, "", "c1"); len(got) != 1 || len(c.Live("")) != 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := calls(t, &journal{})
		mine, other, slow := c.Follow("a", "c1"), c.Follow("b", ""), c.Follow("", "")
		add(c, "c1", event.SIP{}, event.Offered{Account: "a"})
		for _, want := range []string{"sip", "offered"} {
			if e := <-mine.C; e.What.Kind() != want {
				t.Errorf("got %s, want %s", e.What.Kind(), want)
			}
		}
		if len(other.C) != 0 {
			t.Error("another account's events")
		}
		for range 2000 {
			add(c, "c1", event.Warned{})
			for len(mine.C) > 0 {
				<-mine.C
			}
		}
		n := 0
		for range slow.C {
			n++
		}
		if n != 1024 {
			t.Errorf("a slow follower got %d", n)
		}
		mine.Stop()
		mine.Stop()
		if _, open := <-mine.C; open {
			t.Error("still open")
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	c := observe.NewCalls(observe.Config{Journal: &journal{}, Logger: slog.New(slog.DiscardHandler)})
	defer c.Close()
	for i := range b.N {
		id := fmt.Sprint(i / 25)
		c.Add(event.Event{At: time.Now(), Call: id, What: event.Offered{Account: "a"}})
	}
}

// TestTriedLongAfter is a callback or a mail that is sent once the call is
// forgotten: it is written to its account's timeline, and makes no call record
// of its own.
func TestTriedLongAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := calls(t, j)
		add(c, "c1", event.Offered{Account: "a"}, event.Ended{By: "caller", Cause: "NORMAL_CLEARING"})
		time.Sleep(time.Hour)
		add(c, "c1", event.CalledBack{Event: "completed", Try: 9, Account: "a"})
		if _, known := c.Record("c1"); known || len(c.Live("")) != 0 {
			t.Error("the call is there again")
		}
		time.Sleep(time.Hour)
		add(c, "c1", event.Notified{To: "x@a.test", Try: 9, Account: "a"})
		time.Sleep(time.Hour)
		if got, want := kinds(t, c, "a", "c1"), []string{"offered", "ended", "called_back", "notified"}; !slices.Equal(got, want) {
			t.Errorf("kept %v", got)
		}
		if records, _ := j.Read(t.Context(), store.Window{Account: "a", Kind: observe.KindCDR}); len(records) != 1 {
			t.Errorf("%d call records", len(records))
		}
	})
}
