package sim

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// write makes files in a folder of the test's.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFolder runs a folder of tests, callflows and other files: tests find
// the callflows beside them by number, and by id from each other.
func TestFolder(t *testing.T) {
	dir := write(t, map[string]string{
		"office.json": `{"id": "office", "numbers": ["+15550100"], "flow": {"module": "callflow", "data": {"id": "0f3c3e1d8b2a4a6f9e7d5c4b3a291807"}}}`,
		"menu.json":   `{"data": {"id": "0f3c3e1d8b2a4a6f9e7d5c4b3a291807", "patterns": ["^2..$"], "flow": {"module": "tts", "data": {"text": "Hello."}}}}`,
		"a.test.json": `{"call": {"to": "+15550100"}, "hears": ["hello"]}`,
		"b.test.json": `{"call": {"to": "200"}, "hears": ["hello"], "ends": "tts"}`,
		"c.test.json": `{"call": {"to": "300"}, "ends": "404"}`,
		"d/test.json": `{"call": {"to": "200"}, "hears": ["hello"]}`,
		"notes.json":  `["not a test"]`,
		"broken.json": `{`,
		"answer.xml":  `<Response/>`,
	})
	all, err := Load([]string{dir})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d tests, %v", len(all), err)
	}
	var told []string
	outcomes := RunAll(t.Context(), all, Instant, func(o Outcome) { told = append(told, o.Test.Name()) })
	for _, o := range outcomes[:3] {
		if !o.Passed() {
			t.Errorf("%s: %q, %v", o.Test.File(), o.Problems, o.Err)
		}
	}
	if o := outcomes[3]; o.Err == nil || !strings.Contains(o.Err.Error(), "no callflows beside it") {
		t.Errorf("a folder without callflows: %v", o.Err)
	}
	if strings.Join(told, " ") != "a.test b.test c.test test" {
		t.Errorf("told of %q", told)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	for _, o := range RunAll(ended, all, Instant, func(Outcome) { t.Error("it was run") }) {
		if o.Err == nil || o.Err.Error() != "enough" {
			t.Error(o.Err)
		}
	}
}

// saved is a call as the test that it was kept as.
func saved(t *testing.T, c Call, r Result) *Test {
	t.Helper()
	file := filepath.Join(t.TempDir(), "saved.json")
	if err := Save(file, "again", c, Ask{}, "", r); err != nil {
		t.Fatal(err)
	}
	all, err := Load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// TestSavedNumber keeps a call of a number, with the callflows it went through.
func TestSavedNumber(t *testing.T) {
	const id = "0f3c3e1d8b2a4a6f9e7d5c4b3a291807"
	node := func(text string) *flow.Node {
		var n flow.Node
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			t.Fatal(err)
		}
		return &n
	}
	test := Test{beside: []answering.Callflow{
		{Numbers: []string{"100"}, Flow: node(`{"module":"callflow","data":{"id":"` + id + `"}}`)},
		{ID: id, Name: "Inner", Flow: node(`{"module":"tts","data":{"text":"Inside."}}`)},
	}}
	test.Call.From, test.Call.To = "1", "100"
	c, _, err := test.call(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o := saved(t, c, r).Run(t.Context(), Instant); !o.Passed() || strings.Join(o.Result.Heard, "") != "Inside." {
		t.Errorf("%q, %v", o.Problems, o.Err)
	}
}

// TestScreen: all that is known of a call, for people and for programs.
func TestScreen(t *testing.T) {
	test, _ := read(t, "testdata/try/gather.txt")
	c, _, err := test.call(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all, lines strings.Builder
	people, programs := &Screen{Out: &all, All: true}, &Screen{Out: &lines, JSON: true}
	c.Tell = func(e event.Event) { people.Tell(e); programs.Tell(e) }
	r, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"gather", "Digits=2", "<Response><Say>Thank you.</Say>", "ended by us"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is not in\n%s", want, all.String())
		}
	}
	n := 0
	for line := range strings.Lines(lines.String()) {
		var e event.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		n++
	}
	if n != len(r.Events) {
		t.Errorf("%d lines of %d events", n, len(r.Events))
	}
}

// TestStuck: a call that is stuck or crashes is an error, and takes nothing
// else along.
func TestStuck(t *testing.T) {
	now := time.Now()
	for name, f := range map[string]func(){
		"waits for ever":        func() { <-make(chan int) },
		"leaves one that waits": func() { go func() { <-make(chan int) }() },
		"crashes":               func() { _ = make([]int, 1)[len(name0)] },
	} {
		if err := instantly(now, f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := instantly(now, func() { <-time.After(time.Hour) }); err != nil {
		t.Error(err)
	}
}

const name0 = "index"

// TestSigned: an application that checks signatures gets one.
func TestSigned(t *testing.T) {
	signed := ""
	c := Call{
		From: "1", To: "2", Key: "key", Program: Ask{URL: "http://app.test/voice", Compat: "twilio"}.Program(),
		Web: transport(func(r *http.Request) (*http.Response, error) {
			signed = r.Header.Get("X-Twilio-Signature")
			return Page{Type: typeXML, Body: []byte("<Response/>")}.response(r), nil
		}),
	}
	if _, err := c.Run(t.Context()); err != nil || signed == "" {
		t.Errorf("signed %q, %v", signed, err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestReports: JUnit's XML and the JSON are well-formed whatever was heard.
func TestReports(t *testing.T) {
	odd := "a \"<b>\" & \x01 \xff 'c'"
	test := &Test{Says: odd, file: "x/y.json"}
	all := []Outcome{
		{Test: test, Took: time.Second},
		{
			Test: test, Problems: []string{odd, "more"},
			Result: Result{Events: []event.Event{{What: event.Playing{Sound: said + odd + `"`}}}, Heard: []string{odd}},
		},
		{Test: test, Err: errors.New(odd)},
	}
	var b strings.Builder
	if err := JUnit(&b, all); err != nil {
		t.Fatal(err)
	}
	type testcase struct {
		Name    string `xml:"name,attr"`
		Failure *struct {
			Message string `xml:"message,attr"`
			Text    string `xml:",chardata"`
		} `xml:"failure"`
		Error *struct {
			Message string `xml:"message,attr"`
		} `xml:"error"`
	}
	var doc struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Cases []testcase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	c := doc.Suites[0].Cases
	if doc.Tests != 3 || doc.Failures != 1 || doc.Errors != 1 || c[0].Failure != nil || c[1].Failure == nil || c[2].Error == nil {
		t.Errorf("%+v", doc)
	}
	if want := "a \"<b>\" & \uFFFD \uFFFD 'c'"; c[0].Name != want || !strings.Contains(c[1].Failure.Message, want) {
		t.Errorf("%q, %q", c[0].Name, c[1].Failure.Message)
	}
	b.Reset()
	var list []map[string]any
	if err := OutcomesJSON(&b, all); err != nil || json.Unmarshal([]byte(b.String()), &list) != nil || len(list) != 3 {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestKeyboard is somebody who types: a key, nothing, words, goodbye.
func TestKeyboard(t *testing.T) {
	in, typed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := typed.WriteString("1\n\nhello there\n\nq\n"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	_ = typed.Close()
	read := func(line string) ([]Step, error) {
		if strings.Trim(line, keypad) != "" {
			return nil, errors.New("no keys")
		}
		return []Step{{Keys: line}}, nil
	}
	var shown strings.Builder
	screen := &Screen{Out: &shown}
	c := Call{
		From: "100", To: "101", Ask: NewKeyboard(in, &shown, read), Tell: screen.Tell, Did: screen.Did,
		Program: &flow.Node{},
	}
	ask := `{"module":"collect_dtmf","data":{"timeout":3000},"children":{"_":%}}`
	text := strings.ReplaceAll(ask, "%", strings.ReplaceAll(ask, "%", `{"module":"record_caller","data":{"time_limit":5},"children":{"_":{"module":"echo"}}}`))
	if err := json.Unmarshal([]byte(text), c.Program); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := `☎  100 calls 101
☎  answered after 0 ms
> 1
…  no key within the time
> (says) hello there
●  recorded 5.0 s (wav, 80000 bytes), ended by time_limit
…  echo
> (hangs up)
☎  hung up by the caller, NORMAL_CLEARING, 8.1 s
`
	if shown.String() != want {
		t.Errorf("got\n%s\nwant\n%s", shown.String(), want)
	}
}

// TestRealWeb asks a real web server, whose time is the call's.
func TestRealWeb(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path != "/voice":
			http.NotFound(w, r)
		case r.FormValue("Digits") == "":
			_, _ = w.Write([]byte(`{"module":"collect_dtmf","children":{"_":{"module":"pivot","data":{"voice_url":"voice"}}}}`))
		default:
			_, _ = w.Write([]byte(`{"module":"play","data":{"id":"` + "http://" + r.Host + `/no.wav"}}`))
		}
	}))
	defer web.Close()
	c := Call{From: "100", To: "101", Program: Ask{URL: web.URL + "/voice"}.Program(), Steps: []Step{{Keys: "7"}}}
	r, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked, missing := 0, false
	for _, e := range r.Events {
		switch w := e.What.(type) {
		case event.Fetched:
			asked++
		case event.Failed:
			missing = missing || w.Code == "media.missing"
		}
	}
	if asked != 2 || !missing || r.Failed() == "" || len(r.Undone) != 0 {
		t.Errorf("asked %d times, a sound is missing: %v, %q, %v", asked, missing, r.Failed(), r.Undone)
	}
}

// TestRealtime takes a call that is as long as it is.
func TestRealtime(t *testing.T) {
	c := Call{Realtime: true, Program: &flow.Node{Module: "tts", Data: json.RawMessage(`{"text":"Hi"}`)}}
	began := time.Now()
	r, err := c.Run(t.Context())
	if took := time.Since(began); err != nil || took < r.Length || r.Ended.By != call.ByUs || len(r.Heard) != 1 {
		t.Errorf("%+v, %v after %v", r, err, took)
	}
}

// leaver is asked what to do, and leaves.
type leaver struct{ asked int }

func (l *leaver) Next(context.Context) ([]Step, bool) {
	l.asked++
	return []Step{{Hangup: true}}, true
}

// TestLeaves: whoever hangs up is not asked again.
func TestLeaves(t *testing.T) {
	for _, realtime := range []bool{false, true} {
		l := &leaver{}
		c := Call{Realtime: realtime, Ask: l, Program: &flow.Node{Module: "echo"}}
		r, err := c.Run(t.Context())
		if err != nil || l.asked != 1 || r.Ended.By != call.ByCaller {
			t.Errorf("realtime %v: asked %d times, %+v, %v", realtime, l.asked, r.Ended, err)
		}
	}
}

// TestFolderAsServer: a file is asked for among those beside it, and none that
// is elsewhere.
func TestFolderAsServer(t *testing.T) {
	dir := write(t, map[string]string{
		"secret.xml":    `<Response><Say>Secret.</Say></Response>`,
		"app/a.xml":     `<Response><Say>One.</Say><Redirect>sub/b.xml</Redirect></Response>`,
		"app/sub/b.xml": `<Response><Say>Two.</Say><Redirect>../../secret.xml</Redirect></Response>`,
	})
	var c Call
	done, err := c.File(filepath.Join(dir, "app", "a.xml"), Ask{Compat: "twilio"})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	r, err := c.Run(t.Context())
	if err != nil || !strings.HasPrefix(strings.Join(r.Heard, " "), "One. Two. We are sorry") || r.Failed() == "" {
		t.Errorf("%q, %v", r.Heard, err)
	}
}
