package twiml

// dial is known with all its nouns, and not built.
func dial() *word {
	ring := listOf("initiated", "ringing", "answered", "completed")
	return &word{
		name: "Dial", text: true, later: true,
		inside: []*word{
			{name: "Number", text: true, attrs: join(
				[]attr{{name: "sendDigits", kind: tones()}, {name: "byoc", kind: longText()}},
				screening(), statusCallback(ring), machineDetection())},
			dialSip(ring),
			{name: "Client", text: true, attrs: join(screening(), statusCallback(ring)), inside: []*word{
				{name: "Identity", text: true}, parameter(),
			}},
			{name: "WhatsApp", text: true, attrs: join(screening(), statusCallback(ring))},
			{name: "Sim", text: true},
			{name: "Application", text: true, attrs: join(screening(), statusCallback(ring), []attr{
				{name: "customerId", kind: longText()}, {name: "copyParentTo", kind: flag(), unset: "false"},
			}), inside: []*word{{name: "ApplicationSid", text: true}, parameter()}},
			conference(),
			dialQueue(),
			{name: "User", text: true, only: Pivot},
			{name: "Device", text: true, only: Pivot},
		},
		attrs: join(
			[]attr{
				{name: "action", kind: link(), code: CodeURL},
				{name: "method", kind: method(), unset: "POST"},
				{name: "timeout", kind: whole(5, 600), unset: "30"},
				{name: "hangupOnStar", kind: flag(), unset: "false"},
				{name: "timeLimit", kind: positive(86400), unset: "14400"},
				{name: "callerId", kind: longText(), unset: "the caller's"},
				{name: "record", kind: dialRecord(), unset: "do-not-record"},
				{name: "trim", kind: oneOf(trimmed, "do-not-trim"), unset: "do-not-trim"},
				{name: "recordingTrack", kind: oneOf("inbound", "outbound", "both"), unset: "both"},
				{name: "answerOnBridge", kind: flag(), unset: "false"},
				{name: "ringTone", kind: oneOf("at", "au", "bg", "br", "be", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es",
					"fi", "fr", "gr", "hu", "il", "in", "it", "lt", "jp", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt", "ru",
					"se", "sg", "th", "uk", "us", "us-old", "tw", "ve", "za"), unset: "the real one"},
				{name: "sequential", kind: flag(), unset: "false"},
				{name: "referUrl", kind: link()},
				{name: "referMethod", kind: method(), unset: "POST"},
				{name: "events", kind: listOf("call-progress-event")},
				{name: "passports", kind: longText()},
				{name: "callReason", kind: anyText(50)},
				{name: "hangupOn", kind: keys(anyKey, true), own: true},
				{name: "continueOnFail", kind: flag(), unset: "true", own: true},
				{name: "strategy", kind: oneOf("simultaneous", "single"), unset: "simultaneous", own: true},
				{name: "collect_dtmf", kind: longText(), own: true},
			},
			recordingAttrs(),
		),
	}
}

func join(all ...[]attr) []attr {
	var out []attr
	for _, some := range all {
		out = append(out, some...)
	}
	return out
}

func dialRecord() kind {
	return oneOf("do-not-record", "record-from-answer", "record-from-ringing", "record-from-answer-dual",
		"record-from-ringing-dual", "true", "false")
}

// screening is the document that a callee hears first.
func screening() []attr {
	return []attr{{name: "url", kind: link()}, {name: "method", kind: method(), unset: "POST"}}
}

func statusCallback(events kind) []attr {
	return []attr{
		{name: "statusCallback", kind: link()},
		{name: "statusCallbackEvent", kind: events, unset: "completed"},
		{name: "statusCallbackMethod", kind: method(), unset: "POST"},
	}
}

func machineDetection() []attr {
	return []attr{
		{name: "machineDetection", kind: oneOf("Enable", "DetectMessageEnd"), unset: "off"},
		{name: "machineDetectionTimeout", kind: whole(3, 60), unset: "30"},
		{name: "machineDetectionSpeechThreshold", kind: whole(1000, 6000), unset: "2400"},
		{name: "machineDetectionSpeechEndThreshold", kind: whole(500, 5000), unset: "1200"},
		{name: "machineDetectionSilenceTimeout", kind: whole(2000, 10000), unset: "5000"},
		{name: "amdStatusCallback", kind: link()},
		{name: "amdStatusCallbackMethod", kind: method(), unset: "POST"},
	}
}

func dialSip(ring kind) *word {
	login := []attr{{name: "username", kind: longText()}, {name: "password", kind: longText()}}
	return &word{
		name: "Sip", text: true,
		attrs: join(login, screening(), statusCallback(ring), machineDetection()),
		inside: []*word{
			{name: "Uri", also: []string{"SipUri"}, text: true, attrs: join(login, []attr{
				{name: "priority", kind: longText()}, {name: "weight", kind: longText()},
			})},
			{name: "Headers", inside: []*word{
				{name: "Header", attrs: []attr{{name: "name", kind: longText()}, {name: "value", kind: longText()}}},
			}},
		},
	}
}

func conference() *word {
	return &word{name: "Conference", text: true, attrs: join([]attr{
		{name: "muted", kind: flag(), unset: "false"},
		{name: "beep", kind: oneOf("true", "false", "onEnter", "onExit"), unset: "true"},
		{name: "startConferenceOnEnter", kind: flag(), unset: "true"},
		{name: "endConferenceOnExit", kind: flag(), unset: "false"},
		{name: "waitUrl", kind: link()},
		{name: "waitMethod", kind: method(), unset: "POST"},
		{name: "maxParticipants", kind: whole(2, 250), unset: "250"},
		{name: "record", kind: oneOf("do-not-record", "record-from-start"), unset: "do-not-record"},
		{name: "region", kind: oneOf("us1", "us2", "ie1", "sg1", "br1", "au1", "jp1", "de1")},
		{name: "coach", kind: longText()},
		{name: "trim", kind: oneOf(trimmed, "do-not-trim"), unset: trimmed},
		{name: "eventCallbackUrl", kind: link()},
		{name: "jitterBufferSize", kind: oneOf("large", "medium", "small", "off"), unset: "large"},
		{name: "participantLabel", kind: anyText(128)},
	}, statusCallback(listOf("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")),
		recordingAttrs(), kazooRoom())}
}

// kazooRoom are Kazoo's own attributes of a conference (section 1.6).
func kazooRoom() []attr {
	var all []attr
	for _, name := range []string{
		"deaf", "play_name", "play_entry_prompt", "announceCount", "callerControls", "moderatorControls", "comfortNoise",
		"energyLevel", "interval", "rate", "callerIdName", "callerIdNumber", "engine", "voice",
	} {
		all = append(all, attr{name: name, kind: longText(), own: true})
	}
	return all
}

func dialQueue() *word {
	return &word{name: "Queue", text: true, attrs: join(screening(), []attr{
		{name: "reservationSid", kind: longText()}, {name: "postWorkActivitySid", kind: longText()},
	})}
}
