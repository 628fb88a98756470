package actions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
)

// TestFunction runs what a function answers and comes back; what goes wrong
// takes "error", else "_".
func TestFunction(t *testing.T) {
	const id = "5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a"
	for _, c := range []struct{ id, answer, heard, fails string }{
		{id, `{"module":"tts","data":{"text":"Hi"}}`, `answer|hear say "Hi" female en-us|hear acme back|`, ""},
		{id, `{"module":"hangup"}`, ``, ""},
		{id, ``, "answer|hear acme back|", "function.empty"},
		{id, `{"module":"fly"}`, "answer|hear acme back|", "function.schema"},
		{id, `{"module":`, "answer|hear acme back|", "function.parse"},
		{id, event.FailStatus, "answer|hear acme back|", "function.status"},
		{id, event.FailGuard, "answer|hear acme back|", "function.guard"},
		{id, "hang", "answer|hear acme back|", "function.timeout"},
		{"other", ``, "answer|hear acme back|", "function.missing"},
		{"", ``, "answer|hear acme back|", "function.missing"},
	} {
		for _, child := range []string{"_", "error"} {
			if child == "error" && c.fails == "" {
				continue
			}
			d := deps(nil)
			web := &site{answers: map[string]string{"https://example.com/today": c.answer}}
			d.Web = web
			heard, j := with(t, d, fmt.Sprintf(`{"module":"function","data":{"id":%q},"children":{%q:{"module":"play","data":{"id":"back"}}}}`, c.id, child))
			if rest, ok := strings.CutPrefix(heard, c.heard); !ok || strings.Contains(rest, "|") {
				t.Errorf("%s: heard %q", c.answer, heard)
			}
			failed := of[event.Failed](j)
			if (c.fails != "") != (len(failed) == 1) || c.fails != "" && failed[0].Code != c.fails {
				t.Errorf("%s: failed %+v", c.answer, failed)
			}
			if c.id != id {
				continue
			}
			if r := web.requests(); len(r) != 1 || r[0].Method != "POST" || r[0].ContentType != "application/json" ||
				!strings.Contains(string(r[0].Body), `"Call-ID":"c1"`) || r[0].Timeout != 5*time.Second {
				t.Errorf("%s: asked %+v", c.answer, r)
			}
			if decoded := of[event.Decoded](j); (c.fails == "") != (len(decoded) == 1) {
				t.Errorf("%s: decoded %+v", c.answer, decoded)
			}
		}
	}
}

// TestFunctionRelative: the URLs in its answer start from its own, and digits
// that it was told are not told again.
func TestFunctionRelative(t *testing.T) {
	d := deps(nil)
	web := &site{answers: map[string]string{
		"https://example.com/today": `{"module":"pivot","data":{"voice_url":"next"}}`,
		"https://example.com/next":  `{"module":"answer"}`,
	}}
	d.Web = web
	with(t, d, `{"module":"collect_dtmf","data":{"max_digits":2},"children":{"_":{"module":"function","data":{"id":"5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a"}}}}`,
		presses(time.Second, "12"))
	r := web.requests()
	if len(r) != 2 || r[1].URL != "https://example.com/next" || !strings.Contains(string(r[0].Body), `"Digits":"12"`) || r[1].Params.Has("Digits") {
		t.Errorf("asked %+v", r)
	}
}

// TestFunctionRound is a function that leads to itself: it ends.
func TestFunctionRound(t *testing.T) {
	d := deps(nil)
	d.Web = &site{answers: map[string]string{"https://example.com/today": `{"module":"function","data":{"id":"5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a"}}`}}
	_, j := with(t, d, `{"module":"function","data":{"id":"5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a"}}`)
	if failed := of[event.Failed](j); len(failed) != 1 || failed[0].Code != "flow.too_deep" {
		t.Errorf("%+v", failed)
	}
}

// TestFunctionUnread: functions that cannot be read are not taken for none.
func TestFunctionUnread(t *testing.T) {
	d := deps(nil)
	d.Documents = documents.Library{Docs: sick{d.Documents.Docs, "function", ""}}
	_, j := with(t, d, `{"module":"function","data":{"id":"5e2c1f0a9b8d4c7e6f5a4b3c2d1e0f9a"}}`)
	if failed := of[event.Failed](j); len(failed) != 1 || failed[0].Code != "function.unreadable" {
		t.Errorf("%+v", failed)
	}
}
