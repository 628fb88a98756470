package twiml

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// samples are values of attributes: of every kind some fit.
var samples = []string{
	"true", "false", "get", "post", "GET", "7", "0", "1", "some-text", "https://a.test/x", "de-DE", "dtmf speech", "speech", "in-progress",
	"*", "12", "a,b", "trim-silence", "do-not-trim", "inbound", "mono", "busy", "rejected", "man", "numbers_and_commands", "auto", "3s",
	"strong", "reduced", "x-sampa", "loud", "slow", "low", "characters", "ymd",
}

// TestEveryAttribute: nothing that a document says is taken and forgotten. Of
// each attribute of what is built some value changes what is done, or a
// warning says that it has no effect.
func TestEveryAttribute(t *testing.T) {
	places := map[string]string{
		"Gather": `<Gather input="dtmf speech"%s><Say>x</Say></Gather>`, "Say": `<Say%s>x</Say>`, "Play": `<Play%s>https://a.test/b</Play>`,
		"Redirect": `<Redirect%s>https://a.test/</Redirect>`, "Refer": `<Refer%s><Sip>sip:a@b.test</Sip></Refer>`,
		"Start": `<Start%s><Recording/></Start>`, "Start Recording": `<Start><Recording%s/></Start>`,
		"Stop Recording": `<Stop><Recording%s/></Stop>`, "Variable": `<Set><Variable key="k"%s/></Set>`, "Parameter": `<Hangup><Parameter%s/></Hangup>`,
	}
	for _, p := range []Profile{Pivot, Twilio} {
		seen := map[string]bool{}
		var visit func(w *word, above string)
		visit = func(w *word, above string) {
			if w.later || seen[above+w.name] || w.only != "" && w.only != p {
				return
			}
			seen[above+w.name] = true
			doc := places[strings.TrimSpace(above+" "+w.name)]
			switch {
			case doc == "" && places[w.name] != "":
				doc = places[w.name]
			case doc == "" && above == "Say":
				doc = "<Say>a <" + w.name + "%s>b</" + w.name + "></Say>"
				if !w.text {
					doc = "<Say>a <" + w.name + "%s/></Say>"
				}
			case doc == "":
				doc = "<" + w.name + "%s/>"
			}
			for _, a := range w.attrs {
				in := doc
				if a.name == "input" {
					in = "<Gather%s/>"
				}
				if !effective(p, in, a.name) && a.name != "key" {
					t.Errorf("%s: %s is taken and has no effect: %s", p, a.name, doc)
				}
			}
			for _, in := range w.inside {
				if strings.ToLower(in.name) != in.name || above == "" {
					visit(in, w.name)
				}
			}
		}
		for _, w := range vocabulary(p).verbs {
			visit(w, "")
		}
	}
}

// effective says whether some value of an attribute changes what a document
// does, or gets a warning that it changes nothing.
func effective(p Profile, doc, name string) bool {
	bare := made(p, fmt.Sprintf(doc, ""))
	return slices.ContainsFunc(samples, func(value string) bool {
		got := made(p, fmt.Sprintf(doc, fmt.Sprintf(" %s=%q", name, value)))
		return got != bare && !strings.Contains(got, "must ") && !strings.Contains(got, "twice")
	})
}

// made is the program of a document, and its warnings of what has no effect.
func made(p Profile, doc string) string {
	c := New(p).compiler("")
	program, err := c.document([]byte("<Response>"+doc+"</Response>"), "")
	text, _ := json.Marshal(program)
	out := string(text)
	for _, w := range c.warnings.list() {
		out += "\n" + w.Message
	}
	if err != nil {
		out += "\n" + err.Error()
	}
	return out
}

// TestUnused are warnings of what asks for something that is not done, and no
// warnings of what asks for nothing.
func TestUnused(t *testing.T) {
	for doc, want := range map[string]string{
		`<Gather debug="true"/>`:                                                                "debug has no effect: no page says what it does",
		`<Gather debug="false" enhanced="false"/>`:                                              "",
		`<Gather input="speech" enhanced="true"/>`:                                              "enhanced has no effect: there is one configured model",
		`<Gather input="speech" speechModel="phone_call"/>`:                                     "speechModel has no effect: each of them is the configured model",
		`<Gather input="speech" speechModel="default"/>`:                                        "",
		`<Gather input="speech" partialResultCallbackMethod="GET"/>`:                            "partialResultCallbackMethod has no effect without partialResultCallback",
		`<Gather input="speech" partialResultCallback="/p" partialResultCallbackMethod="GET"/>`: "",
		`<Record recordingStatusCallbackMethod="GET"/>`:                                         "recordingStatusCallbackMethod has no effect without recordingStatusCallback",
		`<Record recordingStatusCallbackMethod="POST"/>`:                                        "",
		`<Record recordingStatusCallbackEvent="absent"/>`:                                       "recordingStatusCallbackEvent has no effect without recordingStatusCallback",
		`<Refer method="GET"><Sip>sip:a@b.test</Sip></Refer>`:                                   "method has no effect without action",
		`<Start method="GET"><Recording/></Start>`:                                              "method has no effect: there is no action to ask by it",
		`<Hangup><Parameter name="a"/></Hangup>`:                                                "name has no effect: no page says what it does",
		`<Gather><Say terminators="1">x</Say></Gather>`:                                         "terminators has no effect inside <Gather>: every key of it ends what is heard",
		`<Gather><Play terminators="1">https://a.test/b</Play></Gather>`:                        "terminators has no effect inside <Gather>: every key of it ends what is heard",
	} {
		c := New(Twilio).compiler("")
		if _, err := c.document([]byte("<Response>"+doc+"</Response>"), ""); err != nil {
			t.Error(doc, err)
		}
		got := ""
		for _, w := range c.warnings.list() {
			got += w.Message
		}
		if got != want {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
	}
}
