package twiml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/flow"
)

// The bounds of a Gather, in seconds where they are times.
const (
	maxTimeout = 3600 // Kazoo's
	maxSpeech  = 60   // Twilio's
	maxDigits  = 256
)

// models are the values of speechModel.
var models = []string{
	"default", "numbers_and_commands", "phone_call", "experimental_conversations", "experimental_utterances",
	"googlev2_long", "googlev2_short", "googlev2_telephony", "googlev2_telephony_short",
	"deepgram_nova-2", "deepgram_nova-2-general", "deepgram_nova-2-meeting", "deepgram_nova-2-phonecall",
	"deepgram_nova-2-voicemail", "deepgram_nova-2-finance", "deepgram_nova-2-conversationalai", "deepgram_nova-2-video",
	"deepgram_nova-2-medical", "deepgram_nova-2-drivethru", "deepgram_nova-2-automotive", "deepgram_nova-3",
}

func gather(p Profile) *word {
	spoken := "en-US"
	if p == Pivot {
		spoken = "the call's"
	}
	return &word{
		name: "Gather", inside: []*word{say(p), play(p), pause(p)}, compile: compileGather,
		attrs: []attr{
			{name: "input", kind: listOf("dtmf", "speech"), unset: "dtmf"},
			{name: "action", kind: link(), unset: "the URL of this document", code: CodeURL},
			{name: "method", kind: method(), unset: "POST"},
			{name: "timeout", kind: orAuto(positive(maxTimeout)), unset: "5"},
			{name: "speechTimeout", kind: orAuto(positive(maxSpeech)), unset: "timeout"},
			{name: "maxSpeechTime", kind: positive(maxSpeech), unset: "60"},
			{name: "profanityFilter", kind: flag(), unset: "true"},
			{name: "finishOnKey", kind: keys(anyKey, true), unset: "#", code: CodeFinishOnKey},
			{name: "numDigits", kind: positive(maxDigits), unset: "no limit"},
			{name: "partialResultCallback", kind: link()},
			{name: "partialResultCallbackMethod", kind: method(), unset: "POST", with: "partialResultCallback"},
			{name: "language", kind: tongue(), unset: spoken},
			{name: "hints", kind: csv(500, 100)},
			{name: "bargeIn", kind: flag(), unset: "true"},
			{name: "debug", kind: flag(), unset: "false", unused: "no page says what it does"},
			{name: "actionOnEmptyResult", kind: flag(), unset: "false", code: CodeEmptyResult},
			{name: "speechModel", kind: oneOf(models...), unset: "default", unused: "each of them is the configured model"},
			{name: "enhanced", kind: flag(), unset: "false", unused: "there is one configured model"},
		},
	}
}

func compileGather(c *compiler, e *element) part {
	input := strings.Fields(e.or("input", "dtmf"))
	timeout := e.number("timeout", 5) // auto is 5 too
	fields := map[string]any{
		"input": input, "prompts": c.prompts(e),
		"timeout_ms": timeout * 1000, "finish_on_key": "#", "num_digits": e.number("numDigits", 0),
		"send_empty": e.flag("actionOnEmptyResult", false),
	}
	if key, given := e.values["finishOnKey"]; given {
		fields["finish_on_key"] = key
	}
	if slices.Contains(input, "speech") {
		c.speech(e, fields, timeout)
	} else {
		c.idle(e, "speech", aboutSpeech)
	}
	if !slices.Contains(input, "dtmf") {
		c.idle(e, "dtmf", aboutKeys)
	}
	n := c.node(e, "gather", fields)
	n.Children = map[string]*flow.Node{"input": c.action(e)}
	c.answered = true // as gather does
	return step(n)
}

// The attributes that mean something for one kind of input only.
var (
	aboutKeys   = []string{"finishOnKey", "numDigits"}
	aboutSpeech = []string{
		"speechTimeout", "maxSpeechTime", "profanityFilter", "partialResultCallback", "language", "hints", "bargeIn",
	}
)

// idle warns of attributes that mean nothing, for kind is not among the input.
func (c *compiler) idle(e *element, kind string, names []string) {
	for _, name := range names {
		if e.values[name] != "" {
			c.warnings.add(remark{
				rule: "unused", message: fmt.Sprintf("%s has no effect without %s in input", name, kind),
			}.onAttr(e, name))
		}
	}
}

// speech adds what a Gather that listens needs to know.
func (c *compiler) speech(e *element, fields map[string]any, timeout int) {
	fields["speech_timeout_ms"] = min(maxSpeech, e.number("speechTimeout", timeout)) * 1000
	if e.values["speechTimeout"] == "auto" {
		fields["speech_timeout_ms"] = 0
		if model := e.or("speechModel", "default"); model != "default" {
			c.warnings.add(remark{
				rule: "value", message: "speechTimeout must be a number when there is a speechModel; auto is taken all the same",
			}.onAttr(e, "speechTimeout"))
		}
	}
	fields["max_speech_ms"] = e.number("maxSpeechTime", maxSpeech) * 1000
	e.copyTo(fields, "language", "language")
	if c.profile == Twilio && fields["language"] == nil {
		fields["language"] = "en-US" // else it is the call's
	}
	fields["hints"] = append([]string{}, splitCSV(e.values["hints"])...)
	fields["profanity_filter"] = e.flag("profanityFilter", true)
	fields["barge_in"] = e.flag("bargeIn", true)
	e.copyTo(fields, "speechModel", "speech_model", "partialResultCallback", "partial_url")
	if fields["partial_url"] != nil {
		fields["partial_method"] = e.or("partialResultCallbackMethod", "post")
	}
}

// prompts are the nodes of what a Gather says and plays; its own keys end
// them.
func (c *compiler) prompts(e *element) []*flow.Node {
	out := []*flow.Node{}
	for _, kid := range e.children() {
		if kid.word == nil {
			continue
		}
		if kid.values["terminators"] != "" {
			c.warnings.add(remark{
				rule: "unused", message: "terminators has no effect inside <Gather>: every key of it ends what is heard",
			}.onAttr(kid, "terminators"))
		}
		var n *flow.Node
		switch kid.word.name {
		case "Say":
			n = c.say(kid, []string{})
		case "Pause":
			n = c.pause(kid)
		case "Play":
			if kid.values["digits"] != "" {
				c.fault(kid, remark{rule: "nesting", message: "<Play digits> cannot stand inside <Gather>"})
				continue
			}
			n = c.play(kid, []string{})
		}
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}
