package twiml

// cards are the kinds of cards that Pay knows.
func cards() kind {
	return listOf("visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute")
}

// pay is known, and not built: it needs a payment processor.
func pay() *word {
	return &word{
		name: "Pay", later: true, inside: []*word{prompt(), parameter()},
		attrs: []attr{
			{name: "input", kind: listOf("dtmf"), unset: "dtmf"},
			{name: "action", kind: link(), unset: "the URL of this document", code: CodeURL},
			{
				name: "bankAccountType", unset: "consumer-checking",
				kind: oneOf("consumer-checking", "consumer-savings", "commercial-checking", "commercial-savings"),
			},
			{name: "statusCallback", kind: link()},
			{name: "statusCallbackMethod", kind: method(), unset: "POST"},
			{name: "timeout", kind: positive(maxTimeout), unset: "5"},
			{name: "maxAttempts", kind: whole(1, 3), unset: "1"},
			{name: "securityCode", kind: flag(), unset: "true"},
			{name: "postalCode", kind: longText(), unset: "true"},
			{name: "minPostalCodeLength", kind: whole(0, 20)},
			{name: "paymentConnector", kind: longText(), unset: "Default"},
			{name: "paymentMethod", kind: oneOf("ach-debit", "credit-card"), unset: "credit-card"},
			{name: "tokenType", kind: oneOf("one-time", "reusable", "payment-method"), unset: "reusable"},
			{name: "chargeAmount", kind: matching(`^\d+(\.\d+)?$`, "an amount such as 10.50")},
			{name: "currency", kind: longText(), unset: "usd"},
			{name: "description", kind: longText()},
			{name: "validCardTypes", kind: cards(), unset: "visa mastercard amex"},
			{name: "language", kind: tongue(), unset: "en-US"},
		},
	}
}

// prompt is what Pay says at one of its questions.
func prompt() *word {
	return &word{
		name: "Prompt", inside: []*word{say(Twilio), play(Twilio), pause(Twilio)},
		attrs: []attr{
			{name: "for", also: []string{"for_"}, kind: oneOf("payment-card-number", "expiration-date", "security-code",
				"postal-code", "payment-processing", "bank-account-number", "bank-routing-number")},
			{name: "errorType", kind: listOf("timeout", "invalid-card-number", "invalid-card-type", "invalid-date",
				"invalid-security-code", "internal-error", "input-matching-failed")},
			{name: "cardType", kind: cards()},
			{name: "attempt", kind: listOf("1", "2", "3", "4", "5", "6", "7", "8", "9", "10")},
			{name: "requireMatchingInputs", kind: flag(), unset: "false"},
		},
	}
}

// topPrompt is the same as a verb, where SDKs can put it.
func topPrompt() *word {
	w := prompt()
	w.later = true
	return w
}

// sms is an old verb that is not built.
func sms() *word {
	return &word{name: "Sms", text: true, later: true, attrs: []attr{
		{name: "to", kind: longText()},
		{name: "from", kind: longText()},
		{name: "action", kind: link(), code: CodeURL},
		{name: "method", kind: method(), unset: "POST"},
		{name: "statusCallback", kind: link()},
	}}
}
