package sim

import "testing"

// BenchmarkCheck looks at a small document.
func BenchmarkCheck(b *testing.B) {
	c := NewChecker("")
	for b.Loop() {
		c.Check("a.xml", []byte("<Response><Gather><Say>Hi</Say></Gather></Response>"))
	}
}

// BenchmarkTest runs a test of a call with three requests.
func BenchmarkTest(b *testing.B) {
	test, err := ReadTest("x", []byte(`{"call": {"from": "100", "to": "101"},
		"flow": "<Response><Gather numDigits='1' action='/a'><Say>Press one.</Say></Gather></Response>",
		"web": {"/a": "<Response><Redirect>/b</Redirect></Response>", "/b": "<Response><Say>Bye.</Say></Response>"},
		"press": [{"keys": "1"}], "hears": ["Bye."]}`))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if o := test.Run(b.Context(), Instant); !o.Passed() {
			b.Fatal(o.Problems, o.Err)
		}
	}
}
