package twiml

// connect is known with all its nouns, and not built.
func connect() *word {
	return &word{
		name: "Connect", later: true,
		attrs: []attr{{name: "action", kind: link(), code: CodeURL}, {name: "method", kind: method(), unset: "POST"}},
		inside: []*word{
			stream(), conversationRelay(),
			{name: "ConversationRelaySession", attrs: []attr{
				{name: "connector", kind: longText()}, {name: "sessionConfiguration", kind: longText()},
			}},
			{name: "AiSession", attrs: []attr{
				{name: "aiConnector", kind: longText()}, {name: "aiSessionConfiguration", kind: longText()},
			}},
			virtualAgent(),
			{name: "Room", text: true, attrs: []attr{{name: "participantIdentity", kind: longText()}}},
			conversation(),
			{name: "Autopilot", text: true},
		},
	}
}

// tracks are the sides of a call that a stream carries.
func tracks() kind { return oneOf("inbound_track", "outbound_track", "both_tracks") }

// stream is a noun of Connect, Start and Stop that is not built.
func stream() *word {
	return &word{name: "Stream", later: true, inside: []*word{parameter()}, attrs: []attr{
		{name: "name", kind: longText()},
		{name: "connectorName", kind: longText()},
		{name: "url", kind: absolute("ws", "wss")},
		{name: "track", kind: tracks(), unset: "inbound_track"},
		{name: "statusCallback", kind: link()},
		{name: "statusCallbackMethod", kind: method(), unset: "POST"},
		{name: "audioFormat", kind: longText()},
		{name: "sampleRate", kind: longText()},
	}}
}

// siprec is a noun of Start and Stop that is not built.
func siprec() *word {
	return &word{name: "Siprec", also: []string{"SipRec"}, later: true, inside: []*word{parameter()}, attrs: []attr{
		{name: "name", kind: longText()},
		{name: "connectorName", kind: longText()},
		{name: "track", kind: tracks(), unset: "both_tracks"},
		{name: "statusCallback", kind: link()},
		{name: "statusCallbackMethod", kind: method(), unset: "POST"},
	}}
}

func config() *word {
	return &word{name: "Config", attrs: []attr{{name: "name", kind: longText()}, {name: "value", kind: longText()}}}
}

// transcription is a noun of Start and Stop that is not built.
func transcription() *word {
	return &word{name: "Transcription", later: true, inside: []*word{parameter(), config()}, attrs: []attr{
		{name: "name", kind: longText()},
		{name: "track", kind: tracks(), unset: "both_tracks"},
		{name: "statusCallbackUrl", kind: absolute("http", "https")},
		{name: "statusCallbackMethod", kind: method(), unset: "POST"},
		{name: "inboundTrackLabel", kind: longText()},
		{name: "outboundTrackLabel", kind: longText()},
		{name: "partialResults", kind: flag(), unset: "false"},
		{name: "languageCode", kind: tongue(), unset: "en-US"},
		{name: "transcriptionEngine", kind: oneOf("google", "deepgram"), unset: "google"},
		{name: "profanityFilter", kind: flag(), unset: "true"},
		{name: "speechModel", kind: longText(), unset: "telephony"},
		{name: "hints", kind: csv(500, 100)},
		{name: "enableAutomaticPunctuation", kind: flag(), unset: "true"},
		{name: "intelligenceService", kind: longText()},
		{name: "enableProviderData", kind: flag(), unset: "false"},
		{name: "conversationConfiguration", kind: longText()},
		{name: "conversationId", kind: longText()},
	}}
}

func virtualAgent() *word {
	return &word{name: "VirtualAgent", inside: []*word{parameter(), config()}, attrs: []attr{
		{name: "connectorName", kind: longText()},
		{name: "language", kind: longText()},
		{name: "sentimentAnalysis", kind: flag(), unset: "false"},
		{name: "statusCallback", kind: link()},
		{name: "statusCallbackMethod", kind: method(), unset: "POST"},
	}}
}

func conversation() *word {
	return &word{name: "Conversation", attrs: join([]attr{
		{name: "serviceInstanceSid", kind: longText()},
		{name: "inboundAutocreation", kind: flag()},
		{name: "routingAssignmentTimeout", kind: whole(0, 1<<31-1)},
		{name: "inboundTimeout", kind: whole(0, 1<<31-1)},
		{name: "record", kind: dialRecord()},
		{name: "trim", kind: oneOf(trimmed, "do-not-trim")},
	}, screening(), statusCallback(listOf("call-initiated", "call-ringing", "call-answered", "call-completed")),
		recordingAttrs()[:3])}
}

func conversationRelay() *word {
	interrupt := oneOf("none", "dtmf", "speech", "any", "true", "false")
	all := []attr{
		{name: "url", kind: absolute("ws", "wss")},
		{name: "language", kind: longText(), unset: "en-US"},
		{name: "ttsLanguage", kind: longText()},
		{name: "transcriptionLanguage", kind: longText()},
		{name: "ttsProvider", kind: oneOf("ElevenLabs", "Google", "Amazon"), unset: "ElevenLabs"},
		{name: "voice", kind: longText()},
		{name: "transcriptionProvider", kind: oneOf("Google", "Deepgram"), unset: "Deepgram"},
		{name: "speechModel", kind: longText()},
		{name: "profanityFilter", kind: flag()},
		{name: "dtmfDetection", kind: flag(), unset: "false"},
		{name: "welcomeGreeting", kind: longText()},
		{name: "partialPrompts", kind: flag(), unset: "false"},
		{name: "welcomeGreetingInterruptible", kind: interrupt, unset: "any"},
		{name: "interruptible", kind: interrupt, unset: "any"},
		{name: "preemptible", kind: flag(), unset: "false"},
		{name: "hints", kind: longText()},
		{name: "intelligenceService", kind: longText()},
		{name: "reportInputDuringAgentSpeech", kind: interrupt, unset: "none"},
		{name: "elevenlabsTextNormalization", kind: oneOf("on", "auto", "off"), unset: "off"},
		{name: "interruptSensitivity", kind: oneOf("low", "medium", "high"), unset: "high"},
		{name: "debug", kind: listOf("debugging", "speaker-events", "tokens-played")},
	}
	for _, name := range []string{
		"backgroundnoisereduction", "speechtimeout", "deepgramsmartformat", "ignorebackchannel", "events",
	} {
		all = append(all, attr{name: name, kind: longText()})
	}
	return &word{name: "ConversationRelay", attrs: all, inside: []*word{parameter(), config(), {
		name: "Language", attrs: []attr{
			{name: "code", kind: longText()},
			{name: "ttsProvider", kind: longText()},
			{name: "voice", kind: longText()},
			{name: "transcriptionProvider", kind: longText()},
			{name: "speechModel", kind: longText()},
		},
	}}}
}
