package twiml

import (
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/flow"
)

// The longest recordings, in seconds.
const (
	maxRecord      = 14400 // Twilio's
	pivotRecord    = 3600  // Kazoo's, and the usual length
	transcribed    = 120   // that can be transcribed
	usualSilence   = 5
	trimmed        = "trim-silence"
	recordingEvent = "in-progress completed absent"
)

func record(p Profile) *word {
	length, trim := whole(2, maxRecord), trimmed
	if p == Pivot {
		length, trim = whole(1, pivotRecord), "do-not-trim"
	}
	return &word{
		name: "Record", compile: compileRecord,
		attrs: append([]attr{
			{name: "action", kind: link(), unset: "the URL of this document", code: CodeURL},
			{name: "method", kind: method(), unset: "POST"},
			{name: "timeout", kind: whole(0, maxTimeout), unset: "5"},
			{name: "finishOnKey", kind: keys(anyKey, false), unset: "any key"},
			{name: "maxLength", kind: length, unset: "3600, or 120 with transcribe"},
			{name: "playBeep", kind: flag(), unset: "true"},
			{name: "trim", kind: oneOf(trimmed, "do-not-trim"), unset: trim},
			{name: "transcribe", kind: flag(), unset: "false"},
			{name: "transcribeCallback", kind: link()},
			{name: "recordingUrl", kind: absolute("http", "https"), own: true},
		}, recordingAttrs()...),
	}
}

// recordingAttrs are what every verb that records has.
func recordingAttrs() []attr {
	return []attr{
		{name: "recordingStatusCallback", kind: link()},
		{name: "recordingStatusCallbackMethod", kind: method(), unset: "POST", with: "recordingStatusCallback"},
		{
			name: "recordingStatusCallbackEvent", kind: listOf(strings.Fields(recordingEvent)...), unset: "completed",
			with: "recordingStatusCallback",
		},
		{name: "recordingConfigurationId", kind: longText(), unused: "it names an object of a Twilio account"},
	}
}

// recordingCallback adds where to tell of a recording, if anywhere.
func recordingCallback(e *element, fields map[string]any) {
	to := e.values["recordingStatusCallback"]
	if to == "" {
		return
	}
	fields["status_callback"] = to
	fields["status_callback_method"] = e.or("recordingStatusCallbackMethod", "post")
	fields["status_callback_events"] = strings.Fields(e.or("recordingStatusCallbackEvent", "completed"))
}

func compileRecord(c *compiler, e *element) part {
	transcribe := e.flag("transcribe", false)
	length := pivotRecord
	if transcribe {
		length = transcribed
	}
	fields := map[string]any{
		"timeout": e.number("timeout", usualSilence), "finish_on_key": anyKey,
		"max_length": e.number("maxLength", length), "play_beep": e.flag("playBeep", true),
		"trim": e.or("trim", c.trim()) == trimmed,
	}
	if set, given := e.values["finishOnKey"]; given {
		fields["finish_on_key"] = set
	}
	e.copyTo(fields, "recordingUrl", "url")
	recordingCallback(e, fields)
	c.transcription(e, fields, transcribe)
	n := c.node(e, "record", fields)
	n.Children = map[string]*flow.Node{"recorded": c.action(e)}
	c.answered = true // as record does
	return step(n)
}

// trim is whether silence is cut off where a Record does not say; Kazoo does
// not.
func (c *compiler) trim() string {
	if c.profile == Pivot {
		return "do-not-trim"
	}
	return trimmed
}

func (c *compiler) transcription(e *element, fields map[string]any, on bool) {
	if !on {
		if e.values["transcribeCallback"] != "" {
			c.warnings.add(remark{
				rule: "unused", message: `transcribeCallback has no effect without transcribe="true"`,
			}.onAttr(e, "transcribeCallback"))
		}
		return
	}
	fields["transcribe"] = true
	e.copyTo(fields, "transcribeCallback", "transcribe_callback")
	if n := e.number("maxLength", transcribed); n > transcribed {
		c.warnings.add(remark{rule: "value", message: fmt.Sprintf(
			"recordings of more than %d seconds are not transcribed", transcribed)}.onAttr(e, "maxLength"))
	}
}
