package api

import (
	"strings"
	"testing"
)

// TestKeepSound: what a caller records is media like any other.
func TestKeepSound(t *testing.T) { onEach(t, testKeepSound) }

func testKeepSound(t *testing.T, w *world) {
	t.Helper()
	id, err := w.Sounds().Keep(t.Context(), w.creds.AccountID, strings.Repeat("ä", 200), 8000, make([]int16, 800))
	if err != nil {
		t.Fatal(err)
	}
	doc := w.must(200, "GET A/media/"+id, "").text
	if !strings.Contains(doc, `"media_source":"recording"`) || !strings.Contains(doc, `"content_length":1644`) ||
		!strings.Contains(doc, `"`+strings.Repeat("ä", 128)+`"`) {
		t.Error(doc)
	}
	if raw := w.must(200, "GET A/media/"+id+"/raw", "").text; raw != string(wavOf(t, 800)) {
		t.Errorf("%d bytes", len(raw))
	}
	if _, err := w.Sounds().Keep(t.Context(), w.creds.AccountID, "", 8000, nil); err == nil {
		t.Error("a name is needed")
	}
	nowhere := New(Config{Docs: w.store.Docs, Calls: w.calls}).Sounds()
	if _, err := nowhere.Keep(t.Context(), w.creds.AccountID, "x", 8000, nil); err == nil {
		t.Error("kept nowhere")
	}
}
