package api

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/resource"
)

// mouth speaks with silence of a tenth of a second a letter, and counts.
type mouth struct{ said []audio.Speech }

func (m *mouth) Say(ctx context.Context, text audio.Speech) (audio.Sound, []event.Fact, error) {
	m.said = append(m.said, text)
	if text.Text == "mute" {
		return nil, nil, errors.New("nobody can speak this")
	}
	var facts []event.Fact
	if strings.Contains(text.Voice, "de-DE") {
		facts = append(facts, event.Warned{Code: "say.language", Message: "read as English"})
	}
	length := time.Duration(len(text.Text)) * 100 * time.Millisecond
	sound := audio.Silence(length)
	if len(text.Text) > 10 { // a clip, as voices make
		pcm, err := audio.Linear(ctx, sound)
		if err != nil {
			return nil, nil, err
		}
		sound = audio.NewClip("clip", pcm)
	}
	return sound, facts, nil
}

// shop is a web server of sounds.
func shop(t *testing.T, wav []byte) *httptest.Server {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good.wav":
			_, _ = w.Write(wav)
		case "/page":
			_, _ = io.WriteString(w, "<html>")
		case "/large":
			_, _ = w.Write(append(wav, make([]byte, 20_000)...))
		case "/cut":
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write(wav)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(web.Close)
	return web
}

// getter is a Fetcher without a guard.
type getter struct{}

func (getter) Get(ctx context.Context, url string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	return http.DefaultClient.Do(req)
}

// anyURL takes every URL but those of "guarded".
type anyURL struct{}

func (anyURL) CheckURL(raw string) error {
	if strings.Contains(raw, "guarded") {
		return errors.New("it is on a network that may not be reached")
	}
	return nil
}

func soundWorld(t *testing.T) (*world, *mouth) {
	t.Helper()
	m := &mouth{}
	return newWorld(t, func(c *Config) {
		c.Speaker, c.Fetch, c.URLs, c.MaxUpload = m, getter{}, anyURL{}, 10_000
	}), m
}

// wavSamples is how many samples a WAV file has.
func wavSamples(t *testing.T, a answer) int {
	t.Helper()
	sound, format, err := audio.Decode(strings.NewReader(a.text))
	if err != nil || format != "wav" {
		t.Fatalf("%s %v %.60q", format, err, a.text)
	}
	n := 0
	for buf := make([]int16, 1000); err == nil; {
		var more int
		more, err = sound.ReadSamples(buf)
		n += more
	}
	return n
}

// TestSpokenMedia are made of their texts, once for each.
func TestSpokenMedia(t *testing.T) {
	w, m := soundWorld(t)
	const doc = `{"name":"Greeting","media_source":"tts","tts":{"text":"Hello there, caller"}}`
	made := w.must(201, "PUT A/media", doc)
	one := "A/media/" + resource.Text(made.data(), "id")
	if made.data()["content_type"] != rest.TypeWAV || asJSON(t, made.data()["tts"]) != `{"text":"Hello there, caller","voice":"female/en-US"}` {
		t.Error(made.text)
	}
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 19*800 {
		t.Errorf("%d samples", n)
	}
	w.must(200, "POST "+one, strings.Replace(doc, "Greeting", "Other", 1))
	if len(m.said) != 1 || m.said[0] != (audio.Speech{Text: "Hello there, caller", Voice: "female/en-US"}) {
		t.Errorf("spoken %+v", m.said)
	}
	w.must(200, "POST "+one, strings.Replace(doc, "Hello there, caller", "Bye", 1))
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 3*800 {
		t.Errorf("%d samples of another text", n)
	}
	other := w.must(200, "POST "+one, `{"name":"x","media_source":"tts","tts":{"text":"Bye","voice":"female/de-DE"}}`)
	if notes, _ := resource.At(other.data(), "_read_only.notes"); len(m.said) != 3 || asJSON(t, notes) != `["read as English"]` {
		t.Errorf("spoken %+v, %s", m.said, other.text)
	}
	for text, fault := range map[string][2]string{
		`{"name":"x","media_source":"tts","tts":{"text":"mute"}}`:           {"tts.text", "invalid"},
		`{"name":"x","media_source":"tts","tts":{"text":"  "}}`:             {"tts.text", "required"},
		`{"name":"x","media_source":"tts","tts":{"text":""}}`:               {"tts.text", "minLength"},
		`{"name":"x","media_source":"tts","tts":{"text":"a","voice":"nn"}}`: {"tts.voice", "enum"},
		`{"media_source":"tts","tts":{"text":"a"}}`:                         {"name", "required"},
	} {
		before := len(m.said)
		if a := w.must(400, "POST "+one, text); a.fault(fault[0], fault[1]) == "" || len(m.said) > before && fault[1] != "invalid" {
			t.Errorf("%s: %s", text, a.text)
		}
		w.must(400, "PUT A/media", text)
	}
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 3*800 || len(w.must(200, "GET A/media", "").rows()) != 1 {
		t.Errorf("what was refused was kept: %d samples", n)
	}
	// An upload takes the place of what was spoken.
	up := w.must(200, "POST "+one+"/raw", "raw:"+string(wavOf(t, 800)))
	if up.data()["media_source"] != "upload" || up.data()["_read_only"] != nil {
		t.Error(up.text)
	}
	w.must(200, "POST "+one, doc)
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 19*800 {
		t.Errorf("%d samples after the text came back", n)
	}
}

// TestPromptMedia stand in the place of prompts.
func TestPromptMedia(t *testing.T) {
	w, _ := soundWorld(t)
	const doc = `{"name":"Goodbye","prompt_id":"vm-goodbye","language":"FR-ca"}`
	made := w.must(201, "PUT A/media", doc)
	if id := resource.Text(made.data(), "id"); id != "fr-ca/vm-goodbye" || !strings.HasSuffix(made.head.Get("Location"), "/media/fr-ca%2Fvm-goodbye") {
		t.Errorf("%s at %s", id, made.head.Get("Location"))
	}
	const one = "A/media/fr-ca%2Fvm-goodbye"
	w.must(409, "PUT A/media", doc)
	w.must(200, "POST "+one+"/raw", "raw:"+string(wavOf(t, 800)))
	w.must(201, "PUT A/media", `{"name":"Plain","language":""}`)
	w.must(201, "PUT A/media", `{"name":"Goodbye","prompt_id":"vm-goodbye"}`)
	for path, want := range map[string]string{
		"languages": `[{"en-us":1,"fr-ca":1,"missing":1}]`, "languages/FR-CA": `["fr-ca/vm-goodbye"]`, "prompts": `[{"vm-goodbye":2}]`,
		"prompts/vm-goodbye": `["en-us/vm-goodbye","fr-ca/vm-goodbye"]`, "prompts/none": "[]", "languages/xx": "[]",
	} {
		if got := asJSON(t, w.must(200, "GET A/media/"+path, "").env["data"]); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if n := len(w.must(200, "GET A/media/languages/missing", "").rows()); n != 1 {
		t.Errorf("%d without a language", n)
	}
	row := w.must(200, "GET A/media?filter_prompt_id=vm-goodbye&filter_language=fr-CA", "")
	if got := asJSON(t, row.rows()); !strings.Contains(got, `"is_prompt":true`) || !strings.Contains(got, `"media_type":"audio/wav"`) {
		t.Error(got)
	}
	w.must(200, "POST "+one, doc)
	for _, other := range []string{
		`{"name":"x"}`, `{"name":"x","prompt_id":"vm-goodbye"}`, `{"name":"x","prompt_id":"vm-saved","language":"fr-ca"}`,
	} {
		if a := w.must(400, "POST "+one, other); a.fault("prompt_id", "invalid") == "" {
			t.Errorf("%s: %s", other, a.text)
		}
	}
	for _, bad := range []string{"a/b", "../x", "", " ", "a\u0000", strings.Repeat("x", 200)} {
		a := w.do("PUT A/media", asJSON(t, map[string]string{"name": "x", "prompt_id": bad}))
		if bad != "" && (a.code != 400 || a.fault("prompt_id", "pattern") == "") {
			t.Errorf("%q: %s", bad, a.text)
		}
	}
	if a := w.must(400, "PUT A/media", `{"name":"x","prompt_id":"p","language":"../en"}`); a.fault("language", "pattern") == "" {
		t.Error(a.text)
	}
	w.must(400, "PUT A/media", `{"name":"x","id":"languages"}`)
	w.must(200, "DELETE "+one, "")
	w.must(404, "GET "+one+"/raw", "")
	w.must(201, "PUT A/media", doc) // nothing of it was left
}

// TestMediaOfTheServer can be heard by all and changed by the first account.
func TestMediaOfTheServer(t *testing.T) {
	w, m := soundWorld(t)
	child := resource.Text(w.must(201, "PUT A/", `{"name":"child"}`).data(), "id")
	key := resource.Text(w.must(200, "GET /v2/accounts/"+child+"/api_key", "").data(), "api_key")
	const one = "/v2/media/en-us%2Fvm-goodbye"
	// As long as nobody replaced it, it is the text of our own.
	d := w.must(200, "GET "+one, "").data()
	if text, _ := resource.At(d, "tts.text"); text != "Goodbye." || d["prompt_id"] != "vm-goodbye" || d["name"] == nil {
		t.Error(d)
	}
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 8*800 || m.said[0].Language != "en-us" {
		t.Errorf("%d samples of %+v", n, m.said)
	}
	if n := wavSamples(t, w.must(200, "GET /v2/media/en-us%2Ftone-record/raw", "")); n != 600*8 {
		t.Errorf("%d samples of a tone", n)
	}
	w.must(406, "GET "+one+"/raw?accept=mp3", "")
	w.must(404, "GET /v2/media/de%2Fvm-goodbye", "")
	w.must(404, "GET /v2/media/en-us%2Fno-such", "")
	counts, _ := w.must(200, "GET /v2/media/prompts", "").rows()[0].(resource.Object)
	if len(counts) != len(prompts.All()) || asJSON(t, counts["vm-goodbye"]) != "1" {
		t.Errorf("%d prompts", len(counts))
	}
	if n := len(w.must(200, "GET /v2/media", "").rows()); n != 0 {
		t.Errorf("%d documents", n)
	}
	w.must(201, "PUT /v2/media", `{"name":"Goodbye","prompt_id":"vm-goodbye"}`)
	w.must(200, "POST "+one+"/raw", "raw:"+string(wavOf(t, 800)))
	w.must(201, "PUT /v2/media", `{"name":"Ciao","prompt_id":"vm-goodbye","language":"it"}`)
	master := w.token
	w.token = key
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 800 {
		t.Errorf("%d samples", n)
	}
	if got := asJSON(t, w.must(200, "GET /v2/media/prompts/vm-goodbye", "").env["data"]); got != `["en-us/vm-goodbye","it/vm-goodbye"]` {
		t.Error(got)
	}
	w.must(403, "PUT /v2/media", `{"name":"x"}`)
	w.must(403, "POST "+one, `{"name":"x"}`)
	w.must(403, "POST "+one+"/raw", "raw:"+string(wavOf(t, 80)))
	w.must(403, "DELETE "+one, "")
	w.must(404, "GET /v2/accounts/"+child+"/media/en-us%2Fvm-goodbye", "")
	w.token = master
	w.must(200, "DELETE "+one, "")
	if d := w.must(200, "GET "+one, "").data(); d["name"] != "vm-goodbye" {
		t.Errorf("after it was deleted: %v", d)
	}
}

// TestSoundsByOtherWays are the ways besides a bare body.
func TestSoundsByOtherWays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	defer func() {
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}()
	w, _ := soundWorld(t)
	wav := wavOf(t, 800)
	web := shop(t, wav)
	one := "A/media/" + resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id")
	good := func(what, kind, body string) {
		t.Helper()
		w.head.Set("Content-Type", kind)
		w.must(200, what, body)
		w.head = http.Header{}
		if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 800 {
			t.Errorf("%s: %d samples", kind, n)
		}
	}
	coded := base64.StdEncoding.EncodeToString(wav)
	good("POST "+one, "audio/x-wav", "raw:"+string(wav))
	good("POST "+one, "application/x-base64", "raw:data:audio/wav;base64,"+coded)
	good("POST "+one+"/raw", "application/x-base64", "raw:"+coded)
	good("POST "+one+"/raw", "application/json", `{"url":"`+web.URL+`/good.wav"}`)
	good("POST "+one+"/raw", "", `{"url":"`+web.URL+`/good.wav"}`)
	part := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.wav\"\r\n\r\n" + string(wav) + "\r\n"
	good("POST "+one+"/raw", "multipart/form-data; boundary=b", "raw:"+part+"--b--\r\n")
	w.head.Set("Content-Type", "multipart/form-data; boundary=b")
	if a := w.must(400, "POST "+one+"/raw", "raw:"+part+part+"--b--\r\n"); a.fault("file", "maxItems") == "" {
		t.Error(a.text)
	}
	w.head = http.Header{}
	for body, fault := range map[string][2]string{
		`{"url":"` + web.URL + `/none"}`:    {"url", "invalid"},
		`{"url":"` + web.URL + `/guarded"}`: {"url", "invalid"},
		`{"url":"` + web.URL + `/page"}`:    {"file", "type"},
		`{"url":"` + web.URL + `/large"}`:   {"file", "maxSize"},
		`{"url":"` + web.URL + `/cut"}`:     {"file", "invalid"},
		`{"url":"http://127.0.0.1:1/x"}`:    {"url", "invalid"},
		`{"url":7}`:                         {"url", "required"},
		`{}`:                                {"url", "required"},
		`raw:{"data":`:                      {"json", "invalid"},
	} {
		if a := w.must(400, "POST "+one+"/raw", body); a.fault(fault[0], fault[1]) == "" {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	if n := wavSamples(t, w.must(200, "GET "+one+"/raw", "")); n != 800 {
		t.Errorf("what was refused took the place of what was there: %d samples", n)
	}
	w.head.Set("Accept", "audio/*")
	if a := w.must(200, "GET "+one, ""); a.head.Get("Content-Type") != rest.TypeWAV {
		t.Error(a.head)
	}
}

// TestNothingIsSpokenOrFetched where nobody is there to do it.
func TestNothingIsSpokenOrFetched(t *testing.T) {
	w := newWorld(t)
	if a := w.must(400, "PUT A/media", `{"name":"x","media_source":"tts","tts":{"text":"a"}}`); a.fault("tts.text", "invalid") == "" {
		t.Error(a.text)
	}
	one := "A/media/" + resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id")
	if a := w.must(400, "POST "+one+"/raw", `{"url":"http://example.com/a.wav"}`); a.fault("url", "invalid") == "" {
		t.Error(a.text)
	}
	if a := w.must(200, "GET /v2/schemas/media", ""); !strings.Contains(a.text, `"fr-FR-Standard-D"`) {
		t.Error(a.text)
	}
}
