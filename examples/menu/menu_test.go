package menu

import (
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// asked is what the application answers to a page, as one line: the modules
// with what matters of their data.
func asked(t *testing.T, method, page string, params url.Values) string {
	t.Helper()
	var r *http.Request
	if method == http.MethodGet {
		sep := "?"
		if strings.Contains(page, "?") {
			sep = "&"
		}
		r = httptest.NewRequestWithContext(t.Context(), method, page+sep+params.Encode(), nil)
	} else {
		r = httptest.NewRequestWithContext(t.Context(), method, page, strings.NewReader(params.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	Handler("http://app.test/").ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d %s", page, w.Code, w.Header().Get("Content-Type"))
	}
	var flow *step
	if err := json.Unmarshal(w.Body.Bytes(), &flow); err != nil {
		t.Fatal(err)
	}
	var line []string
	for s := flow; s != nil; s = s.Children["_"] {
		word := s.Module
		for _, key := range []string{"text", "id", "voice_url"} {
			if v, ok := s.Data[key].(string); ok {
				word += " " + v
			}
		}
		line = append(line, word)
		if s.Module == "pivot" {
			break // below it is what happens when the application is not there
		}
	}
	return strings.Join(line, " | ")
}

func TestPages(t *testing.T) {
	const choices = "tts For the time, press 1. For a sound, press 2. To hear this again, press 9. | collect_dtmf | "
	for _, x := range []struct{ page, digits, want string }{
		{"/voice", "", "tts Welcome to Pivot. | play http://app.test/chime.wav | " +
			"tts Please enter your four digit code. | collect_dtmf | pivot http://app.test/code"},
		{"/code", "1234", "tts You entered 1 2 3 4. Goodbye. | hangup"},
		{"/code", "12", "tts Sorry, I need four digits. Please enter your code. | collect_dtmf | pivot http://app.test/code?try=2"},
		{"/code?try=2", "", "tts Sorry, I need four digits. Please enter your code. | collect_dtmf | pivot http://app.test/code?try=3"},
		{"/code?try=2", "0000", "tts You entered 0 0 0 0. Goodbye. | hangup"},
		{"/code?try=3", "12*4", "tts Sorry, that did not work. Goodbye. | hangup"},
		{"/code?try=x", "12345", "tts Sorry, I need four digits. Please enter your code. | collect_dtmf | pivot http://app.test/code?try=2"},
		{"/menu", "", choices + "pivot http://app.test/menu?try=1"},
		{"/menu?try=1", "9", choices + "pivot http://app.test/menu?try=1"},
		{"/menu?try=1", "2", "play http://app.test/chime.wav | " + choices + "pivot http://app.test/menu?try=1"},
		{"/menu?try=1", "5", "tts Sorry, that is not one of the choices. | " + choices + "pivot http://app.test/menu?try=2"},
		{"/menu?try=3", "", "tts Goodbye. | hangup"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			params := url.Values{"Call-ID": {"1@h"}}
			if x.digits != "" {
				params.Set("Digits", x.digits)
			}
			if got := asked(t, method, x.page, params); got != x.want {
				t.Errorf("%s %s Digits=%s\ngot  %s\nwant %s", method, x.page, x.digits, got, x.want)
			}
		}
	}
	if got := asked(t, http.MethodPost, "/menu?try=1", url.Values{"Digits": {"1"}}); !strings.HasPrefix(got, "tts It is ") {
		t.Error(got)
	}
}

// TestWithoutBase believes the Host that the request was for.
func TestWithoutBase(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://here.test:99/voice", nil)
	w := httptest.NewRecorder()
	Handler("").ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"http://here.test:99/chime.wav"`) {
		t.Error(w.Body)
	}
}

func TestChime(t *testing.T) {
	w := httptest.NewRecorder()
	Handler("").ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/chime.wav", nil))
	b := w.Body.Bytes()
	if w.Header().Get("Content-Type") != "audio/wav" || string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " {
		t.Fatalf("%q", b[:16])
	}
	if n := binary.LittleEndian.Uint32(b[4:]); int(n) != len(b)-8 {
		t.Errorf("the file says it has %d bytes of %d", n, len(b))
	}
	if n := binary.LittleEndian.Uint32(b[40:]); int(n) != len(b)-44 || n != 2*rate*13/10 {
		t.Errorf("the sound says it has %d bytes of %d", n, len(b)-44)
	}
}
