package recogniser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

var _ interface {
	Recognise(context.Context, audio.Utterance) (audio.Transcript, error)
	Configured() bool
} = (*Recogniser)(nil)

// second is a second of speech.
func second() audio.Utterance {
	return audio.Utterance{PCM: make([]int16, 16000), Rate: 16000, Language: "en-GB"}
}

// at is a recogniser that asks h.
func at(t *testing.T, cfg Config, h http.HandlerFunc) *Recogniser {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	cfg.Provider, cfg.URL = OpenAI, s.URL
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answers with what it is told to.
func answers(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// TestAsked is what a server is asked.
func TestAsked(t *testing.T) {
	var got struct{ path, auth, model, language, prompt, format string }
	var sound []byte
	r := at(t, Config{Key: "k", Model: "m"}, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		f, head, err := r.FormFile("file")
		if err != nil || head.Filename != "speech.wav" {
			t.Error(err)
			return
		}
		sound, _ = io.ReadAll(f)
		got.path, got.auth = r.URL.Path, r.Header.Get("Authorization")
		got.model, got.language = r.FormValue("model"), r.FormValue("language")
		got.prompt, got.format = r.FormValue("prompt"), r.FormValue("response_format")
		_, _ = io.WriteString(w, `{"text":" Sales,\n please. ","segments":[{"start":0,"end":1,"avg_logprob":-0.1},{"start":1,"end":4,"avg_logprob":-0.5}]}`)
	})
	u := second()
	u.Hints, u.PCM[5] = []string{"sales", "$OOV_CLASS_DIGITS", " support "}, 1000
	heard, err := r.Recognise(t.Context(), u)
	if err != nil || heard.Text != "Sales, please." {
		t.Fatalf("%+v, %v", heard, err)
	}
	if want := (math.Exp(-0.1) + 3*math.Exp(-0.5)) / 4; math.Abs(heard.Confidence-want) > 1e-9 {
		t.Errorf("confidence %v, want %v", heard.Confidence, want)
	}
	if fmt.Sprint(got) != "{/v1/audio/transcriptions Bearer k m en sales, support verbose_json}" {
		t.Errorf("asked %v", got)
	}
	back, format, err := audio.Decode(bytes.NewReader(sound))
	if err != nil || format != "wav" || back.Rate() != 16000 {
		t.Fatal(format, err)
	}
	var pcm []int16
	for buf := make([]int16, 1000); err == nil; {
		var n int
		n, err = back.ReadSamples(buf)
		pcm = append(pcm, buf[:n]...)
	}
	if len(pcm) != 16000 || pcm[5] != 1000 {
		t.Errorf("%d samples", len(pcm))
	}
}

// TestModels is which model is asked for, and whether verbosely.
func TestModels(t *testing.T) {
	for wanted, asked := range map[string]string{
		"": "whisper-1 verbose_json", "phone_call": "whisper-1 verbose_json", "googlev2_telephony": "whisper-1 verbose_json",
		"large-v3": "large-v3 verbose_json", "gpt-4o-transcribe": "gpt-4o-transcribe json",
	} {
		var got string
		r := at(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			got = r.FormValue("model") + " " + r.FormValue("response_format")
			_, _ = io.WriteString(w, `{"text":"yes"}`)
		})
		u := second()
		u.Model = wanted
		if heard, err := r.Recognise(t.Context(), u); err != nil || heard != (audio.Transcript{Text: "yes"}) || got != asked {
			t.Errorf("%s: asked for %s, want %s; %+v, %v", wanted, got, asked, heard, err)
		}
	}
}

// TestPlain is a server that knows no verbose answers: it is asked again, and
// from then on at once in its way.
func TestPlain(t *testing.T) {
	var asked []string
	r := at(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		format := r.FormValue("response_format")
		asked = append(asked, format)
		if format != "json" {
			http.Error(w, `{"error":{"message":"response_format must be json"}}`, http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, `{"text":"yes"}`)
	})
	for range 2 {
		if heard, err := r.Recognise(t.Context(), second()); err != nil || heard.Text != "yes" {
			t.Errorf("%+v, %v", heard, err)
		}
	}
	if got := strings.Join(asked, " "); got != "verbose_json json json" {
		t.Error(got)
	}
}

// TestNoise: what is no speech by its own measure is none.
func TestNoise(t *testing.T) {
	const thanks = `{"text":"Thank you for watching!","segments":[{"start":0,"end":2,"avg_logprob":%v,"no_speech_prob":%v}]}`
	for _, c := range []struct {
		logprob, no float64
		words       bool
	}{{-1.2, 0.9, false}, {-1.2, 0.1, true}, {-0.2, 0.9, true}} {
		heard, err := read(fmt.Appendf(nil, thanks, c.logprob, c.no))
		if err != nil || (heard.Text != "") != c.words {
			t.Errorf("%+v: %+v, %v", c, heard, err)
		}
	}
}

// TestFails is every way in which a server may not help.
func TestFails(t *testing.T) {
	for name, c := range map[string]struct {
		server http.HandlerFunc
		says   string
	}{
		"quota":    {answers(429, `{"error":{"message":"quota is gone"}}`), "429 Too Many Requests: quota is gone"},
		"key":      {answers(401, `{"error":"bad key"}`), "401 Unauthorized: bad key"},
		"detail":   {answers(422, `{"detail":"no such model"}`), "422 Unprocessable Entity: no such model"},
		"crash":    {answers(500, "oh no\nat line 5"), "500 Internal Server Error: oh no"},
		"mute":     {answers(502, ""), "502 Bad Gateway"},
		"moved":    {answers(304, ""), "304 Not Modified"},
		"a page":   {answers(200, "<html>Log in</html>"), "no transcription"},
		"nothing":  {answers(200, ""), "no transcription"},
		"no text":  {answers(200, `{"words":[]}`), "it has no text"},
		"odd text": {answers(200, `{"text":["yes"]}`), "no transcription"},
		"error":    {answers(200, `{"error":{"message":"model is loading"}}`), "the server says it failed: model is loading"},
		"huge":     {answers(200, `{"text":"`+strings.Repeat("a", maxAnswer)+`"}`), "more than 1048576 bytes"},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server sees the client go
			<-r.Context().Done()
		}, "no whole answer within 300ms"},
		"slow to end": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, `{"text":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "no whole answer within 300ms"},
		"cut off": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"text":"yes"`)
		}, "unexpected EOF"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"goes round": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		}, "redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Minute
			if strings.HasPrefix(name, "slow") {
				limit = 300 * time.Millisecond
			}
			r := at(t, Config{Timeout: limit}, c.server)
			heard, err := r.Recognise(t.Context(), second())
			if err == nil || !strings.Contains(err.Error(), c.says) || heard.Text != "" {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

// TestDead is a server that is not there.
func TestDead(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	r, err := New(Config{Provider: OpenAI, URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Recognise(t.Context(), second()); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}

// TestEnds with the call.
func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("hung up")
	r := at(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel(gone)
		<-r.Context().Done()
	})
	if _, err := r.Recognise(ctx, second()); !errors.Is(err, gone) {
		t.Error(err)
	}
}

// TestHostile is text that is not to be passed on as it is.
func TestHostile(t *testing.T) {
	for text, want := range map[string]string{
		`{"text":"a\u0000b\u001b[31m\r\nc"}`:                      "ab[31m c",
		"{\"text\":\"a\xff\xfeb\"}":                               "a\ufffd\ufffdb",
		`{"text":"` + strings.Repeat("ä", maxText+5) + `"}`:       strings.Repeat("ä", maxText),
		`{"text":"x","segments":[{"avg_logprob":900,"end":-5}]}`:  "x",
		`{"text":"x","segments":[{"confidence":-9e300,"end":1}]}`: "x",
	} {
		got, err := read([]byte(text))
		if err != nil || got.Text != want || got.Confidence < 0 || got.Confidence > 1 {
			t.Errorf("%.60s: %+v, %v", text, got, err)
		}
	}
}

// TestNothingToAsk: silence asks nobody, and too much speech nobody either.
func TestNothingToAsk(t *testing.T) {
	r := at(t, Config{}, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if heard, err := r.Recognise(t.Context(), audio.Utterance{Rate: 16000}); err != nil || heard.Text != "" {
		t.Error(heard, err)
	}
	if _, err := r.Recognise(t.Context(), audio.Utterance{Rate: 1, PCM: make([]int16, 601)}); err == nil {
		t.Error("no error")
	}
}

// TestNew is which settings are taken.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		cfg        Config
		configured bool
		err        string
	}{
		{Config{}, false, ""},
		{Config{Provider: None, URL: "x"}, false, ""},
		{Config{Provider: OpenAI, URL: "http://127.0.0.1:9/own/path"}, true, ""},
		{Config{Provider: "google"}, false, `provider: there is no "google"`},
		{Config{Provider: OpenAI}, false, "url: provider openai needs"},
		{Config{Provider: OpenAI, URL: "ftp://u:secret@x/"}, false, `not "ftp://u:xxxxx@x/"`},
		{Config{Provider: OpenAI, URL: "http://u:sec%zz@x/"}, false, "url: it cannot be read"},
		{Config{Provider: OpenAI, URL: "http://x", Timeout: -1}, false, "timeout: "},
	} {
		r, err := New(c.cfg)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: %v, want %s", c.cfg, err, c.err)
			}
			continue
		}
		if err != nil || r.Configured() != c.configured {
			t.Errorf("%+v: %t, %v", c.cfg, r.Configured(), err)
		}
	}
	for _, r := range []*Recogniser{nil, {none: true}} {
		if _, err := r.Recognise(t.Context(), second()); !errors.Is(err, ErrNone) || r.Configured() {
			t.Error(err)
		}
	}
}

// FuzzRead is what a server may answer.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"text":"yes","segments":[{"start":0,"end":1,"avg_logprob":-0.1,"no_speech_prob":0.2}]}`))
	f.Add([]byte(`{"error":{"message":"no"}}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := read(text)
		if got.Confidence < 0 || got.Confidence > 1 || len([]rune(got.Text)) > maxText || err != nil && got.Text != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if said := complaint(text); strings.ContainsAny(said, "\n\x00\x1b") || len([]rune(said)) > 310 {
			t.Errorf("%q", said)
		}
	})
}
