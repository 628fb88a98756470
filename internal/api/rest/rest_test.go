package rest

import (
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"a":1},"Auth-Token":"x"}`, `{"data":[]}`, `a=b&data=c`, `{`, `[[[`, `{"data":"\ud800"}`, "\xff", `{"data":{}}x`,
	} {
		for _, kind := range []string{"", "application/json", "application/x-www-form-urlencoded", "audio/wav", ";;"} {
			f.Add(kind, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		e, err := parseEnvelope(kind, body)
		if err != nil {
			if asError(err, "") == nil {
				t.Errorf("%v is no answer", err)
			}
			return
		}
		if e.data == nil || e.aside == nil {
			t.Errorf("%+v", e)
		}
		for k := range e.aside {
			if strings.Contains(k, "-") || k == "data" {
				t.Errorf("beside data: %q", k)
			}
		}
	})
}

func FuzzAccept(f *testing.F) {
	offers := []string{TypeJSON, TypeCSV, TypeEvents}
	for _, seed := range []string{"*/*", "text/csv;q=0.5, application/json;q=0.4", "text/*", "text/event-stream", "a/b;q=NaN", ",,;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if got := Choose(accept, offers); got != "" && !slices.Contains(offers, got) {
			t.Errorf("%q", got)
		}
	})
}

func TestAccept(t *testing.T) {
	offers := []string{TypeJSON, TypeCSV, TypeEvents}
	for accept, want := range map[string]string{
		"": TypeJSON, "*/*": TypeJSON, "text/csv": TypeCSV, "text/*": TypeCSV, "application/x-json": TypeJSON,
		"text/csv;q=0.5, application/json;q=0.4": TypeCSV, "text/event-stream": TypeEvents, "image/png": "",
		"text/html, */*;q=0.1": TypeJSON, "text/csv;q=0": "",
	} {
		if got := Choose(accept, offers); got != want {
			t.Errorf("%q: %q, not %q", accept, got, want)
		}
	}
}

func TestSource(t *testing.T) {
	s := served()
	for _, test := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:1", "", "192.0.2.1"},
		{"192.0.2.1:1", "10.0.0.1", "192.0.2.1"},
		{"127.0.0.1:1", "10.0.0.1", "10.0.0.1"},
		{"127.0.0.1:1", "1.1.1.1, 10.0.0.1", "10.0.0.1"},
		{"[::1]:1", "10.0.0.1, 127.0.0.1", "10.0.0.1"},
		{"127.0.0.1:1", "nonsense", "127.0.0.1"},
		{"127.0.0.1:1", "", "127.0.0.1"},
		{"[::ffff:192.0.2.1]:1", "", "192.0.2.1"},
	} {
		req := httptest.NewRequest("GET", "/", nil)
		req.RemoteAddr = test.peer
		if test.forwarded != "" {
			req.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := s.source(req).String(); got != test.want {
			t.Errorf("%s for %s: %s", test.peer, test.forwarded, got)
		}
	}
}

// TestFullDisk is told in words.
func TestFullDisk(t *testing.T) {
	for _, err := range []error{store.ErrFull, syscall.ENOSPC, &os.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}} {
		e := asError(fmt.Errorf("save: %w", err), "")
		if e == nil || e.Status != 503 || e.Message != "datastore_fault" {
			t.Errorf("%v: %+v", err, e)
		}
	}
}

// TestHarmless is what a spreadsheet would run.
func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{"+49 30 1": "+49 30 1", "-1": "-1", "-2+3": "'-2+3", "@x": "'@x", "x": "x"} {
		if got := harmless(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
