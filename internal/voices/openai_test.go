package voices

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// server answers with h and gives its address.
func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// wavFile is a second of sound as bytes.
func wavFile(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.wav")
	writeWAV(t, path, 16000)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenAISpeaks(t *testing.T) {
	wav := wavFile(t)
	var asked map[string]string
	var path, auth string
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		path, auth = r.URL.Path, r.Header.Get("Authorization")
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "audio/mpeg") // not so: the content counts
		_, _ = w.Write(wav)
	})
	v := open(t, Config{Provider: "openai", URL: url, Key: "k", Model: "m"})
	sound, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello", Voice: "male"})
	if err != nil || len(facts) != 1 || facts[0].(event.Spoken).Provider != "openai" {
		t.Fatalf("%+v, %v", facts, err)
	}
	if n := frames(t, sound); n != 50 {
		t.Errorf("%d frames", n)
	}
	want := map[string]string{"model": "m", "input": "Hello", "voice": "onyx", "response_format": "wav"}
	if path != openaiPath || auth != "Bearer k" || fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked %s with %s for %v", path, auth, asked)
	}
}

func TestOpenAIFails(t *testing.T) {
	wav := wavFile(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server sees the client go
			<-r.Context().Done()
		}, "no whole answer within"},
		"json error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"error":{"message":"quota is gone"}}`)
		}, "429 Too Many Requests: quota is gone"},
		"plain error": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "oh no\nmore", http.StatusInternalServerError)
		}, "500 Internal Server Error: oh no"},
		"error as text": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"detail":"no such voice"}`)
		}, "no such voice"},
		"wrong type": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>Log in</html>")
		}, "HTML"},
		"empty":     {func(http.ResponseWriter, *http.Request) {}, "empty"},
		"head only": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wav[:44]) }, "no sound came"},
		"cut in the head": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write(wav[:20])
		}, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Minute
			if name == "slow" {
				limit = 300 * time.Millisecond
			}
			v := open(t, Config{Provider: "openai", URL: server(t, c.answer), Timeout: limit})
			_, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello"})
			if err != nil || !warned(facts, "say.fallback") {
				t.Fatalf("%+v, %v", facts, err)
			}
			if m := facts[0].(event.Warned).Message; !strings.Contains(m, c.says) {
				t.Errorf("%q does not say %q", m, c.says)
			}
		})
	}
}

// TestOpenAIBreaksOff: what was cut off while it was playing is an error of
// the sound, and is not kept.
func TestOpenAIBreaksOff(t *testing.T) {
	wav := wavFile(t)
	url := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(wav)))
		_, _ = w.Write(wav[:len(wav)/2])
	})
	dir := t.TempDir()
	v := open(t, Config{Provider: "openai", URL: url, CacheDir: dir})
	sound, _, err := v.Say(t.Context(), audio.Speech{Text: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	clip := sound.(*audio.Clip)
	<-clip.Done()
	if clip.Err() == nil {
		t.Error("half a sound is taken for a whole one")
	}
	if left, _ := filepath.Glob(dir + "/*" + diskEnd); len(left) > 0 {
		t.Errorf("kept %v", left)
	}
}

// TestOpenAIIsHuge reads no more than the limit.
func TestOpenAIIsHuge(t *testing.T) {
	d := &download{body: io.NopCloser(endless{}), left: 1000, cancel: func() {}, cause: func() error { return nil }}
	n, err := io.Copy(io.Discard, d)
	if n != 1000 || err == nil {
		t.Errorf("read %d bytes: %v", n, err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestDeadServerIsLeftInPeace: the second call does not wait for it again.
func TestDeadServerIsLeftInPeace(t *testing.T) {
	asked := 0
	url := server(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusBadGateway)
	})
	v := open(t, Config{Provider: "openai", URL: url})
	for _, text := range []string{"one", "two"} {
		if _, facts, err := v.Say(t.Context(), audio.Speech{Text: text}); err != nil || !warned(facts, "say.fallback") {
			t.Errorf("%s: %+v, %v", text, facts, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestOpenAISettings(t *testing.T) {
	for _, url := range []string{"", "ftp://x", "speech.example.com", "http://", ":"} {
		if _, err := New(Config{Provider: "openai", URL: url}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	o, err := newOpenAI(Config{URL: "http://h/tts?x=1"})
	if err != nil || o.url != "http://h/tts?x=1" {
		t.Errorf("%+v, %v", o, err)
	}
}
