package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// CanMP3 and EncodeMP3 make an Encoder of the world: its MP3 is WAV with an
// ending of its own.
func (w *world) CanMP3() bool { return !w.noMP3 }

func (w *world) EncodeMP3(_ context.Context, wav io.Reader, out io.Writer) error {
	if _, err := io.Copy(out, wav); err != nil {
		return err
	}
	_, err := io.WriteString(out, "as MP3")
	return err
}

// CheckURL takes what is not on this machine.
func (w *world) CheckURL(raw string) error {
	if strings.Contains(raw, "//127.") || !strings.HasPrefix(raw, "http") {
		return errors.New("not there")
	}
	return nil
}

// wavOf is a WAV file of so many samples.
func wavOf(t *testing.T, samples int) []byte {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out, err := audio.NewWAVWriter(f, 8000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Write(make([]int16, samples)), out.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func mp3File(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("../audio/testdata/mono-32k.mp3")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// record keeps a recording as package recordings does.
func (w *world) record(id, kind string, sound []byte) {
	w.Helper()
	c := w.in(w.sounds.Recordings(), w.creds.AccountID)
	if _, err := c.CreateAs(w.Context(), id, resource.Object{"name": "a/b", "content_type": kind, "call_id": "c-" + id}); err != nil {
		w.Fatal(err)
	}
	out, err := w.store.Blobs.Create(w.Context(), store.Key{Account: c.Account, Type: "recording", ID: id}, kind)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := out.Write(sound); err != nil {
		w.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		w.Fatal(err)
	}
}

func TestRecordings(t *testing.T) { onEach(t, testRecordings) }

func testRecordings(t *testing.T, w *world) {
	t.Helper()
	wav, mp3 := string(wavOf(t, 800)), string(mp3File(t))
	w.record("202611-a", rest.TypeWAV, []byte(wav))
	w.record("202611-b", rest.TypeMP3, []byte(mp3))
	list := w.must(200, "GET A/recordings", "")
	row, _ := list.rows()[0].(resource.Object)
	if list.ids() != "202611-b 202611-a" || asJSON(t, row["_read_only"]) != `{"content_types":["audio/mpeg","audio/wav"]}` ||
		w.must(200, "GET A/recordings?filter_call_id=c-202611-a", "").ids() != "202611-a" {
		t.Error(list.text)
	}
	for _, test := range []struct{ path, accept, kind, text string }{
		{"a", "", "application/json", ""},
		{"a", "*/*", "application/json", ""},
		{"a", "audio/*", rest.TypeWAV, wav},
		{"a", "audio/x-wav", rest.TypeWAV, wav},
		{"a", "audio/mpeg", rest.TypeMP3, wav + "as MP3"},
		{"a.mp3", "", rest.TypeMP3, wav + "as MP3"},
		{"a.wav", "*/*", rest.TypeWAV, wav},
		{"a?accept=mp3", "", rest.TypeMP3, wav + "as MP3"},
		{"a?accept=audio/*", "", rest.TypeWAV, wav},
		{"b", "audio/*", rest.TypeMP3, mp3},
		{"b?accept=wav", "", rest.TypeWAV, "RIFF"},
		{"b.mp3?inline=true", "", rest.TypeMP3, mp3},
	} {
		w.head = http.Header{}
		if test.accept != "" {
			w.head.Set("Accept", test.accept)
		}
		a := w.must(200, "GET A/recordings/202611-"+test.path, "")
		if a.head.Get("Content-Type") != test.kind || !strings.HasPrefix(a.text, test.text) {
			t.Errorf("%+v: %v %.100q", test, a.head, a.text)
		}
		if want := map[bool]string{true: "inline", false: "attachment"}[strings.Contains(test.path, "inline")]; test.text != "" &&
			!strings.HasPrefix(a.head.Get("Content-Disposition"), want+"; filename=a_b.") {
			t.Error(a.head)
		}
	}
	w.head = http.Header{}
	stereo, err := os.ReadFile("../audio/testdata/stereo-22k-tagged.mp3")
	if err != nil {
		t.Fatal(err)
	}
	w.record("202611-c", rest.TypeMP3, stereo)
	if a := w.must(200, "GET A/recordings/202611-c.wav", ""); a.text[22] != 2 { // channels
		t.Errorf("a recording of both sides has %d channels as WAV", a.text[22])
	}
	w.must(200, "DELETE A/recordings/202611-c", "")
	w.head = http.Header{"Range": {"bytes=4-7"}}
	for _, path := range []string{"a.wav", "a.mp3", "b.wav"} {
		a := w.must(206, "GET A/recordings/202611-"+path, "")
		if a.text == "" || !strings.HasPrefix(a.head.Get("Content-Range"), "bytes 4-7/") || a.head.Get("Accept-Ranges") != "bytes" {
			t.Errorf("%s: %v %q", path, a.head, a.text)
		}
	}
	w.head = http.Header{}
	w.noMP3 = true
	if a := w.must(406, "GET A/recordings/202611-a.mp3", ""); !strings.Contains(a.text, "only as audio/wav") {
		t.Error(a.text)
	}
	w.must(200, "DELETE A/recordings/202611-a", "")
	w.must(404, "GET A/recordings/202611-a.wav", "")
	if _, _, err := w.store.Blobs.Open(t.Context(), store.Key{Account: w.creds.AccountID, Type: "recording", ID: "202611-a"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its sound is still there: %v", err)
	}
	w.must(404, "GET A/recordings/nope.wav", "")
}

// TestNothingLeftBehind looks for the files of conversions.
func TestNothingLeftBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.record("r", rest.TypeWAV, wavOf(t, 80))
	w.record("bad", rest.TypeMP3, []byte("no sound at all"))
	w.must(200, "GET A/recordings/r.mp3", "")
	w.must(406, "GET A/recordings/bad.wav", "")
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// TestLinks are what web servers fetch recordings by.
func TestLinks(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	w.record("r1", rest.TypeWAV, wavOf(t, 80))
	w.record("r2", rest.TypeWAV, wavOf(t, 80))
	link, err := w.Sounds().Link(t.Context(), w.creds.AccountID, "r1")
	if err != nil {
		t.Fatal(err)
	}
	key := w.token
	w.token = ""
	path, token, _ := strings.Cut(link, "?")
	ask := func(what string) int { t.Helper(); w.from = "192.0.2.1:1"; return w.do(what, "").code }
	basic := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(w.creds.AccountID+":whatever"))}}
	for _, good := range []string{link, link + ".mp3", path + ".wav?" + token, link + "&inline=true"} {
		for _, head := range []http.Header{{}, basic} {
			w.head = head
			if a := w.do("GET "+good, ""); a.code != 200 || !strings.HasPrefix(a.head.Get("Content-Type"), "audio/") {
				t.Errorf("%s: %d %v %.100s", good, a.code, a.head, a.text)
			}
		}
	}
	w.head = http.Header{}
	for _, bad := range []string{
		"GET " + path, "GET " + link + "0", "GET " + path + "?" + token[:len(token)-1], "GET " + path + "?token=zz-00",
		"GET " + strings.Replace(link, "r1", "r2", 1), "DELETE " + link, "GET " + strings.Replace(link, "token=", "token=z", 1),
	} {
		if code := ask(bad); code != 401 {
			t.Errorf("%s: %d", bad, code)
		}
	}
	clock.at = clock.at.Add(7*24*time.Hour - time.Second)
	if code := ask("GET " + link); code != 200 {
		t.Errorf("just before its end: %d", code)
	}
	clock.at = clock.at.Add(2 * time.Second)
	if code := ask("GET " + link); code != 401 {
		t.Errorf("after its end: %d", code)
	}
	link, err = w.Sounds().Link(t.Context(), w.creds.AccountID, "r1")
	if err != nil {
		t.Fatal(err)
	}
	w.token = key
	w.must(201, "PUT A/api_key", "")
	w.token = ""
	if code := ask("GET " + link); code != 401 {
		t.Errorf("after a new API key: %d", code)
	}
}

func TestBasicWithKey(t *testing.T) {
	w := newWorld(t)
	w.token = ""
	basic := func(account, secret string) {
		w.head.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(account+":"+secret)))
	}
	basic(w.creds.AccountID, w.creds.APIKey)
	if a := w.must(200, "GET A/recordings", ""); a.env["auth_token"] != nil {
		t.Error(a.text)
	}
	basic(w.creds.AccountID, strings.Repeat("0", 64))
	w.must(401, "GET A/recordings", "")
	basic(strings.Repeat("0", 32), w.creds.APIKey)
	w.must(401, "GET A/recordings", "")
}

func TestMedia(t *testing.T) { onEach(t, testMedia) }

func testMedia(t *testing.T, w *world) {
	t.Helper()
	id := resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting","language":"DE-de"}`).data(), "id")
	raw := "A/media/" + id + "/raw"
	w.must(404, "GET "+raw, "")
	w.must(404, "POST A/media/nope/raw", "raw:RIFF")
	wav := wavOf(t, 800)
	for _, kind := range []string{"audio/wav", "application/json", "application/octet-stream", ""} {
		w.head = http.Header{"Content-Type": {kind}}
		a := w.must(200, "POST "+raw, "raw:"+string(wav))
		if a.data()["content_type"] != rest.TypeWAV || asJSON(t, a.data()["content_length"]) != "1644" {
			t.Error(a.text)
		}
	}
	w.head = http.Header{}
	if a := w.must(200, "GET "+raw, ""); a.text != string(wav) || a.head.Get("Content-Type") != rest.TypeWAV {
		t.Errorf("%v %d bytes", a.head, len(a.text))
	}
	w.must(200, "POST /v2/account/media/"+id+"/raw", "raw:"+string(mp3File(t)))
	w.head.Set("Accept", "audio/*")
	if a := w.must(200, "GET "+raw, ""); a.text != string(mp3File(t)) || a.head.Get("Content-Type") != rest.TypeMP3 {
		t.Errorf("%v %d bytes", a.head, len(a.text))
	}
	w.head = http.Header{}
	for _, nothing := range []string{"", "raw:"} {
		if a := w.must(400, "POST "+raw, nothing); a.fault("file", "required") == "" {
			t.Error(a.text)
		}
	}
	for _, bad := range []string{"raw:OggS and more", "raw:" + string(wav[:44]), "raw:hello hello hello"} {
		if a := w.must(400, "POST "+raw, bad); a.fault("file", "type") == "" {
			t.Error(a.text)
		}
	}
	if a := w.must(200, "GET "+raw, ""); a.text != string(mp3File(t)) {
		t.Error("what was refused took the place of what was there")
	}
	row, _ := w.must(200, "GET A/media", "").rows()[0].(resource.Object)
	if got := asJSON(t, row); got != `{"id":"`+id+`","is_prompt":false,"language":"de-de","media_source":"upload","media_type":"audio/mpeg","name":"Greeting"}` {
		t.Error(got)
	}
	w.must(200, "POST A/media/"+id, `{"name":"Other","content_type":"x"}`)
	if d := w.must(200, "GET A/media/"+id, "").data(); d["content_type"] != rest.TypeMP3 {
		t.Error(d)
	}
	w.head.Set("If-Match", `"1-0"`)
	w.must(409, "POST "+raw, "raw:"+string(wav))
	w.head = http.Header{}
	w.must(200, "DELETE A/media/"+id, "")
	if _, _, err := w.store.Blobs.Open(t.Context(), store.Key{Account: w.creds.AccountID, Type: "media", ID: id}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its sound is still there: %v", err)
	}
	if a := w.must(400, "PUT A/media", `{"name":"x","media_source":"tts"}`); a.fault("tts.text", "required") == "" {
		t.Error(a.text)
	}
}

// TestOverTheWire uploads and downloads by real connections.
func TestOverTheWire(t *testing.T) {
	w := newWorld(t)
	web := httptest.NewServer(w)
	defer web.Close()
	id := resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id")
	wav := wavOf(t, 3_000_000)
	ask := func(method, token, span string, body io.Reader) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, web.URL+"/v2/accounts/"+w.creds.AccountID+"/media/"+id+"/raw", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", token)
		req.Header.Set("Range", span)
		resp, err := web.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, got
	}
	if code, text := ask("POST", w.token, "", bytes.NewReader(wav)); code != 200 {
		t.Fatalf("%d %s", code, text)
	}
	if code, got := ask("GET", w.token, "", nil); code != 200 || !bytes.Equal(got, wav) {
		t.Errorf("%d, %d bytes", code, len(got))
	}
	if code, got := ask("GET", w.token, "bytes=-100", nil); code != 206 || !bytes.Equal(got, wav[len(wav)-100:]) {
		t.Errorf("%d, %d bytes", code, len(got))
	}
	if code, _ := ask("GET", w.token, "bytes=99999999-", nil); code != 416 {
		t.Errorf("beyond the end: %d", code)
	}
	// Of a stranger nothing is read.
	req := httptest.NewRequest("POST", "/v2/accounts/"+w.creds.AccountID+"/media/"+id+"/raw", iotest.ErrReader(errors.New("read")))
	if a := w.send(req); a.code != 401 {
		t.Errorf("%d %s", a.code, a.text)
	}
}

func TestUploadLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxUpload = 2000 })
	id := resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id")
	w.must(200, "POST A/media/"+id+"/raw", "raw:"+string(wavOf(t, 900)))
	large := bytes.NewReader(wavOf(t, 1000))
	for _, body := range []io.Reader{large, io.MultiReader(bytes.NewReader(wavOf(t, 1000)))} { // of a known length, and not
		req, err := http.NewRequestWithContext(t.Context(), "POST", "/v2/accounts/"+w.creds.AccountID+"/media/"+id+"/raw", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", w.token)
		if a := w.send(req); a.code != 400 || a.fault("file", "maxSize") == "" {
			t.Errorf("%d %s", a.code, a.text)
		}
	}
}
