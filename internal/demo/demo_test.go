package demo

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/examples/menu"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestRun is the demonstration itself: a real call over loopback.
func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	heard := filepath.Join(t.TempDir(), "heard.wav")
	err := Run(t.Context(), Options{Out: &out, Log: slog.New(slog.NewTextHandler(&out, nil)), Save: heard})
	if err != nil || strings.Contains(out.String(), "✗") {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, file := range []string{heard, beside(heard)} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	f, err := os.Open(heard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sound, format, err := audio.Decode(f)
	if err != nil || format != "wav" {
		t.Fatalf("%s, %v", format, err)
	}
	samples := make([]int16, 20*sound.Rate())
	if n, err := io.ReadFull(reader{sound}, bytesOf(samples)); n < 2*5*sound.Rate() {
		t.Errorf("%d bytes of sound, %v", n, err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// reader reads samples as bytes, only to count them.
type reader struct{ audio.Reader }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.ReadSamples(make([]int16, len(p)/2))
	return 2 * n, err
}

func bytesOf(s []int16) []byte { return make([]byte, 2*len(s)) }

// TestFacts has a call in which nothing happened: every point must say so.
func TestFacts(t *testing.T) {
	silent := &hearing{ear: audio.NewEar(8000, menu.ChimeTones())}
	nothing := placed{heard: silent}
	for _, f := range append(facts(nothing), menuFacts(nothing)...) {
		if f.true {
			t.Errorf("happened in a call that was not: %s", f.says)
		}
	}
	wrong := []event.Event{
		{What: event.Fetched{Failure: "status"}}, {What: event.Fetched{SentBody: "Digits=1234"}}, {What: event.Pressed{Key: "9"}},
	}
	r := phone.Result{Answered: time.Second, Done: true, Cause: call.Cause{By: call.ByUs}}
	n := 0
	for _, f := range facts(placed{wrong, silent, r}) {
		if f.true {
			n++
		}
	}
	if n != 1 { // it was answered, and nothing else is right
		t.Errorf("%d points hold", n)
	}
}
