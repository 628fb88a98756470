package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twilio/twilio-go/twiml"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// sdkVersion is that of the npm package twilio.
const sdkVersion = "6.2.0"

// node is the path of node, with Twilio's package beside its scripts.
func node(t *testing.T) string {
	t.Helper()
	bin := stranger(t, "node")
	var about struct {
		Version string `json:"version"`
	}
	raw, err := os.ReadFile("sdk/node_modules/twilio/package.json")
	if err == nil {
		err = json.Unmarshal(raw, &about)
	}
	if err == nil && about.Version == sdkVersion {
		return bin
	}
	missing := "twilio@" + sdkVersion + " is not installed: npm install --prefix e2e/sdk --no-save twilio@" + sdkVersion
	if os.Getenv("PIVOT_STRANGERS") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// made is a document that an SDK wrote.
type made struct {
	File      string   `json:"file"` // in the folder of all
	Path      []string `json:"path"` // the elements from the root to the one that it is about
	Attribute string   `json:"attribute"`
	Value     string   `json:"value"`
}

// finding and checked are what `pivot check --json` says.
type (
	finding struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	checked struct {
		File     string    `json:"file"`
		Faults   []finding `json:"faults"`
		Warnings []finding `json:"warnings"`
	}
)

// checkAll has the program check the documents of a folder as those of a
// Twilio application.
func checkAll(t *testing.T, dir string, all []made) map[string]checked {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]checked{}
	for some := range slices.Chunk(all, 500) {
		args := []string{"check", "--json", "--compat", "twilio"}
		for _, m := range some {
			args = append(args, m.File)
		}
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		text, err := cmd.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
			t.Fatalf("pivot check: %v", err)
		}
		var reports []checked
		if err := json.Unmarshal(text, &reports); err != nil {
			t.Fatalf("%v: %.300s", err, text)
		}
		for _, r := range reports {
			out[r.File] = r
		}
	}
	return out
}

// notBuilt is what a document is refused for, "" if it has nothing that is
// not built.
func notBuilt(path []string) string {
	switch {
	case slices.Contains([]string{"Dial", "Enqueue", "Queue", "Connect", "Pay", "Prompt", "Sms"}, path[0]):
		return "<" + path[0] + "> is not supported yet"
	case (path[0] == "Start" || path[0] == "Stop") && len(path) > 1 && path[1] != "Recording":
		return "<" + path[0] + "><" + path[1] + "> is not supported yet"
	}
	return ""
}

// harmless is the one kind of warning that a good document may get: what it
// says of an object in Twilio's own cloud, or what has no effect here, is
// said.
func harmless(m made, w finding) bool {
	return w.Code == "unused" && (strings.HasPrefix(w.Message, "recordingConfigurationId ") || m.Path[0] == "Start" && len(m.Path) == 1)
}

// expect compares what is said of documents with what must be.
func expect(t *testing.T, dir string, all []made) {
	t.Helper()
	reports, bad := checkAll(t, dir, all), 0
	for _, m := range all {
		r, ok := reports[m.File]
		var wrong []finding
		if !ok {
			wrong = []finding{{"none", "there is no report"}}
		}
		refused := notBuilt(m.Path)
		for _, f := range r.Faults {
			if f.Code != "unsupported" || f.Message != refused {
				wrong = append(wrong, f)
			}
		}
		if n := len(r.Faults); refused != "" && n != 1 {
			wrong = append(wrong, finding{"count", fmt.Sprintf("%d faults, want 1: %s", n, refused)})
		}
		for _, w := range r.Warnings {
			if !harmless(m, w) {
				wrong = append(wrong, w)
			}
		}
		if len(wrong) == 0 {
			continue
		}
		if bad++; bad <= 20 {
			text, _ := os.ReadFile(filepath.Join(dir, m.File))
			t.Errorf("%s %s=%q: %v\n%s", strings.Join(m.Path, ">"), m.Attribute, m.Value, wrong, text)
		}
	}
	if bad > 20 {
		t.Errorf("and %d more", bad-20)
	}
	t.Logf("%d documents", len(all))
}

// TestNodeDocuments has Twilio's npm package write a document for each value
// of each attribute that it knows, wherever it lets an element stand.
func TestNodeDocuments(t *testing.T) {
	bin, dir := node(t), t.TempDir()
	out, err := exec.Command(bin, "sdk/generate.js", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []made
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 5000 {
		t.Errorf("%d documents are fewer than the package can write", len(all))
	}
	expect(t, dir, all)
}

// goWays are all elements of twilio-go, the last of each list, in a place
// where they belong.
func goWays() [][]twiml.Element {
	say := func(inside ...twiml.Element) []twiml.Element {
		return append([]twiml.Element{&twiml.VoiceSay{Message: "Hello"}}, inside...)
	}
	dial, connect := &twiml.VoiceDial{}, &twiml.VoiceConnect{}
	start, stop := &twiml.VoiceStart{}, &twiml.VoiceStop{}
	sip, relay := &twiml.VoiceSip{}, &twiml.VoiceConversationRelay{}
	return [][]twiml.Element{
		say(), say(&twiml.VoiceBreak{}), say(&twiml.VoiceEmphasis{Words: "x"}), say(&twiml.VoiceLang{Words: "x"}),
		say(&twiml.VoiceP{Words: "x"}), say(&twiml.VoicePhoneme{Words: "x", Ph: "x"}), say(&twiml.VoiceProsody{Words: "x"}),
		say(&twiml.VoiceS{Words: "x"}), say(&twiml.VoiceSayAs{Words: "x", InterpretAs: "date"}), say(&twiml.VoiceSub{Words: "x"}),
		say(&twiml.VoiceW{Words: "x"}), say(&twiml.VoiceLang{Words: "x"}, &twiml.VoiceProsody{Words: "x"}, &twiml.VoiceBreak{}),
		{&twiml.VoicePlay{Url: "https://app.test/a.mp3"}},
		{&twiml.VoicePause{}},
		{&twiml.VoiceGather{Input: "dtmf speech", SpeechTimeout: "3"}},
		{&twiml.VoiceGather{}, &twiml.VoiceSay{Message: "x"}},
		{&twiml.VoiceGather{}, &twiml.VoicePause{}},
		{&twiml.VoiceRecord{Transcribe: "true"}},
		{&twiml.VoiceRedirect{Url: "/next?a=1&b=2"}},
		{&twiml.VoiceReject{}},
		{&twiml.VoiceReject{}, &twiml.VoiceParameter{}},
		{&twiml.VoiceHangup{}},
		{&twiml.VoiceHangup{}, &twiml.VoiceParameter{}},
		{&twiml.VoiceLeave{}},
		{&twiml.VoiceEcho{}},
		{&twiml.VoiceRefer{InnerElements: []twiml.Element{&twiml.VoiceReferSip{SipUrl: "sip:bob@app.test"}}}},
		{&twiml.VoiceRefer{}, &twiml.VoiceReferSip{SipUrl: "sip:bob@app.test"}},
		{&twiml.VoiceStart{InnerElements: []twiml.Element{&twiml.VoiceRecording{}}}},
		{start, &twiml.VoiceRecording{}},
		{start, &twiml.VoiceStream{}},
		{start, &twiml.VoiceSipRec{}},
		{start, &twiml.VoiceTranscription{}},
		{start, &twiml.VoiceTranscription{}, &twiml.VoiceConfig{}},
		{start, &twiml.VoiceStream{}, &twiml.VoiceParameter{}},
		{stop, &twiml.VoiceStream{}},
		{stop, &twiml.VoiceSipRec{}},
		{stop, &twiml.VoiceTranscription{}},
		{dial},
		{dial, &twiml.VoiceNumber{PhoneNumber: "+15550100"}},
		{dial, &twiml.VoiceClient{Identity: "joe"}},
		{dial, &twiml.VoiceClient{}, &twiml.VoiceIdentity{ClientIdentity: "joe"}},
		{dial, &twiml.VoiceConference{Name: "room"}},
		{dial, &twiml.VoiceQueue{Name: "support"}},
		{dial, &twiml.VoiceSim{SimSid: "DE1"}},
		{dial, &twiml.VoiceSip{SipUrl: "sip:a@b"}},
		{dial, sip, &twiml.VoiceUri{SipUrl: "sip:a@b"}},
		{dial, sip, &twiml.VoiceHeaders{}, &twiml.VoiceHeader{}},
		{dial, &twiml.VoiceWhatsApp{PhoneNumber: "+15550100"}},
		{dial, &twiml.VoiceApplication{ApplicationSid: "AP1"}},
		{dial, &twiml.VoiceApplication{}, &twiml.VoiceApplicationSid{Sid: "AP1"}},
		{connect},
		{connect, &twiml.VoiceAiSession{}},
		{connect, &twiml.VoiceAutopilot{Name: "x"}},
		{connect, &twiml.VoiceConversation{}},
		{connect, relay},
		{connect, relay, &twiml.VoiceLanguage{}},
		{connect, &twiml.VoiceConversationRelaySession{}},
		{connect, &twiml.VoiceRoom{Name: "x"}},
		{connect, &twiml.VoiceVirtualAgent{}},
		{connect, &twiml.VoiceStream{}},
		{&twiml.VoiceEnqueue{Name: "support"}},
		{&twiml.VoiceEnqueue{}, &twiml.VoiceTask{Body: "{}"}},
		{&twiml.VoiceQueue{Name: "support"}},
		{&twiml.VoicePay{}},
		{&twiml.VoicePay{}, &twiml.VoicePrompt{}},
		{&twiml.VoicePrompt{}},
		{&twiml.VoiceSms{Message: "x"}},
	}
}

// goValues are what attributes are given, by "Element.Attribute", by the
// attribute, or by how its name ends; "*" is for all others.
var goValues = map[string]string{
	"Say.Loop": "0", "Say.Voice": "Polly.Joanna-Neural", "Play.Loop": "2", "Play.Digits": "12w#", "Pause.Length": "2",
	"Gather.Input": "dtmf speech", "Gather.SpeechTimeout": "auto", "Gather.SpeechModel": "phone_call", "Gather.FinishOnKey": "*",
	"Gather.NumDigits": "4", "Record.FinishOnKey": "12#", "Record.MaxLength": "30", "Reject.Reason": "busy",
	"XmlLang": "en-GB-WLS", "InterpretAs": "date", "Format": "mdy", "Level": "strong", "Alphabet": "x-sampa", "Rate": "90%",
	"Pitch": "+10%", "Volume": "-3dB", "Time": "500ms", "Strength": "weak", "Channels": "mono", "Trim": "trim-silence",
	"SendDigits": "w1", "MachineDetection": "Enable", "MachineDetectionTimeout": "30", "MachineDetectionSilenceTimeout": "5000",
	"MachineDetectionSpeechThreshold": "2400", "MachineDetectionSpeechEndThreshold": "1200", "Events": "call-progress-event",
	"Record": "record-from-answer", "Conference.Record": "record-from-start", "RingTone": "de", "RecordingTrack": "inbound",
	"Conference.Trim": "do-not-trim", "Beep": "onEnter", "JitterBufferSize": "small", "Region": "ie1", "Coach": "CA1",
	"Conference.StatusCallbackEvent": "start end join", "StatusCallbackEvent": "initiated answered",
	"Conversation.StatusCallbackEvent": "call-initiated", "RecordingStatusCallbackEvent": "in-progress completed absent",
	"Recording.Track": "outbound", "Track": "inbound_track", "TranscriptionEngine": "google", "StatusCallbackUrl": "https://app.test/s",
	"Stream.Url": "wss://app.test/s", "ConversationRelay.Url": "wss://app.test/s", "TtsProvider": "Google", "TranscriptionProvider": "Deepgram",
	"Debug": "true", "ConversationRelay.Debug": "debugging", "ElevenlabsTextNormalization": "on", "InterruptSensitivity": "low",
	"Interruptible": "speech", "WelcomeGreetingInterruptible": "any", "ReportInputDuringAgentSpeech": "true", "ConversationRelay.Events": "x",
	"PaymentMethod": "credit-card", "BankAccountType": "consumer-checking", "ValidCardTypes": "visa amex", "TokenType": "one-time",
	"ChargeAmount": "10.50", "Currency": "eur", "Pay.Input": "dtmf", "MaxAttempts": "2", "MinPostalCodeLength": "4", "For_": "postal-code",
	"ErrorType": "timeout", "CardType": "visa", "Attempt": "1 2", "Pay.PostalCode": "true", "Timeout": "10", "TimeLimit": "60",
	"MaxSpeechTime": "20", "MaxQueueSize": "10", "MaxParticipants": "10", "Priority": "1", "Weight": "1", "InboundTimeout": "10",
	"RoutingAssignmentTimeout": "10", "Language": "en-US", "LanguageCode": "de-DE",
}

// goFlags are attributes that are true or false.
var goFlags = []string{
	"ProfanityFilter", "BargeIn", "ActionOnEmptyResult", "Enhanced", "PlayBeep", "Transcribe", "HangupOnStar", "AnswerOnBridge",
	"Sequential", "CopyParentTo", "Muted", "StartConferenceOnEnter", "EndConferenceOnExit", "SecurityCode", "RequireMatchingInputs",
	"PartialResults", "EnableAutomaticPunctuation", "SentimentAnalysis", "InboundAutocreation", "DtmfDetection", "PartialPrompts",
	"Preemptible",
}

func goValue(element, attribute string) string {
	for _, name := range []string{element + "." + attribute, attribute} {
		if v, ok := goValues[name]; ok {
			return v
		}
	}
	lower := strings.ToLower(attribute)
	switch {
	case slices.Contains(goFlags, attribute):
		return "true"
	case strings.HasSuffix(lower, "method"):
		return "GET"
	case strings.HasSuffix(lower, "url"), strings.HasSuffix(lower, "action"), strings.HasSuffix(lower, "callback"):
		return "https://app.test/next?a=1&b=2"
	}
	return "something"
}

// within is an element with another one inside.
func within(outer, inner twiml.Element) {
	reflect.ValueOf(outer).Elem().FieldByName("InnerElements").Set(reflect.ValueOf([]twiml.Element{inner}))
}

// goDocuments writes a document for each attribute of the last of a way's
// elements, and one without.
func goDocuments(t *testing.T, dir string, way []twiml.Element, all []made) []made {
	t.Helper()
	var path []string
	for i, e := range way {
		path = append(path, e.GetName())
		if i > 0 {
			within(way[i-1], e)
		}
	}
	last := way[len(way)-1]
	fields := reflect.ValueOf(last).Elem()
	_, attributes := last.GetAttr()
	names := []string{""}
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m := made{File: strconv.Itoa(len(all)) + ".xml", Path: path, Attribute: name}
		saved := reflect.New(fields.Type()).Elem()
		saved.Set(fields)
		if name != "" {
			m.Value = goValue(last.GetName(), name)
			fields.FieldByName(name).SetString(m.Value)
		}
		if name == "Digits" {
			fields.FieldByName("Url").SetString("")
		}
		text, err := twiml.Voice(way[:1])
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, m.File), []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, m); name != "" && !strings.Contains(text, strings.ReplaceAll(m.Value, "&", "&amp;")) {
			t.Errorf("%s has no %s: %s", path, name, text)
		}
		fields.Set(saved)
	}
	return all
}

// goTypes are the elements that twilio-go's sources declare.
func goTypes(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/twilio/twilio-go/twiml").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "voice_response.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok {
			all = append(all, s.Name.Name)
		}
		return true
	})
	return all
}

// TestGoDocuments has twilio-go write a document for each attribute that it
// knows.
func TestGoDocuments(t *testing.T) {
	dir, seen := t.TempDir(), map[string]bool{}
	var all []made
	for _, way := range goWays() {
		all = goDocuments(t, dir, way, all)
		for _, e := range way {
			seen[reflect.TypeOf(e).Elem().Name()] = true
		}
	}
	for _, name := range goTypes(t) {
		if !seen[name] {
			t.Errorf("%s is in no document", name)
		}
	}
	expect(t, dir, all)
}

// signingKey is the account's, as PIVOT_SIGNING_KEY sets it.
const signingKey = "e2e-signing-key-0123456789abcdef"

// asked is a request as validate.js saw it.
type asked struct {
	Method        string `json:"method"`
	Path          string `json:"path"`
	Query         string `json:"query"`
	Body          string `json:"body"`
	Kind          string `json:"kind"`
	Authorization string `json:"authorization"`
	Valid         bool   `json:"valid"`  // says the package
	Forged        bool   `json:"forged"` // with another key
}

// params are those of the query and of the form.
func (a asked) params() url.Values {
	all, _ := url.ParseQuery(strings.TrimPrefix(a.Query, "?"))
	form, _ := url.ParseQuery(a.Body)
	for name, values := range form {
		all[name] = append(all[name], values...)
	}
	return all
}

// judge is a running validate.js.
type judge struct {
	URL string

	mu  sync.Mutex
	all []asked
}

// startJudge starts one that answers with pages, by their paths.
func startJudge(t *testing.T, pages map[string]string) *judge {
	t.Helper()
	bin := node(t)
	raw, err := json.Marshal(pages)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pages.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "sdk/validate.js", signingKey, file)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("validate.js does not say its port")
	}
	j := &judge{URL: "http://127.0.0.1:" + lines.Text()}
	var reader sync.WaitGroup
	reader.Go(func() {
		for lines.Scan() {
			var a asked
			if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
				t.Errorf("%v: %s", err, lines.Text())
			}
			j.mu.Lock()
			j.all = append(j.all, a)
			j.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		reader.Wait()
		_ = cmd.Wait() // it was killed
	})
	return j
}

// seen are the requests so far.
func (j *judge) seen() []asked {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.all)
}

// count is how many requests there were to a path by a method.
func (j *judge) count(method, path string) (n int) {
	for _, a := range j.seen() {
		if a.Method == method && a.Path == path {
			n++
		}
	}
	return n
}

// keyed calls a number as opt says, presses keys once the server waits for
// them, says a tone from then on, and returns the call when it is over.
func (s *server) keyed(l *phone.Line, number, keys string, opt call.DialOptions) (id string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	opt.CallerNumber = "+15550100"
	leg, err := l.Dial(ctx, "sip:"+number+"@"+s.SIP, opt)
	if err != nil {
		s.t.Fatalf("call to %s: %v", number, err)
	}
	if id = leg.Info().ID; keys != "" {
		s.step(id, "gather", 1)
		// The last key may end the call before it is up.
		if err := leg.SendKeys(ctx, keys, 100*time.Millisecond); err != nil && !errors.Is(err, call.ErrHungup) {
			s.t.Fatal(err)
		}
	}
	live, hush := call.Context(ctx, leg)
	defer hush()
	_ = leg.Play(live, audio.Tone(time.Minute, 1000)) // ends with the call
	select {
	case <-leg.Ended():
	case <-ctx.Done():
		s.t.Errorf("the call to %s does not end", number)
	}
	return id
}

// step waits until a call's nth node of a module has begun.
func (s *server) step(call, module string, n int) {
	s.t.Helper()
	s.until(fmt.Sprintf("step %s %d of %s", module, n, call), func() bool {
		seen := 0
		for _, e := range s.events(call) {
			if e.Kind == "started" && e.Data["module"] == module {
				seen++
			}
		}
		return seen >= n
	})
}

// timelines logs those of all calls when a test has failed.
func (s *server) timelines() {
	s.t.Helper()
	if !s.t.Failed() {
		return
	}
	var all []record
	s.do("GET", "/v2/accounts/"+s.auth.account+"/cdrs?paginate=false", nil, &all)
	for _, r := range all {
		s.t.Logf("call to %s", r.Dialed)
		for _, e := range s.events(r.CallID) {
			if e.Kind != "sip" {
				s.t.Logf("  %s %.400v", e.Kind, e.Data)
			}
		}
	}
}

// number puts a phone number's document.
func (s *server) number(number string, data map[string]any) {
	s.t.Helper()
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/phone_numbers/"+url.PathEscape(number), data, nil)
}

// signedPages are two applications: /t/ for the profile twilio, /p/ for pivot.
var signedPages = map[string]string{
	"/t/start":    `<Response><Gather numDigits="2" finishOnKey="" action="gathered?step=2&amp;x=%27y%27&amp;y=~*()!"><Pause length="10"/></Gather></Response>`,
	"/t/gathered": `<Response><Redirect method="GET">third?who=J%C3%B6rg&amp;a=1&amp;a=2&amp;plus=1+2</Redirect></Response>`,
	"/t/third": `<Response><Record timeout="1" maxLength="2" playBeep="false" action="http://joe:p%20w@HOST/t/recorded?a=1&amp;b=2"
		recordingStatusCallback="/t/recording" recordingStatusCallbackMethod="GET" recordingStatusCallbackEvent="in-progress completed"/></Response>`,
	"/t/recorded":     `<Response><Redirect>/t/last#rt=2000</Redirect></Response>`,
	"/t/last":         `<Response><Redirect>?again=1</Redirect></Response>`,
	"/t/last?again=1": `<Response><Hangup/></Response>`,
	"/t/fallback":     `<Response><Hangup/></Response>`,
	"/t/status":       "",
	"/t/recording":    "",
	"/p/start": `<Response><Set><Variable key="Größe" value="5 &lt; 6 &amp; 日本"/><Variable key="a b" value="c+d"/></Set>
		<Gather method="GET" numDigits="1" finishOnKey="" action="keys?from=%2Fp&amp;x=1"><Pause length="10"/></Gather></Response>`,
	"/p/keys": `<Response><Redirect>last</Redirect></Response>`,
	"/p/last": `<Response><Hangup/></Response>`,
	"/p/json": `<Response><Hangup/></Response>`,
}

// signedRequests are all that two calls to each number make of it.
var signedRequests = []struct {
	method, path string
	n            int
}{
	{"POST", "/t/start", 2},
	{"POST", "/t/gathered", 2},
	{"GET", "/t/third", 2},
	{"POST", "/t/recorded", 2},
	{"POST", "/t/last", 4},
	{"POST", "/t/status", 8},
	{"GET", "/t/recording", 4},
	{"POST", "/t/missing", 2},
	{"GET", "/t/fallback", 2},
	{"GET", "/p/start", 2},
	{"GET", "/p/keys", 2},
	{"POST", "/p/last", 2},
	{"POST", "/p/json", 2},
}

// TestSignatures has Twilio's npm package check every request that calls make.
func TestSignatures(t *testing.T) {
	j := startJudge(t, signedPages)
	t.Setenv("PIVOT_SIGNING_KEY", signingKey)
	s := serve(t)
	defer s.timelines()
	s.number("900", map[string]any{
		"voice_url":       j.URL + "/t/start?shop=M%C3%BCnchen&q=a%20b+c&quote='&empty=&flag",
		"status_callback": j.URL + "/t/status?call=1", "status_callback_event": []string{"initiated", "ringing", "answered", "completed"},
	})
	s.number("901", map[string]any{
		"voice_url": j.URL + "/t/missing", "voice_fallback_url": j.URL + "/t/fallback?x=1", "voice_fallback_method": "get",
	})
	s.callflow("902", `{"module":"pivot","data":{"voice_url":"`+j.URL+`/p/start?x=%26","req_format":"twiml"}}`)
	s.callflow("903", `{"module":"pivot","data":{"voice_url":"`+j.URL+`/p/json?x=1","req_format":"twiml","method":"post","req_body_format":"json"}}`)
	l := s.line()
	who := call.DialOptions{CallerName: "Zoë & 日本", Headers: map[string]string{"X-Ort": "Köln + Größe"}}
	for range 2 {
		s.keyed(l, "900", "42", who)
		s.keyed(l, "901", "", who)
		s.keyed(l, "902", "7", who)
		s.keyed(l, "903", "", who)
	}
	for _, want := range signedRequests {
		s.until(fmt.Sprintf("%d requests %s %s", want.n, want.method, want.path), func() bool { return j.count(want.method, want.path) >= want.n })
	}
	total := 0
	for _, want := range signedRequests {
		total += want.n
		if n := j.count(want.method, want.path); n != want.n {
			t.Errorf("%d requests %s %s, want %d", n, want.method, want.path, want.n)
		}
	}
	for _, a := range j.seen() {
		if !a.Valid || a.Forged {
			t.Errorf("valid is %v, with another key %v: %+v", a.Valid, a.Forged, a)
		}
		checkSigned(t, a)
	}
	if n := len(j.seen()); n != total {
		t.Errorf("%d requests, want %d", n, total)
	}
	t.Logf("%d requests", total)
}

// checkSigned looks for what makes the signature of a request hard.
func checkSigned(t *testing.T, a asked) {
	t.Helper()
	want := map[string]string{
		"/t/start":    "CallerName=Zoë & 日本|SipHeader_X-Ort=Köln + Größe|shop=München|q=a b c|quote='",
		"/t/gathered": "Digits=42|x='y'|y=~*()!", "/t/third": "who=Jörg|plus=1 2|a=1", "/t/fallback": "ErrorCode=11200|x=1",
		"/p/keys": "Digits=7|Größe=5 < 6 & 日本|a b=c+d|from=/p",
	}[a.Path]
	for pair := range strings.SplitSeq(want, "|") {
		name, value, _ := strings.Cut(pair, "=")
		if got := a.params().Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", a.Path, name, got, value)
		}
	}
	if a.Path == "/t/recorded" && a.Authorization != "Basic am9lOnAgdw==" {
		t.Errorf("%s: authorization %q", a.Path, a.Authorization)
	}
	if a.Path == "/p/json" && (!strings.HasPrefix(a.Kind, "application/json") || !json.Valid([]byte(a.Body)) || !strings.Contains(a.Query, "bodySHA256=")) {
		t.Errorf("%s: %s %s %s", a.Path, a.Kind, a.Query, a.Body)
	}
}
