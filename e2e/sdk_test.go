package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/twiml"
)

// sdkVersion is that of the npm package twilio.
const sdkVersion = "6.2.0"

// node is the path of node, with Twilio's package beside its scripts.
func node(t *testing.T) string {
	t.Helper()
	return npm(t, "twilio", sdkVersion)
}

// npm is the path of node, with a package beside its scripts.
func npm(t *testing.T, name, version string) string {
	t.Helper()
	bin := stranger(t, "node")
	var about struct {
		Version string `json:"version"`
	}
	raw, err := os.ReadFile(filepath.Join("sdk/node_modules", name, "package.json"))
	if err == nil {
		err = json.Unmarshal(raw, &about)
	}
	if err == nil && about.Version == version {
		return bin
	}
	missing := name + "@" + version + " is not installed: npm install --prefix e2e/sdk --no-save " + name + "@" + version
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

// harmless is the one kind of warning that a good document may get: that an
// attribute has no effect here, or not by itself.
func harmless(w finding) bool { return w.Code == "unused" }

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
			if !harmless(w) {
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
