package calls

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/schema"
)

// TestWindow is the time that lists of what happened span.
func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	h := New(Config{Now: func() time.Time { return now }})
	ago := func(d time.Duration) string { return fmt.Sprint(gregorian.Seconds(now.Add(-d))) }
	const day = 24 * time.Hour
	for _, test := range []struct {
		from, to   string
		begin, end time.Time // the zero time for both is a refusal
	}{
		{"", "", now.Add(-maxWindow), now},
		{ago(day), "", now.Add(-day), now},
		{ago(40 * day), "", now.Add(-40 * day), now.Add(-40 * day).Add(maxWindow)},
		{"", ago(day), now.Add(-day - maxWindow + time.Second - 1), now.Add(-day + time.Second - 1)},
		{ago(2 * day), ago(day), now.Add(-2 * day), now.Add(-day + time.Second - 1)},
		{ago(day), ago(2 * day), time.Time{}, time.Time{}},
		{ago(40 * day), ago(day), time.Time{}, time.Time{}},
		{"yesterday", "", time.Time{}, time.Time{}},
		{"", "-1", time.Time{}, time.Time{}},
	} {
		r := &rest.Request{Query: url.Values{}}
		for name, v := range map[string]string{"created_from": test.from, "created_to": test.to} {
			if v != "" {
				r.Query.Set(name, v)
			}
		}
		begin, end, err := h.window(r)
		if faults, _ := errors.AsType[schema.Faults](err); test.end.IsZero() {
			if len(faults) != 1 || faults[0].Rule != "date_range" {
				t.Errorf("%s to %s: %v", test.from, test.to, err)
			}
		} else if err != nil || !begin.Equal(test.begin) || !end.Equal(test.end) {
			t.Errorf("%s to %s: %v to %v, %v", test.from, test.to, begin, end, err)
		}
	}
}

func TestMonth(t *testing.T) {
	for id, want := range map[string]string{
		"202611-abc": "abc", "202611-a-b": "a-b", "202611-": "", "202613-abc": "", "abc": "", "abc-def": "",
	} {
		if call, begins, ok := month(id); ok != (want != "") || ok && (call != want || begins.Month() != time.November) {
			t.Errorf("%s: %q %v %v", id, call, begins, ok)
		}
	}
}

// running are calls that go on until they are hung up.
type running struct {
	Known
	ids   []string
	ended []string
}

func (c *running) Live(account string) (all []cdr.Record) {
	if account != "a" {
		return nil
	}
	for _, id := range c.ids {
		all = append(all, cdr.Record{CallID: id})
	}
	return all
}

func (c *running) Interrupt(call string, _ flow.Next) bool {
	c.ended = append(c.ended, call)
	return true
}

// TestHangUp ends the calls of one account, where calls can be ended.
func TestHangUp(t *testing.T) {
	c := &running{ids: []string{"x", "y"}}
	New(Config{Calls: c}).HangUp("a", "because")
	h := New(Config{Calls: c, Interrupter: c})
	h.HangUp("b", "because")
	if len(c.ended) > 0 {
		t.Errorf("%v are ended", c.ended)
	}
	if h.HangUp("a", "because"); len(c.ended) != 2 {
		t.Errorf("%v are ended", c.ended)
	}
}
