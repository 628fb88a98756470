package twiml

// enqueue is known, and not built.
func enqueue() *word {
	return &word{
		name: "Enqueue", text: true, later: true,
		inside: []*word{{name: "Task", text: true, attrs: []attr{
			{name: "priority", kind: whole(0, 1<<31-1), unset: "0"}, {name: "timeout", kind: whole(0, 1<<31-1)},
		}}},
		attrs: []attr{
			{name: "action", kind: link(), code: CodeURL},
			{name: "maxQueueSize", kind: positive(1<<31 - 1), unset: "1000"},
			{name: "method", kind: method(), unset: "POST"},
			{name: "waitUrl", kind: link()},
			{name: "waitUrlMethod", kind: method(), unset: "POST"},
			{name: "workflowSid", kind: longText()},
		},
	}
}

// topQueue is the noun of Dial where old documents have it, as a verb.
func topQueue() *word {
	w := dialQueue()
	w.later = true
	return w
}
