package sip

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
)

// torture is where the messages of RFC 4475 are: beside the library's own
// tests, in the module cache.
func torture(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		t.Skip("the module cache cannot be asked for sipgo")
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "sip", "testdata", "torture")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("sipgo's torture messages are not in the module cache")
	}
	return dir
}

// tortured is the right answer to each: the statuses that RFC 4475 allows a
// user agent like ours, "" for silence, "call" for a call.
var tortured = map[string]string{
	"dblreq": "405", "esc01": "call", "esc02": "501", "escnull": "405", "intmeth": "501", "longreq": "call", "lwsdisp": "200",
	"mpart01": "405", "noreason": "", "semiuri": "200", "transports": "200", "unreason": "",
	"wsinv": "481", // it has a To tag: of a call that we do not know

	"badaspec": "400 200", "badbranch": "400", "baddate": "400", "baddn": "400 200", "badinv01": "400", "badvers": "505",
	"bcast": "", "bext01": "420", "bigcode": "", "clerr": "400", "cparam01": "405", "cparam02": "405", "escruri": "400",
	"insuf": "400", "inv2543": "call", "invut": "415", "ltgtruri": "400", "lwsruri": "400", "lwsstart": "400", "mcl01": "400",
	"mismatch01": "400", "mismatch02": "400 501", "multi01": "400", "ncl": "400", "novelsc": "416", "quotbal": "400",
	"regaut01": "405", "regbadct": "400 405", "regescrt": "405", "scalar02": "400", "scalarlg": "", "sdp01": "406",
	"test": "", // no Via: nobody could be told
	"trws": "400 200", "unkscm": "416", "unksm2": "400 405", "zeromf": "200",
}

// TestTorture sends RFC 4475's messages to a live server: the right answer or
// silence, and no call that should not be. A good call still works after.
func TestTorture(t *testing.T) {
	dir := torture(t)
	var mu sync.Mutex
	calls := map[string]bool{}
	s := start(t, func(ctx context.Context, l call.Leg) {
		mu.Lock()
		calls[l.Info().ID] = true
		mu.Unlock()
		if l.Info().ID != "good" {
			_ = l.Hangup(ctx, call.Cause{Name: "USER_BUSY"})
			return
		}
		answerAndWait(ctx, l)
	})
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.dat"))
	if err != nil || len(files) < len(tortured) {
		t.Fatalf("%d messages, %v", len(files), err)
	}
	sort.Strings(files)
	expected := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".dat")
		want, known := tortured[name]
		if !known {
			t.Errorf("%s: nobody knows what should come of it", name)
		}
		if want == "call" {
			expected++
		}
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h := newHandset(t, s.udp(t))
			h.send(string(b))
			if want == "call" {
				h.expect("486")
				return
			}
			if got := final(h); got != want && (got == "" || !strings.Contains(want, got)) {
				t.Errorf("answered %q, not %q", got, want)
			}
		})
	}
	mu.Lock()
	if len(calls) != expected {
		t.Errorf("%d calls came of it, not %d: %v", len(calls), expected, calls)
	}
	mu.Unlock()
	h := newHandset(t, s.udp(t))
	h.id = "good"
	h.call()
	h.send(h.request("BYE", ""))
	h.expect("200")
}

// final is the status that a message was answered with, "" if none was: then
// the answer to a probe behind it comes first.
func final(h *handset) string {
	h.send(h.request("OPTIONS", ""))
	m, ok := h.read()
	switch {
	case !ok:
		return "nothing at all"
	case head(m, "Call-ID") == h.id:
		return ""
	}
	return strings.TrimPrefix(m, "SIP/2.0 ")[:3]
}
