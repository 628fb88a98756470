package e2e

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// beep is a callflow that answers, is heard for half a second and hangs up.
const beep = `{"module":"play","data":{"id":"tone_stream://%(500,0,440)"},"children":{"_":{"module":"hangup","data":{}}}}`

// TestSIPp has a stranger's user agent go through the life of calls.
func TestSIPp(t *testing.T) {
	stranger(t, "sipp")
	s := serve(t)
	s.callflow("200", beep)
	s.callflow("201", `{"module":"sleep","data":{"duration":30}}`)
	s.callflow("202", `{"module":"echo","data":{}}`)
	for _, tc := range []struct{ scenario, number, cause, by string }{
		{"call", "200", "NORMAL_CLEARING", "us"},
		{"late", "200", "NORMAL_CLEARING", "us"},
		{"retransmit", "200", "NORMAL_CLEARING", "us"},
		{"cancel", "201", "ORIGINATOR_CANCEL", "caller"},
		{"hold", "202", "NORMAL_CLEARING", "caller"},
	} {
		for _, transport := range []string{"u1", "t1"} {
			if transport == "t1" && tc.scenario == "retransmit" {
				continue // nothing is sent twice over TCP
			}
			t.Run(tc.scenario+"/"+transport, func(t *testing.T) {
				s.t = t
				before := len(s.records(tc.number, 0))
				s.sipp(tc.scenario, tc.number, 5, 5, "-t", transport)
				for _, r := range s.records(tc.number, before+5)[:5] {
					if r.Cause != tc.cause || r.By != tc.by {
						t.Errorf("%s by %s (%s), want %s by %s", r.Cause, r.By, r.Why, tc.cause, tc.by)
					}
				}
			})
		}
	}
	s.t = t
	checkHold(t, s)
	checkRetransmission(t, s)
}

// checkRetransmission finds the 200 that was sent again while its ACK did not
// come, and a BYE that waited for it.
func checkRetransmission(t *testing.T, s *server) {
	t.Helper()
	s.callflow("204", beep)
	s.sipp("retransmit", "204", 1, 1)
	answers, acked := 0, false
	for _, e := range s.events(s.records("204", 1)[0].CallID) {
		line, _ := e.Data["line"].(string)
		switch {
		case strings.HasPrefix(line, "SIP/2.0 200") && e.Data["cseq"] == "1 INVITE":
			answers++
		case strings.HasPrefix(line, "ACK"):
			acked = true
		case strings.HasPrefix(line, "BYE") && !acked:
			t.Error("BYE before the ACK")
		}
	}
	if answers < 3 || !acked {
		t.Errorf("200 was sent %d times", answers)
	}
}

// checkHold reads the hold and the resume off a timeline.
func checkHold(t *testing.T, s *server) {
	t.Helper()
	var held []any
	for _, e := range s.events(s.records("202", 1)[0].CallID) {
		if e.Kind == "held" {
			held = append(held, e.Data["on"])
		}
	}
	if !slices.Equal(held, []any{true, true, false}) && !slices.Equal(held, []any{true, false}) {
		t.Errorf("held %v", held)
	}
}

// TestSIPpKeys presses keys by RFC 4733 that reach the web server.
func TestSIPpKeys(t *testing.T) {
	stranger(t, "sipp")
	var mu sync.Mutex
	var digits []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/keys" {
			mu.Lock()
			digits = append(digits, r.URL.Query().Get("Digits"))
			mu.Unlock()
			_, _ = w.Write([]byte(`{"module":"hangup","data":{}}`))
			return
		}
		_, _ = w.Write([]byte(`{"module":"collect_dtmf","data":{"max_digits":4},"children":{"_":` +
			`{"module":"pivot","data":{"voice_url":"http://` + r.Host + `/keys"}}}}`))
	}))
	defer web.Close()
	s := serve(t)
	s.callflow("203", `{"module":"pivot","data":{"voice_url":"`+web.URL+`/voice"}}`)
	s.sipp("dtmf", "203", 3, 3)
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(digits, " ") != "1234 1234 1234" {
		t.Errorf("the web server got %q", digits)
	}
}

// TestSIPpLoad is 200 calls a second for 30 seconds without a failed call.
func TestSIPpLoad(t *testing.T) {
	stranger(t, "sipp")
	if testing.Short() {
		t.Skip("30 seconds of load with -short")
	}
	s := serve(t)
	s.callflow("200", beep)
	s.sipp("call", "200", 6000, 200, "-l", "1000")
	for _, r := range s.records("200", 6000) {
		if r.Cause != "NORMAL_CLEARING" {
			t.Errorf("%s: %s %s", r.CallID, r.Cause, r.Why)
		}
	}
}
