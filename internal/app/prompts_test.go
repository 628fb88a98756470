package app_test

import (
	"bytes"
	"log/slog"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/trial"
)

// command is a block of shell in Markdown and its name.
var command = regexp.MustCompile("(?ms)^```sh (\\w+)\n(.*?)^```$")

// TestPromptsPage does what docs/prompts.md shows, and calls in between: the
// tone of the file is heard in the place of the prompt, or the text is.
func TestPromptsPage(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("PIVOT_STRANGERS") == "required" {
			t.Fatal("curl is not installed")
		}
		t.Skip("curl is not installed")
	}
	page, err := os.ReadFile("../../docs/prompts.md")
	if err != nil {
		t.Fatal(err)
	}
	a, dir := start(t, nil), t.TempDir()
	goodbye(t, filepath.Join(dir, "goodbye.wav"))
	create(t, a, "/callflows", `{"numbers":["700"],"flow":{"module":"answer","data":{},"children":{"_":
		{"module":"audio_macro","data":{"macros":[{"macro":"prompt","id":"vm-goodbye"}]}}}}}`)
	if hears(t, a) {
		t.Error("the tone is heard before it is there")
	}
	after := map[string]bool{"replace": true, "text": true, "undo": false, "server": true}
	for _, m := range command.FindAllSubmatch(page, -1) {
		sh := exec.CommandContext(t.Context(), "sh", "-e", "-c", string(m[2]))
		sh.Dir = dir
		sh.Env = append(os.Environ(), "API=http://"+a.HTTP()+"/v2", "ACCOUNT="+a.Credentials.AccountID, "TOKEN="+a.Credentials.APIKey)
		if out, err := sh.CombinedOutput(); err != nil || !bytes.Contains(out, []byte(`"status":"success"`)) {
			t.Fatalf("%s: %v\n%s", m[1], err, out)
		}
		want, known := after[string(m[1])]
		if got := hears(t, a); got != want || !known {
			t.Errorf("after %s: the tone is heard: %v", m[1], got)
		}
		delete(after, string(m[1]))
	}
	if len(after) > 0 {
		t.Errorf("not on the page: %v", after)
	}
	for _, name := range []string{"heard.wav", "ours.wav"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.HasPrefix(b, []byte("RIFF")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// goodbye writes a second of 700 Hz.
func goodbye(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := audio.NewWAVWriter(f, 8000, 1)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, 8000)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*700*float64(i)/8000))
	}
	if err := w.Write(pcm); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// hears calls 700 and says whether its tone was heard for most of a second,
// in pieces perhaps: a machine that is busy sends some frames late.
func hears(t *testing.T, a *app.App) bool {
	t.Helper()
	ear := audio.NewEar(8000, map[string]float64{"tone": 700})
	if _, err := dial(t, a, "700", phone.Options{Heard: ear, Limit: time.Minute}); err != nil {
		t.Fatal(err)
	}
	long := time.Duration(0)
	for _, h := range ear.Heard() {
		long += h.To - h.From
	}
	return long > 800*time.Millisecond
}

// TestPromptsAhead has all prompts made after the start, by the setting.
func TestPromptsAhead(t *testing.T) {
	log := &lines{}
	cfg, err := config.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data, cfg.HTTP, cfg.SIP = t.TempDir(), "127.0.0.1:0", []config.Listen{config.Loopback(0)}
	cfg.Voices.Provider, cfg.Voices.Prompts = "builtin", true
	began := time.Now()
	a, err := app.Start(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	started := time.Since(began)
	defer a.Close(t.Context())
	trial.Eventually(t, func() string {
		if said := log.String(); !strings.Contains(said, "all prompts are spoken") {
			return "not all prompts are spoken:\n" + said
		}
		return ""
	})
	kept, err := filepath.Glob(filepath.Join(cfg.Data, "speech", "*.say"))
	if err != nil || len(kept) < 100 {
		t.Errorf("%d are kept, %v", len(kept), err)
	}
	t.Logf("started after %v, all made after %v", started, time.Since(began))
}

// lines is what was logged.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestLanguageOfTheAccount is that of its calls: prompts are heard in it.
func TestLanguageOfTheAccount(t *testing.T) {
	a, dir := start(t, nil), t.TempDir()
	goodbye(t, filepath.Join(dir, "goodbye.wav"))
	wav, err := os.ReadFile(filepath.Join(dir, "goodbye.wav"))
	if err != nil {
		t.Fatal(err)
	}
	create(t, a, "/callflows", `{"numbers":["700"],"flow":{"module":"answer","data":{},"children":{"_":
		{"module":"audio_macro","data":{"macros":[{"macro":"prompt","id":"vm-goodbye"}]}}}}}`)
	create(t, a, "/media", `{"name":"Auf Wiedersehen","prompt_id":"vm-goodbye","language":"de"}`)
	ask(t, a, http.MethodPost, "/media/de%2Fvm-goodbye/raw", string(wav))
	if hears(t, a) {
		t.Error("German is heard on an English call")
	}
	ask(t, a, http.MethodPatch, "", `{"data":{"language":"DE-at"}}`)
	if !hears(t, a) {
		t.Error("German is not heard on a German call")
	}
}
